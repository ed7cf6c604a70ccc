"""How long it takes from a confirmed address to the class on the card, with many registering at once."""
