"""Named steps of the PostgreSQL schema, in the order of their names. A step that has landed is never changed."""
