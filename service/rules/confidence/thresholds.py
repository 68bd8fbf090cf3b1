"""Certainty: one number from 0 to 1 that says how sure a value is, and the threshold of each stance that it must reach.

A value is as sure as its weakest sign. Each sign has a worth from 0 to 1 and, in words, what makes it no better; so the
reason of a value that is left out is the sign that was too weak. Three signs are by degree: what stands beside the value
and where it stands (`TOLD`), how far the next other value is behind it (`LEAD`), and how well its letters could be read
on a scan (`READ`). The others are there or not, and bring `DOUBTED`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STANCES: Final = {"precision": 0.65, "balanced": 0.5, "recall": 0.3}
"""Least certainty of a value that is given, by stance."""
DOUBTED: Final = 0.4  # worth of a sign that something is wrong; only who prefers recall gets such a value
DIM: Final = (
    0.16  # what a word's OCR confidence lacks of 1 where its letters are worth nothing; fitted on the tuning half
)
DIM_FIGURES: Final = 0.3  # the same of figures, which are fewer signs to mistake


@dataclass(frozen=True, slots=True)
class Sign:
    """What is known of a value from one side."""

    worth: float  # 0..1
    reason: str  # why it is no better, for whoever reads the Result


def told(score: float) -> Sign:
    """What the words beside a value and its place say for it: points of the ranking, which are enough from .5 on."""
    return Sign(_within(score), "not sure: nothing beside it says clearly that it is what is asked for")


def lead(points: float, margin: float, rival: str) -> Sign:
    """How far the next other value is behind; at the margin of its shape it is just enough for the balanced stance."""
    return Sign(_within(points / (2 * margin)), f"ambiguous: {rival} is as likely")


def read(confidence: float | None, dim: float = DIM) -> Sign:
    """How well the letters could be read.

    >>> round(read(0.92).worth, 2), read(None).worth
    (0.5, 1.0)
    """
    known = 1.0 if confidence is None else confidence
    return Sign(_within(1 - (1 - known) / dim), f"not sure: it could not be read well (OCR confidence {known:.2f})")


def doubted(reason: str) -> Sign:
    """A sign that something is wrong; one without a reason is none."""
    return Sign(DOUBTED if reason else 1.0, reason)


def weakest(signs: list[Sign]) -> Sign:
    """The sign that decides: of equally weak ones the first.

    >>> weakest([Sign(0.9, "a"), Sign(0.4, "b"), Sign(0.4, "c")]).reason
    'b'
    """
    return min(signs, key=lambda s: s.worth, default=Sign(1.0, ""))


def _within(worth: float) -> float:
    return round(min(1.0, max(0.0, worth)), 3)
