"""Encrypt what is kept. Contract: `base.py`; the one with keys: `keyring.py`."""
