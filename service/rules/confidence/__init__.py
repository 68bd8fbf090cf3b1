"""How sure a value is, and whether it may be given."""
