"""Read lists of objects from tables and from lines of one shape."""
