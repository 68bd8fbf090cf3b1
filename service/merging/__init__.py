"""Merge the partial values of many Chunks into one whole, by where each value stands."""
