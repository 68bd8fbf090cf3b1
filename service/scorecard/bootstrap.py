"""Estimate how certain a measure is, by bootstrap over documents and by the exact sign test.

The bootstrap takes whole documents, since errors within one document go together (B. Efron, "Bootstrap methods:
another look at the jackknife", Annals of Statistics 7, 1979; percentile intervals). The same seed gives the same draws
for every measure, so two runs are compared over the same draws.
"""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000
SEED = 20_260_101
CONFIDENCE = 0.95
FloatTable = NDArray[np.float64]  # documents x counts, in the order of Counts


class Interval(NamedTuple):
    """The 95% confidence interval of a measure."""

    low: float
    high: float


def draws(documents: int, resamples: int = RESAMPLES, seed: int = SEED) -> FloatTable:
    """Return how often each document was drawn in each resample: resamples x documents."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(documents, np.full(documents, 1 / documents), size=resamples).astype(np.float64)


def f1_of(sums: FloatTable) -> FloatTable:
    """Return the F1 of rows of summed Counts, as `Counts.f1`; NaN for a row without any count."""
    right, wrong, missed, invented, absent, lost = np.moveaxis(sums, -1, 0)
    credited = 2 * (right + absent)
    below = credited + 2 * wrong + missed + invented + lost
    return np.asarray(np.where(below > 0, credited / np.maximum(below, 1), np.nan), dtype=np.float64)


def f1_draws(counts: FloatTable, weights: FloatTable) -> FloatTable:
    """Return the F1 over all documents' outcomes in each resample."""
    return f1_of(weights @ counts)


def mean_draws(values: FloatTable, weights: FloatTable) -> FloatTable:
    """Return the mean over documents in each resample."""
    return np.asarray(weights @ values / weights.sum(axis=1))


def interval(drawn: FloatTable) -> Interval:
    """Return the middle 95% of the draws, without NaN; without any other draw 1 to 1."""
    tail, known = (1 - CONFIDENCE) / 2 * 100, drawn[~np.isnan(drawn)]
    low, high = np.percentile(known if len(known) else np.ones(1), [tail, 100 - tail])
    return Interval(float(low), float(high))


def two_sided(drawn: FloatTable) -> float:
    """Return a two-sided p-value: twice the share of draws on the other side of 0, never 0."""
    drawn = drawn[~np.isnan(drawn)]
    beyond = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return min(1.0, 2 * (beyond + 1) / (len(drawn) + 1))


def sign_test(better: int, worse: int) -> float:
    """Return the two-sided p-value of the numbers of better and worse documents, under equal chances.

    >>> sign_test(0, 6), sign_test(3, 3)
    (0.03125, 1.0)
    """
    changed = better + worse
    tail = sum(comb(changed, k) for k in range(min(better, worse) + 1))
    return min(1.0, tail / 2.0 ** (changed - 1))


def holm(values: list[float]) -> list[float]:
    """Correct the p-values of several tests for their number (S. Holm, Scandinavian Journal of Statistics 6, 1979).

    >>> holm([0.01, 0.04])
    [0.02, 0.04]
    """
    found, highest = [0.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[index]))
        found[index] = highest
    return found
