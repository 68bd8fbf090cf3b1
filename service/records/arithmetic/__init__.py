"""Sums and totals that records make."""
