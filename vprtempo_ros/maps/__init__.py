"""Maps: building them from traverses, saving, loading and checking them."""
