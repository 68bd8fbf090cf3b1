"""Find rows and cells of tables."""
