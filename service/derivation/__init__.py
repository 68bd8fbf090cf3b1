"""Values that are computed from other values: the expressions that say how, and their arithmetic."""
