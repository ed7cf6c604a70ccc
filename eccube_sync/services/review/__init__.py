"""Questions to a human: written for Excel or a browser, and the answers taken back."""
