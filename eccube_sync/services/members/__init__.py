"""The store's members: read, inspect and import the export, and show what is known."""
