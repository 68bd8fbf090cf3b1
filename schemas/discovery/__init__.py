"""Nouns of legal discovery."""
