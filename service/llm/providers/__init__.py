"""Transports to the models of providers, and the embedded model."""
