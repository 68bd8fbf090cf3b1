"""Pixels to words: one member an engine, behind the contract in `base`."""
