"""Legal discovery: collections and productions as matters whose counts balance.

Begin at `loadfiles/` for productions received from another party, and at `matter/` for what is stored.
"""
