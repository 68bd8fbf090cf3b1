"""Uploaded bytes, kept by their content: equal files are kept once, and no name ever becomes a path."""
