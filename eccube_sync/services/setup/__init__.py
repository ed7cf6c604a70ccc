"""Install, check, migrate, dump, restore, and know which database this is."""
