"""Store answers and calls, uploads and small records; encrypted where there is a key."""
