"""Batches: collect calls that can wait, and send them to a provider as one order at half the price."""
