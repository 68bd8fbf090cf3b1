"""What became of each place of the truth, counted; and the measures made of the counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Outcome = Literal["right", "wrong", "missed", "invented", "absent", "lost"]


class Counts(NamedTuple):
    """How many places came to each end. In all measures 0/0 is 1."""

    right: int = 0  # the true value was given
    wrong: int = 0  # another value was given: neither precise nor found
    missed: int = 0  # there is a value, none was given
    invented: int = 0  # there is none, one was given
    absent: int = 0  # there is none, none was given: right too
    lost: int = 0  # there is none, but the document failed: nothing to credit

    def __add__(self, other: object) -> Counts:
        """Place by place."""
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def credited(self) -> int:
        """Places that are right: the true value, or nothing where there is nothing."""
        return self.right + self.absent

    @property
    def precision(self) -> float:
        """Of what was given, correct absence included, the share that is right."""
        return self._share(self.credited, self.credited + self.wrong + self.invented)

    @property
    def recall(self) -> float:
        """Of what there is, absence included, the share that was given rightly."""
        return self._share(self.credited, self.credited + self.wrong + self.missed + self.lost)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, correct absence credited.

        >>> Counts(right=3, wrong=1).f1, Counts(absent=2).f1, Counts(lost=2).f1, Counts(absent=1, invented=1).f1
        (0.75, 1.0, 0.0, 0.6666666666666666)
        """
        below = 2 * self.credited + 2 * self.wrong + self.missed + self.invented + self.lost
        return self._share(2 * self.credited, below)

    @property
    def values(self) -> Counts:
        """Only the places where there is a value or one was given: F1 of these credits no absence.

        >>> Counts(right=1, absent=9, invented=1).values.f1
        0.6666666666666666
        """
        return self._replace(absent=0, lost=0)

    @property
    def accuracy(self) -> float:
        """Of all places, the share that is right; correct absence is credited."""
        return self._share(self.credited, sum(self))

    @property
    def invention(self) -> float:
        """Of the places where the truth has no value, the share where one was given; 0 where there are none."""
        places = self.invented + self.absent
        return self.invented / places if places else 0.0

    def _share(self, part: int, whole: int) -> float:
        return part / whole if whole else 1.0


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of many.

    >>> total([Counts(right=1), Counts(right=2, missed=1)])
    Counts(right=3, wrong=0, missed=1, invented=0, absent=0, lost=0)
    """
    found = Counts()
    for one in counts:
        found += one
    return found


def of(outcomes: Iterable[Outcome]) -> Counts:
    """Counts of single outcomes."""
    named = dict.fromkeys(Counts._fields, 0)
    for outcome in outcomes:
        named[outcome] += 1
    return Counts(**named)
