"""Ask a model about Chunks, check the answers, and locate the values. Entry: `chunk_extractor.py`."""
