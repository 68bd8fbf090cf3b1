"""Rank spans by how well they fit a field."""
