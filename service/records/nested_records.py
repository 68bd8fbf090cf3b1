"""Nesting: records that hold records, as orders with their lines, by how lines begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

LEAST = 3  # records that hold others
FILLED = 0.8  # of them, that hold one at least


def outer_of(begins: Sequence[Sequence[str]], inner: str) -> tuple[str, int] | None:
    """The beginning of the records that hold those which begin with `inner`, and how many they hold; None where none do.

    Of several beginnings the first in the text.

    >>> outer_of([("order N",), ("W M",), ("W M",), ("order N",), ("W M",), ("order N",), ("W M",)], "W M")
    ('order N', 2)
    """
    counts = Counter(key for begin in begins for key in begin)
    within = [i for i, begin in enumerate(begins) if inner in begin]
    for key in dict.fromkeys(key for begin in begins for key in begin):
        if not LEAST <= counts[key] < counts[inner]:
            continue
        heads = [i for i, begin in enumerate(begins) if key in begin]
        if inner in {k for i in heads for k in begins[i]} or heads[0] > within[0]:
            continue
        if _filled([*heads, len(begins)], within) >= FILLED * len(heads):
            return key, -(-counts[inner] // len(heads))
    return None


def _filled(edges: Sequence[int], within: Sequence[int]) -> int:
    """How many stretches between edges hold any of some places, all sorted."""
    found, i = 0, 0
    for a, b in pairwise(edges):
        while i < len(within) and within[i] <= a:
            i += 1
        found += i < len(within) and within[i] < b
    return found
