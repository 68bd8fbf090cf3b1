"""Batches: calls that can wait, gathered into waves and sent to a provider as one order at half its price."""
