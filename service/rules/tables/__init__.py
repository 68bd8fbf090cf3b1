"""Lists of objects from tables and lines of one shape."""
