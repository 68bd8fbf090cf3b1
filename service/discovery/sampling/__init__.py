"""Draw random samples of a Matter that anybody can draw again, and say how good the results are. Begin at `drawing.py`.

frame (named list of documents) -> sample (by a seed) -> coding sheet -> people -> measures with exact intervals
"""
