"""Place values that count only next to others of their record: a dash for zero, a short word that OCR misread.

Each such place proves one value, on a line with another value of the record, and in the column in which other records have
this field, where bars or tabs separate columns: a dash is zero in its own cell only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from thresher.schemas import json_pointer
from thresher.service.grounding.match_positions import Place
from thresher.service.grounding.record_items import Leaf, Record
from thresher.service.grounding.wrapped_lines import line_before

COLUMN_MIN_RECORDS = 2  # records that must have a field in one column for it to be known


class CompanionPlacer:
    """The records of one list, some of whose values have only such places."""

    def __init__(self, line: Callable[[int], int], text: str) -> None:
        """Prepare for one text; `line` returns the number of the line at an offset of it."""
        self._line, self._text = line, text
        self._columns: dict[str, int] = {}
        self._taken: set[int] = set()

    def fill(self, records: Sequence[Record]) -> None:
        """Place such values on the lines of their own records."""
        if not any(leaf.beside for record in records for leaf in record.leaves):
            return
        self._learn(records)
        for record in records:
            lines = {self._line(p.start) for p in record.placed.values()}
            for leaf in record.leaves:
                if leaf.beside and not self._is_home(record, leaf):
                    self._place(record, leaf, lines)

    def _learn(self, records: Sequence[Record]) -> None:
        """Learn the column in which most records have each field."""
        seen: dict[str, Counter[int]] = {}
        for record in records:
            for path, place in record.placed.items():
                column = column_of(self._text, place)
                if column is not None and self._on_anchor(record, place):
                    seen.setdefault(json_pointer.pattern(path), Counter())[column] += 1
        for pattern, counts in seen.items():
            column, count = counts.most_common(1)[0]
            if count >= min(COLUMN_MIN_RECORDS, len(records)):
                self._columns[pattern] = column

    def _on_anchor(self, record: Record, place: Place) -> bool:
        return record.anchor is not None and self._line(place.start) == self._line(record.anchor.start)

    def _is_home(self, record: Record, leaf: Leaf) -> bool:
        """Whether a value already has a place on its record's line."""
        placed = record.placed.get(leaf.path)
        return placed is not None and self._on_anchor(record, placed)

    def _place(self, record: Record, leaf: Leaf, lines: set[int]) -> None:
        wanted = self._columns.get(json_pointer.pattern(leaf.path))
        for place in leaf.beside:
            column = column_of(self._text, place)
            fits = wanted is None or column is None or column == wanted
            if fits and self._line(place.start) in lines and place.start not in self._taken:
                self._taken.add(place.start)
                record.placed[leaf.path] = place
                record.refused.pop(leaf.path, None)
                return


def column_of(text: str, place: Place) -> int | None:
    """Return the number of bars or tabs before a place in its line; None where the line has none."""
    ahead = line_before(text, place.start)
    end = text.find("\n", place.end)
    line = ahead + text[place.start : end if end >= 0 else len(text)]
    mark = next((m for m in "|\t" if m in line), None)
    return ahead.count(mark) if mark else None
