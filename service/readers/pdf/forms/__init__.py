"""Read form values, comments and attached files."""
