"""EC-CUBE's checkout, as its database sees it, while a night runs beside it."""
