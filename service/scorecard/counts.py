"""Count the outcomes of the judged paths, and compute measures from the counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Outcome = Literal["right", "wrong", "missed", "invented", "absent", "lost"]


class Counts(NamedTuple):
    """Numbers of paths by outcome. In all measures 0/0 is 1."""

    right: int = 0  # the true value was given
    wrong: int = 0  # another value was given: neither precise nor found
    missed: int = 0  # the truth has a value, none was given
    invented: int = 0  # the truth has none, one was given
    absent: int = 0  # the truth has none, none was given: also right
    lost: int = 0  # the truth has none, but the document failed: no credit

    def __add__(self, other: object) -> Counts:
        """Add two Counts, outcome by outcome."""
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def credited(self) -> int:
        """Return the number of right paths: the true value, or none where the truth has none."""
        return self.right + self.absent

    @property
    def precision(self) -> float:
        """Return the share of right values among the given ones; correct absence counts as given and right."""
        return self._share(self.credited, self.credited + self.wrong + self.invented)

    @property
    def recall(self) -> float:
        """Return the share of true values that were given correctly; absence counts as a true value."""
        return self._share(self.credited, self.credited + self.wrong + self.missed + self.lost)

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall, with correct absence credited.

        >>> Counts(right=3, wrong=1).f1, Counts(absent=2).f1, Counts(lost=2).f1, Counts(absent=1, invented=1).f1
        (0.75, 1.0, 0.0, 0.6666666666666666)
        """
        below = 2 * self.credited + 2 * self.wrong + self.missed + self.invented + self.lost
        return self._share(2 * self.credited, below)

    @property
    def values(self) -> Counts:
        """Return the counts without absences: only paths with a true or a given value.

        >>> Counts(right=1, absent=9, invented=1).values.f1
        0.6666666666666666
        """
        return self._replace(absent=0, lost=0)

    @property
    def accuracy(self) -> float:
        """Return the share of right paths among all; correct absence is credited."""
        return self._share(self.credited, sum(self))

    @property
    def invention(self) -> float:
        """Return the share of invented values among the paths without a true value; 0 without such paths."""
        places = self.invented + self.absent
        return self.invented / places if places else 0.0

    def _share(self, part: int, whole: int) -> float:
        return part / whole if whole else 1.0


def total(counts: Iterable[Counts]) -> Counts:
    """Return the sum of several Counts.

    >>> total([Counts(right=1), Counts(right=2, missed=1)])
    Counts(right=3, wrong=0, missed=1, invented=0, absent=0, lost=0)
    """
    found = Counts()
    for one in counts:
        found += one
    return found


def counts_of(outcomes: Iterable[Outcome]) -> Counts:
    """Count single outcomes."""
    named = dict.fromkeys(Counts._fields, 0)
    for outcome in outcomes:
        named[outcome] += 1
    return Counts(**named)
