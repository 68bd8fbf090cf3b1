"""Read a Source into a Document: one small module for each file format."""
