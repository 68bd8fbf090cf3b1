"""Nouns of accounts: tenants, budgets, calls."""
