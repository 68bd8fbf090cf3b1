"""Store uploaded bytes by their content: equal files are stored once, and no name ever becomes a path."""
