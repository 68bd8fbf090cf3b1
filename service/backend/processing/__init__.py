"""Process large Units in processes of their own, so that a server of many callers never waits for one Unit.

A process chunks, counts, grounds, merges and judges. The worker that started it asks its questions, because the worker
has the store, the limits and the keys of models.
"""
