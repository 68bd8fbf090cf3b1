"""Cut a Document into Chunks: pure and deterministic."""
