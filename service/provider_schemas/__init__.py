"""Dialects: the schema that a model is asked for, in what its provider takes, and its answer in the target's shape again."""
