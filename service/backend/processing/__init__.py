"""Large Units in processes of their own, so that whoever serves many never waits for one of them.

A process chunks, counts, grounds, merges and judges; its questions are asked by the worker that began it, which holds the
store, the limits and the keys of models.
"""
