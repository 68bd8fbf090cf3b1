"""When two values are the same: the rules of the embedded bench, stated once.

- text: equal letters and digits, whatever the case, spaces and punctuation
- numbers and amounts: equal within half a cent, read from strings too
- dates: the same day, printed in any form
- lists of text: as many values, each equal to one of the other's
- a tuple of passages or names: any one of them, or a half of one in one piece, or as a half of what is given; of a list
  that is given, every value
- null only equals null
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Any

from thresher.schemas.target import Field
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.printed_dates import parse_dates
from thresher.service.rules.spans.printed_numbers import parse_number

FEW = 12  # letters; what is shorter must be the same, or stand in the other as whole words
PART = 0.3  # of a longer name that a shorter one is at least
HALF = 0.5  # of the shorter passage that must stand in the longer
LEAST = 0.1  # of the longer passage; a word of it is no answer

_AMOUNT = re.compile(r"[^\d]{0,4}\d[\d.,' ]*[^\d]{0,4}")


def same(field: Field, want: Any, got: Any) -> bool:
    """Whether a value is the one that the truth gives."""
    if want is None or got is None:
        return want is None and got is None
    if isinstance(want, tuple):
        given = got if isinstance(got, list) else [got]
        return bool(given) and all(any(_overlap(w, str(g)) for w in want) for g in given)
    if isinstance(want, list):
        return sorted(_letters(v) for v in want) == sorted(_letters(v) for v in got)
    if field.kind in ("number", "integer") or _is_amount(field, want):
        return _near(want, got)
    return bool(_days(want) & _days(got)) or _letters(want) == _letters(got)


def _overlap(want: str, got: str) -> bool:
    """Whether two passages share a run of at least half of either's letters."""
    a, b = _letters(want), _letters(got)
    if min(len(a), len(b)) < FEW:
        whole = f" {plain(want)} " in f" {plain(got)} " or (
            len(b) >= PART * len(a) and f" {plain(got)} " in f" {plain(want)} "
        )
        return bool(a) and bool(b) and (a == b or whole)
    found = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
    return found.size >= max(FEW, HALF * min(len(a), len(b))) and found.size >= LEAST * max(len(a), len(b))


def _is_amount(field: Field, want: Any) -> bool:
    return "amount" in f"{field.name} {field.description}".lower() and bool(_AMOUNT.fullmatch(str(want)))


def _near(want: Any, got: Any) -> bool:
    a, b = _number(want), _number(got)
    return a is not None and b is not None and abs(a - b) < 0.005


def _number(value: Any) -> float | None:
    found = value if isinstance(value, int | float) else parse_number(str(value))
    return None if found is None else float(found)


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
