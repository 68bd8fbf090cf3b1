"""Join the mails of a Matter into threads, and find those whose text is whole in a later one. Begin at `thread_run.py`."""
