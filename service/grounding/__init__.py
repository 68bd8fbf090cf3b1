"""Grounding: what `service/grounding/grounder.py` works with, from every way a value is written to the place where it stands."""
