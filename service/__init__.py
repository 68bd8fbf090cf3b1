"""The service: every stage from a file to its Result, and the interfaces around them. Start at `pipeline.py`."""
