"""Parties, terms and clauses of contracts."""
