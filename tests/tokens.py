"""A count of tokens that needs no vocabulary."""

from __future__ import annotations


def quarter(text: str) -> int:
    """A token for every four characters."""
    return -(-len(text) // 4)
