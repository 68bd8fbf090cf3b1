"""Read form values, comments, metadata and attached files."""
