"""Translate a target into JSON Schema that a provider takes, and the answer back into the target's shape."""
