"""Extract by rules: find and rank spans that fit a field; a small model chooses between near equals."""
