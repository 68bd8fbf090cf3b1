"""The best assignment, against trying all."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.service.scorecard.assignment import ScoreMatrix, assign


def best(scores: ScoreMatrix) -> float:
    """The largest sum, by trying every assignment."""
    rows, columns = scores.shape
    if rows > columns:
        return best(scores.T)
    return max(sum(float(scores[i, j]) for i, j in enumerate(order)) for order in permutations(range(columns), rows))


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_no_assignment_is_better(rows: int, columns: int, seed: int) -> None:
    """The sum is the largest there is, and nobody is paired twice; many equal scores included."""
    scores = np.random.default_rng(seed).integers(0, 4, (rows, columns)) / 3
    pairs = assign(scores)
    assert sum(scores[i, j] for i, j in pairs) == pytest.approx(best(scores))
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs) == min(rows, columns)


def test_greed_would_be_wrong() -> None:
    """The best single pair is not always in the best whole."""
    assert assign(np.array([[0.9, 0.8], [0.9, 0.1]])) == [(0, 1), (1, 0)]
    assert assign(np.zeros((0, 3))) == []
