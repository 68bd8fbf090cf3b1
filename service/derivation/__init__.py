"""Compute values from other values: expressions, their evaluation, and how a model is asked for them."""
