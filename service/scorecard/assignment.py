"""Solve the assignment problem: pair rows with columns so that the sum of their scores is the largest.

Shortest augmenting paths with dual prices, for rectangular matrices (D. F. Crouse, "On implementing 2D rectangular
assignment algorithms", IEEE Transactions on Aerospace and Electronic Systems 52(4), 2016). The worst case is cubic in the
shorter side; callers pair equal rows first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ScoreMatrix = NDArray[np.float64]
Indices = NDArray[np.int64]


def assign(scores: ScoreMatrix) -> list[tuple[int, int]]:
    """Return the (row, column) pairs of the best assignment, by row; it pairs all rows or all columns, the fewer ones.

    >>> assign(np.array([[0.9, 0.8], [0.9, 0.1]]))
    [(0, 1), (1, 0)]
    """
    if scores.size == 0:
        return []
    if scores.shape[0] > scores.shape[1]:
        return sorted((i, j) for j, i in assign(scores.T))
    cost = scores.max() - scores
    rows, columns = cost.shape
    state = _State(np.zeros(rows), np.zeros(columns), np.full(rows, -1), np.full(columns, -1))
    for row in range(rows):
        state.add(cost, row)
    return [(row, int(column)) for row, column in enumerate(state.column_of)]


class _State:
    """Dual prices of rows and columns, and the pairs so far."""

    def __init__(self, row_price: ScoreMatrix, column_price: ScoreMatrix, column_of: Indices, row_of: Indices) -> None:
        self.row_price, self.column_price = row_price, column_price
        self.column_of, self.row_of = column_of, row_of

    def add(self, cost: ScoreMatrix, start: int) -> None:
        """Assign a column to one more row, and move other rows where that is cheaper."""
        least = np.full(cost.shape[1], np.inf)
        before = np.full(cost.shape[1], -1)
        done = np.zeros(cost.shape[1], dtype=bool)
        row, reached, scanned = start, 0.0, []
        while True:
            scanned.append(row)
            reduced = reached + cost[row] - self.row_price[row] - self.column_price
            better = ~done & (reduced < least)
            least[better], before[better] = reduced[better], row
            column = int(np.argmin(np.where(done, np.inf, least)))
            reached = float(least[column])
            done[column] = True
            if self.row_of[column] < 0:
                break
            row = int(self.row_of[column])
        self._reprice(least, done, scanned, reached)
        self._flip(before, column, start)

    def _reprice(self, least: ScoreMatrix, done: NDArray[np.bool_], scanned: list[int], reached: float) -> None:
        start, others = scanned[0], np.array(scanned[1:], dtype=np.int64)
        self.row_price[start] += reached
        self.row_price[others] += reached - least[self.column_of[others]]
        self.column_price[done] -= reached - least[done]

    def _flip(self, before: Indices, column: int, start: int) -> None:
        """Turn the augmenting path into pairs, from its free column back to its first row."""
        while True:
            row = int(before[column])
            self.row_of[column] = row
            self.column_of[row], column = column, int(self.column_of[row])
            if row == start:
                return
