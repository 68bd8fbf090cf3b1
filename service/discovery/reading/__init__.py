"""Read the documents of a matter: which files stand for a document, and what of them may be read.

Begin at `document_sources.py`; `walk.py` reads them, and keeps their text beside the matter.
"""
