"""Document to Chunks: pure and deterministic."""
