"""The items of a receipt."""
