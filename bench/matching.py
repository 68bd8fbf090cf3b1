"""When two values are the same: the rules of the embedded bench, stated once.

- text: equal letters and digits, whatever the case, spaces and punctuation
- numbers and amounts: equal within half a cent, read from strings too
- dates: the same day, printed in any form
- lists of text: as many values, each equal to one of the other's
- null only equals null
"""

from __future__ import annotations

import re
from typing import Any

from schemas.target import Field
from service.candidates.dates import parse_dates
from service.candidates.numbers import parse_number

_AMOUNT = re.compile(r"[^\d]{0,4}\d[\d.,' ]*[^\d]{0,4}")


def same(field: Field, want: Any, got: Any) -> bool:
    """Whether a value is the one that the truth gives."""
    if want is None or got is None:
        return want is None and got is None
    if isinstance(want, list):
        return sorted(_letters(v) for v in want) == sorted(_letters(v) for v in got)
    if field.kind in ("number", "integer") or _is_amount(field, want):
        return _near(want, got)
    return bool(_days(want) & _days(got)) or _letters(want) == _letters(got)


def _is_amount(field: Field, want: Any) -> bool:
    return "amount" in f"{field.name} {field.description}".lower() and bool(_AMOUNT.fullmatch(str(want)))


def _near(want: Any, got: Any) -> bool:
    a, b = _number(want), _number(got)
    return a is not None and b is not None and abs(a - b) < 0.005


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else parse_number(str(value))


def _days(value: Any) -> set[str]:
    text = str(value)
    return {
        d.isoformat()
        for first in (True, False)
        for s, e, d in parse_dates(text, first=first)
        if e - s > 0.6 * len(text)
    }


def _letters(value: Any) -> str:
    return "".join(c for c in str(value).casefold() if c.isalnum())
