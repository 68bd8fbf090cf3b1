"""Locate each extracted value in the text; the entry point is `grounder.Grounder`."""
