"""Estimate how certain a value is, and decide whether it may be given."""
