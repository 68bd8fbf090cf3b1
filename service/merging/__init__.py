"""Partial values of many Chunks into one whole, by provenance."""
