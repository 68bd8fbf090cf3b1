"""Productions as another party delivered them, checked and loaded into a Matter as they were given.

Begin at `volume.py` (which load file counts), then `validation.py` (pass 1: read everything, write nothing) and `loading.py` (pass 2).
What a load file's bytes mean is in `loadfiles/`.
"""
