"""A shop of 63,000 customers and 100,000 members, and the night after."""
