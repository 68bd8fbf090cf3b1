"""Named steps of the SQLite schema, run in the order of their names. A released step is never changed."""
