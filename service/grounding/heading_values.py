"""Ground values that records have from a heading: printed once, on a line of its own above their rows.

Such a value holds for a record only if no other heading of the same field stands between the two. A heading before the
Chunk is searched upwards in the Document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.service.grounding.match_positions import Place
from thresher.service.grounding.record_items import ELSEWHERE, Record

HEADING_MAX_DISTANCE_CHARS = 200_000  # code points above a Chunk in which its heading is searched
MAX_PLACES = 50  # places of a value there that are checked
_CONTINUED = re.compile(
    r"(?:\W*\((?:continued|cont|cont'd|contd|fortsetzung|forts|suite|continúa|segue|vervolg)\W*\))?\W*$", re.IGNORECASE
)
_ROW = re.compile(r"\d|\t|  |\|")
_OPENING = re.compile(r"[\s#*|>_\-–—•]*$")


def heading_above(document: Document, offset: int, value: Any) -> list[Place]:
    """Return the last line above an offset that is only this value; empty where there is none.

    It is also empty where a line of the same look stands between: rows below that one belong to another section.
    """
    if not isinstance(value, str) or not any(c.isalpha() for c in value):
        return []
    for form in dict.fromkeys((value, value.upper(), value.title())):
        at = offset
        for _ in range(MAX_PLACES):
            at = document.text.rfind(form, max(offset - HEADING_MAX_DISTANCE_CHARS, 0), at)
            if at < 0:
                break
            if is_line(document.text, at, at + len(form)):
                if _has_rival(document.text, at, offset):
                    return []
                return [Place(at, at + len(form), "exact" if form == value else "normalised")]
    return []


def _has_rival(text: str, heading: int, offset: int) -> bool:
    """Whether another line of the same look stands between a heading and an offset."""
    first = text.rfind("\n", 0, heading) + 1
    below = text.find("\n", heading)
    look = _look(text, first)
    start = below + 1
    while 0 < start < offset:
        if _look(text, start) == look:
            return True
        start = text.find("\n", start) + 1
    return False


def _look(text: str, start: int) -> tuple[int, bool] | None:
    """Return the indentation, and whether a blank line stands above.

    None for a line with figures or columns, as in rows.
    """
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)]
    if not line.strip() or _ROW.search(line.strip()):
        return None
    above = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : max(start - 1, 0)]
    return len(line) - len(line.lstrip()), not above.strip()


def is_line(text: str, start: int, end: int) -> bool:
    r"""Whether a range is all that its line contains, but for markup and "(continued)".

    >>> is_line("Seating (continued)\n  Stool 39.00", 0, 7), is_line("Seating, oak\n", 0, 7)
    (True, False)
    """
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    after = text[end : last if last >= 0 else len(text)]
    return bool(_OPENING.match(text[first:start]) and _CONTINUED.match(after))


class HeadingCheck:
    """The records of one list, some of which share a heading."""

    def __init__(self, document: Document) -> None:
        """Prepare for the Document that the records' places point into."""
        self._document = document

    def carry(self, records: Sequence[Record]) -> None:
        """Mark what records have from headings, and refuse what a nearer heading contradicts."""
        for record in records:
            for leaf in record.leaves:
                if leaf.above and leaf.path not in record.placed and record.anchor:
                    record.placed[leaf.path] = leaf.above[0]
                    record.refused.pop(leaf.path, None)
                    record.carried.add(leaf.path)
        shared = self._shared(records)
        for pattern in {p for p, _ in shared} | {json_pointer.pattern(p) for r in records for p in r.carried}:
            self._check(pattern, records, shared)

    def _shared(self, records: Sequence[Record]) -> set[tuple[str, int]]:
        """Return (pattern, start) of the lines that prove one field of several records."""
        counts = Counter(
            (json_pointer.pattern(path), place.start, place.end) for r in records for path, place in r.placed.items()
        )
        text = self._document.text
        return {(p, a) for (p, a, b), count in counts.items() if count > 1 and is_line(text, a, b)}

    def _check(self, pattern: str, records: Sequence[Record], shared: set[tuple[str, int]]) -> None:
        """Refuse a value in a heading that is not the nearest one of this field above its record."""
        placed = [(r, path, place) for r in records for path, place in r.placed.items()]
        known = [(r, p, place) for r, p, place in placed if json_pointer.pattern(p) == pattern]
        heads = {place.start for r, p, place in known if (pattern, place.start) in shared or p in r.carried}
        ordered = sorted(heads)
        for record, path, place in known:
            if place.start not in heads or record.anchor is None:
                continue
            record.carried.add(path)
            nearest = ordered[max(bisect_left(ordered, record.anchor.start) - 1, 0)]
            if place.start < nearest < record.anchor.start:
                del record.placed[path]
                record.refused[path] = ELSEWHERE
