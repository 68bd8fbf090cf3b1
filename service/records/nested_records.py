"""Find records that contain records, as orders with their lines, by how lines begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

MIN_OUTER_RECORDS = 3  # outer records
FILLED_SHARE = 0.8  # share of the outer records that must contain at least one inner record


def outer_of(begins: Sequence[Sequence[str]], inner: str) -> tuple[str, int] | None:
    """Return the key of the outer records and how many inner ones each has, rounded up; None where there are none.

    `inner` is the key of the inner records. Of several possible outer keys, the first in the text is taken.

    >>> outer_of([("order N",), ("W M",), ("W M",), ("order N",), ("W M",), ("order N",), ("W M",)], "W M")
    ('order N', 2)
    """
    counts = Counter(key for begin in begins for key in begin)
    within = [i for i, begin in enumerate(begins) if inner in begin]
    for key in dict.fromkeys(key for begin in begins for key in begin):
        if not MIN_OUTER_RECORDS <= counts[key] < counts[inner]:
            continue
        heads = [i for i, begin in enumerate(begins) if key in begin]
        if inner in {k for i in heads for k in begins[i]} or heads[0] > within[0]:
            continue
        if _filled_stretches([*heads, len(begins)], within) >= FILLED_SHARE * len(heads):
            return key, -(-counts[inner] // len(heads))
    return None


def _filled_stretches(edges: Sequence[int], within: Sequence[int]) -> int:
    """Return how many stretches between edges contain at least one of some line numbers; both are sorted."""
    found, i = 0, 0
    for a, b in pairwise(edges):
        while i < len(within) and within[i] <= a:
            i += 1
        found += i < len(within) and within[i] < b
    return found
