"""Links between customers and members: how one begins, ends, or is made by hand."""
