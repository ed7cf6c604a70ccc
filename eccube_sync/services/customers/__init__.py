"""The web customers: what is new about them, and finding and showing them."""
