"""Detect the type of a file from its bytes."""
