"""Exact intervals for a proportion (Clopper and Pearson 1934), and Wilson's (1927) beside them.

The limits are quantiles of the beta distribution, found by bisection on its distribution function: a continued fraction
(Numerical Recipes, 3rd edition, 6.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
_STEPS, _PRECISION, _TINY = 300, 1e-15, 1e-300


@dataclass(frozen=True, slots=True)
class Proportion:
    """`found` of `of`, with the limits of its interval. `value` is None where nothing was looked at."""

    found: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """Return the proportion."""
        return self.found / self.of if self.of else None


Interval = Callable[[int, int], tuple[float, float]]


def proportion(found: int, of: int, interval: Interval | None = None) -> Proportion:
    """Return a proportion with its interval, the exact one unless another is given."""
    return Proportion(found, of, *(interval or exact)(found, of))


def exact(found: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the limits of Clopper and Pearson: they cover the truth at least as often as stated.

    >>> [round(limit, 5) for limit in exact(5, 1534)], exact(0, 0)
    ([0.00106, 0.00759], (0.0, 1.0))
    """
    tail = (1 - confidence) / 2
    if not of:
        return 0.0, 1.0
    low = _quantile(tail, found, of - found + 1) if found else 0.0
    high = _quantile(1 - tail, found + 1, of - found) if found < of else 1.0
    return low, high


def wilson(found: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the limits of Wilson's score interval.

    >>> [round(limit, 5) for limit in wilson(5, 1534)]
    [0.00139, 0.00761]
    """
    if not of:
        return 0.0, 1.0
    z, p = NormalDist().inv_cdf((1 + confidence) / 2), found / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def sample_size(margin: float, confidence: float = CONFIDENCE) -> int:
    """Return how many documents a simple random sample needs for a margin of error, whatever the proportion is.

    >>> [sample_size(margin) for margin in (0.05, 0.025, 0.02, 0.01)]
    [385, 1537, 2401, 9604]
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return ceil(z * z / 4 / (margin * margin))


def _quantile(probability: float, a: float, b: float) -> float:
    """Return the quantile of the beta distribution with parameters a and b."""
    low, high = 0.0, 1.0
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if _beta_distribution(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_distribution(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function at x."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            result *= d * c
        if abs(d * c - 1) < _PRECISION:
            break
    return result


def _not_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
