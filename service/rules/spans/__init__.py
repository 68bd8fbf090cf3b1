"""Find spans of a text by their shape: dates, numbers, identifiers, names, addresses."""
