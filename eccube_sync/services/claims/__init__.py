"""What customers claim: link codes and cards they type, and what becomes of them."""
