"""Find copies and near copies among the documents of a Matter. Begin at `deduplication.py` and `near_duplicates.py`."""
