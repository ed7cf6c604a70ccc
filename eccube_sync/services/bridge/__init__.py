"""The bridge: what the shop tells it over HTTP, written down and worked on at once."""
