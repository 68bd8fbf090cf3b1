"""Manage who may use the service: accounts, API keys, budgets, signatures of webhooks."""
