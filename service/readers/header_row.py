"""Decide whether the first row of a table names its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

_VALUE = re.compile(
    r"[-+(]?\s*(?:[$€£¥]\s*)?[-+]?\d[\d\s.,:/'\u2019%-]*[)%€$£¥]?|\d{4}-\d\d-\d\d.*|[^@\n]*@[^.\n]*\..*"
)
_NAME_MAX_CHARS = 60


def names_columns(row: Sequence[str], below: Sequence[Sequence[str]], *, strict: bool = False) -> bool:
    """Whether a row's cells are short names and the rows below contain other things.

    With `strict`, some column below must contain numbers or dates: a list of words has no header then.

    >>> names_columns(["item", "price"], [["Pen", "2.00"], ["Ink", "9.50"]], strict=True)
    True
    >>> names_columns(["Pen", "2.00"], [["Ink", "9.50"]])
    False
    """
    named = [cell.strip() for cell in row]
    filled = [cell for cell in named if cell]
    if len(filled) < max(2, len(named) - 1) and len(named) > 1:
        return False
    if len(set(filled)) < len(filled) or any(len(c) > _NAME_MAX_CHARS or _VALUE.fullmatch(c) for c in filled):
        return False
    return bool(below) and (not strict or any(_holds_values(below, i) for i in range(len(named))))


def _holds_values(rows: Sequence[Sequence[str]], column: int) -> bool:
    cells = [row[column].strip() for row in rows if column < len(row) and row[column].strip()]
    return bool(cells) and sum(bool(_VALUE.fullmatch(c)) for c in cells) > len(cells) // 2
