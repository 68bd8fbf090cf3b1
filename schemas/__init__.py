"""The nouns of Thresher: what every other room talks about. No I/O; pydantic is the only import."""
