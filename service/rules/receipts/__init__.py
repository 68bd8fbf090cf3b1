"""Read the items of a receipt."""
