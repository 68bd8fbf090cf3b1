"""Define a span of a Document that could fill a field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The characters `[start, end)` of a Document, and their value for a field."""

    start: int  # code points, half-open
    end: int
    text: str  # the exact characters
    value: Any  # JSON value in the field's kind: ISO date, number, or the text with single spaces
    score: float = 0.0  # from the ranking; comparable within one field only
    label_points: float = 0.0  # the part of the score that the words next to it give
    proved: bool = False  # whether a sum or check digits prove it
    label: str = ""  # the words next to it, shown to the model
    hints: dict[str, Any] = field(default_factory=dict)  # facts from its finder: role in a range, sign, rank in a list
