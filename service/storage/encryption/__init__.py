"""Encrypt what is stored. Contract: `base.py`; the member with keys: `keyring.py`."""
