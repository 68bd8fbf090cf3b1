"""Show that nothing was lost: equations over counts that were made apart from each other. Begin at `reconciling.py`.

Each side of an equation comes from another place: what was counted when it was found, the rows of the store, the records
in them, the Results, the load file that was written. No number is what is left when others are taken away.
"""
