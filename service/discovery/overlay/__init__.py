"""Write what was extracted from a Matter as an overlay: one row a document, for a review platform. Begin at `writing.py`."""
