"""Screen documents for privilege: flags for people, never decisions. What is held reaches no model.

Begin at `screen.py`; `holding.py` says what is held, `release.py` lets a person decide.
"""
