"""Combine signs into a certainty from 0 to 1, and define the least certainty of each stance.

The certainty of a value is the worth of its weakest sign. Each sign has a worth from 0 to 1 and, in words, the reason why
it is no higher; so the reason of a refused value is its weakest sign. Three signs are gradual: the label and position of
the value (`label_sign`), the lead over the next other value (`lead_sign`), and the OCR confidence on a scan
(`legibility_sign`). The others are either absent or worth `DOUBT_WORTH`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STANCES: Final = {"precision": 0.65, "balanced": 0.5, "recall": 0.3}
"""Least certainty of a value that is given, by stance."""
DOUBT_WORTH: Final = 0.4  # worth of a sign that something is wrong; only the recall stance gives such a value
OCR_LOSS_LIMIT: Final = (
    0.16  # 1 minus the OCR confidence at which a word's letters are worth nothing; fitted on the tuning half
)
OCR_LOSS_LIMIT_FIGURES: Final = 0.3  # the same for figures, of which there are fewer to confuse


@dataclass(frozen=True, slots=True)
class Sign:
    """The worth of one sign for a value, with the reason why it is no higher."""

    worth: float  # 0..1
    reason: str  # why the worth is no higher, for readers of the Result


def label_sign(score: float) -> Sign:
    """Return the sign of label and position: points of the ranking, of which 0.5 are enough for the balanced stance."""
    return Sign(_clamped(score), "not sure: no clear label or position identifies it as the requested value")


def lead_sign(points: float, margin: float, rival: str) -> Sign:
    """Return the sign of the lead over the next other value; twice the margin gives full worth, the margin 0.5."""
    return Sign(_clamped(points / (2 * margin)), f"ambiguous: {rival} is as likely")


def legibility_sign(confidence: float | None, dim: float = OCR_LOSS_LIMIT) -> Sign:
    """Return the sign of how well the letters could be read.

    >>> round(legibility_sign(0.92).worth, 2), legibility_sign(None).worth
    (0.5, 1.0)
    """
    known = 1.0 if confidence is None else confidence
    return Sign(_clamped(1 - (1 - known) / dim), f"not sure: it could not be read well (OCR confidence {known:.2f})")


def doubt_sign(reason: str) -> Sign:
    """Return a doubting sign with a reason; without a reason a sign of full worth."""
    return Sign(DOUBT_WORTH if reason else 1.0, reason)


def weakest_sign(signs: list[Sign]) -> Sign:
    """Return the sign with the least worth; of equal ones the first.

    >>> weakest_sign([Sign(0.9, "a"), Sign(0.4, "b"), Sign(0.4, "c")]).reason
    'b'
    """
    return min(signs, key=lambda s: s.worth, default=Sign(1.0, ""))


def _clamped(worth: float) -> float:
    return round(min(1.0, max(0.0, worth)), 3)
