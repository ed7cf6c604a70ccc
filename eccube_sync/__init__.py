"""eccube-sync: which web customers of an EC-CUBE shop are members of its physical stores."""

__version__ = "0.1.0"
