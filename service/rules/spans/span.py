"""Span: a piece of a Document that could fill a field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The characters `[start, end)` of a Document, and what they say as a value of a field."""

    start: int  # code points, half-open
    end: int
    text: str  # the characters, as they stand
    value: Any  # JSON value in the field's kind: ISO date, number, or the text with single spaces
    score: float = 0.0  # from the ranking; comparable within one field only
    told: float = 0.0  # how much of the score the words beside it give
    proved: bool = False  # whether a sum or check digits say that it is read rightly and is what it seems to be
    label: str = ""  # what stands beside it, for the model to see
    hints: dict[str, Any] = field(default_factory=dict)  # what the finder knows: role in a range, sign, rank in a list
