"""Keep a Matter: records in SQLite, original bytes under their hashes, a log whose lines are chained by hashes.

Begin at `folder.py`.
"""
