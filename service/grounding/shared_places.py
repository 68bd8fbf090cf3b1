"""Find values that a record has from another record, though its own lines print something else in their place.

One place may prove a field of several records: a date that is printed once above them, a cell that the rows below leave
blank. It proves nothing for a record whose own lines have that cell, or the words that stand before the value, with
something else behind them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence
from thresher.service.grounding.match_positions import Place
from thresher.service.grounding.row_cells import is_left_blank

LABEL_MIN_LETTERS = 3  # letters of the word before a value that names it
REGION_CHARS = 400  # code points around a record's values that may be its own
MAX_LINES = 200  # lines of a record that are searched
_LABEL = re.compile(r"[^\W\d_]+[^\w\n]{1,6}$")
_KINDS: tuple[Callable[[str], bool], ...] = (str.isdecimal, str.isupper, str.islower)


@dataclass(slots=True)
class SharedPlaces:
    """The evidence of one answer in one text."""

    text: str
    line: Callable[[int], int]  # number of the line at an offset
    evidence: Sequence[Evidence]
    _own: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _starts: list[int] = field(default_factory=list)

    def wrong(self) -> Iterator[str]:
        """Yield the paths of values that stand in another record alone."""
        places: dict[tuple[str, int], list[Evidence]] = defaultdict(list)
        for e in self.evidence:
            if e.start is not None and "*" in (pattern := json_pointer.pattern(e.path)) and not pattern.endswith("*"):
                places[pattern, e.start].append(e)
        several = {key: some for key, some in places.items() if len(some) > 1}
        if several:
            self._learn({start for _, start in several})
        alone: dict[str, list[Evidence]] = defaultdict(list)
        for (pattern, _), some in places.items() if several else ():
            alone[pattern] += some if len(some) == 1 else []
        after = {pattern: self._is_after_others(alone[pattern]) for pattern, _ in several}
        for (pattern, start), some in several.items():
            yield from self._of_others(start, some, after[pattern])

    def _learn(self, shared: set[int]) -> None:
        """Note where each record has values that no other record has from there, by its path."""
        for e in self.evidence:
            parts = e.path.split("/")
            for n in range(2, len(parts)):
                if parts[n].isdigit() and e.start is not None and e.start not in shared:
                    self._own["/".join(parts[: n + 1])].append(e.start)
        self._starts = sorted({at for some in self._own.values() for at in some})

    def _is_after_others(self, alone: list[Evidence]) -> bool:
        """Whether a field stands behind the first value of its record, where several records show it."""
        known = ((e, self._own.get(_record(e.path))) for e in alone)
        behind = [(e.start or 0) > min(own) for e, own in known if own]
        return 2 * sum(behind) >= len(behind)

    def _of_others(self, start: int, some: list[Evidence], after: bool) -> Iterator[str]:  # noqa: FBT001 - one of two orders
        known = {e.path: self._own.get(_record(e.path), []) for e in some}
        owner = min(known, key=lambda path: self._distance(known[path], start, after))
        home = {self.line(at) for at in known[owner]}
        for e in some:
            lines = {self.line(at) for at in known[e.path]}
            if e.path != owner and lines and self.line(start) not in lines and len(lines) <= MAX_LINES:
                is_row = len(lines) == 1 and self.line(start) in home
                if self._has_label(e, known[e.path]) or (is_row and not self._is_blank(e, known[e.path][0])):
                    yield e.path

    def _distance(self, own: list[int], start: int, after: bool) -> tuple[bool, int]:  # noqa: FBT001 - one of two orders
        """Return how far a place is from a record's own values on the side where they are expected; the other side is farther."""
        near = [start - at if after else at - start for at in own]
        right = [n for n in near if n >= 0]
        return (False, min(right)) if right else (True, -max(near, default=-len(self.text)))

    def _is_blank(self, e: Evidence, row: int) -> bool:
        first = self.text.rfind("\n", 0, row) + 1
        return is_left_blank(self.text, first, Place(e.start or 0, e.end or 0, "exact"))

    def _has_label(self, e: Evidence, own: list[int]) -> bool:
        """Whether the record's lines have the word before the value, too, and something of the same kind behind it."""
        start = e.start or 0
        label = _LABEL.search(self.text, max(self.text.rfind("\n", 0, start), start - 40, 0), start)
        if label is None or sum(c.isalpha() for c in label[0]) < LABEL_MIN_LETTERS:
            return False
        region = self._region(own)
        found = (m.end() for m in re.compile(rf"(?<!\w){re.escape(label[0])}").finditer(self.text, *region))
        return any(at != start and _kind(self.text[at : at + 1]) == _kind(self.text[start]) for at in found)

    def _region(self, own: list[int]) -> tuple[int, int]:
        """Return the range of a record: its lines, and the text between them and the places of other values."""
        first, last = min(own), max(own)
        at, behind = bisect_left(self._starts, first), bisect_right(self._starts, last)
        floor = self._starts[at - 1] if at else 0
        ceiling = self._starts[behind] if behind < len(self._starts) else len(self.text)
        above = self.text.find("\n", max(floor, first - REGION_CHARS), first) + 1 or self.text.rfind("\n", 0, first) + 1
        below = self.text.rfind("\n", last, min(ceiling, last + REGION_CHARS))
        return above, below if below >= 0 else min(ceiling, len(self.text))


def _record(path: str) -> str:
    """Return the path of the innermost record that a value is in."""
    parts = path.split("/")
    last = max(n for n, part in enumerate(parts) if part.isdigit())
    return "/".join(parts[: last + 1])


def _kind(char: str) -> int:
    return next((n for n, is_kind in enumerate(_KINDS) if is_kind(char)), -1)
