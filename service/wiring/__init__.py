"""Choose concrete classes, here and nowhere else: from a Policy and the operator's Settings to the parts of a run.

`endpoints.py`: what is behind a model's name; `models.py`: a run's Model with every wrapper around it; `effects.py`: its
store of answers, and where spans go. May import all stages' contracts and members; is imported by runs and doors alone.
"""
