"""Extract facts from the documents of a matter: each asked once, copies answered by their master.

Begin at `matter_extraction.py`; `plan.py` says who is asked.
"""
