"""Spans of a text that could fill a field, their ranking, and how a small model is asked to choose among them."""
