"""Routes of /v1/matters: make a matter, import into it, look at what it holds. Begin at `matters.py`."""
