"""Source to Document: one small file a format."""
