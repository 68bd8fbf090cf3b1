"""Share what a server and its workers need: opened stores, the worker, retention, key rotation.

Entry: `resources.py`.
"""
