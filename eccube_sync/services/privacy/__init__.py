"""What the law asks: disclose, forget, purge, log every export, leave nothing behind."""
