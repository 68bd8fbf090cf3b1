"""Form values, comments, attached files."""
