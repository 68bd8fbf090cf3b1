"""Targets: the user's schema, from whatever it is written in; its shapes, fields and judges."""
