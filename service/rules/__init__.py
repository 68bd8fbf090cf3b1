"""Extract by rules: find spans of a text that fit a field, rank them, and let a small model choose between near equals."""
