"""Named steps of the PostgreSQL schema, run in the order of their names. A released step is never changed."""
