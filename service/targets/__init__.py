"""Targets: the user's schema in any accepted form; its shapes, fields and validators."""
