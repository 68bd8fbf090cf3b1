"""Legal discovery: collections and productions imported into a Matter, with families, duplicates, threads and custody.

Begin at `collection/import_run.py` (how sources become documents), `productions/validation.py` (how a production is checked) and
`matter/store.py` (where the records are).
"""
