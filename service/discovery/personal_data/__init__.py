"""Find personal data in texts, by code, precision first: to report it, with its places. Begin at `finders.py`."""
