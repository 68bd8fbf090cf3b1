"""Named steps of the SQLite schema, in the order of their names. A step that has landed is never changed."""
