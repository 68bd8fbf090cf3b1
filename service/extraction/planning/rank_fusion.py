"""Fuse several orders of the same Chunks into one."""

from __future__ import annotations

from collections.abc import Sequence

K = 60  # how little the very first places outweigh the next; the value of the paper


def fused(orders: Sequence[Sequence[int]], k: int = K) -> list[int]:
    """Return indices by reciprocal rank fusion, best first: the sum of 1 / (k + rank) over the orders that contain one.

    Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual rank learning methods,
    SIGIR 2009; k = 60 is theirs. Equals come in text order.

    >>> fused([[2, 0, 3], [2, 3, 1, 0]])
    [2, 3, 0, 1]
    """
    scores: dict[int, float] = {}
    for order in orders:
        for rank, index in enumerate(order, 1):
            scores[index] = scores.get(index, 0.0) + 1 / (k + rank)
    return sorted(scores, key=lambda i: (-scores[i], i))
