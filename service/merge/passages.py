"""Passages: the sentences, headings with their lines, and table rows in which a text speaks of a correction."""

from __future__ import annotations

import re
from functools import lru_cache

from service.merge import cues

Range = tuple[int, int]

BEFORE, BEHIND = 300, 400  # code points of a passage round a cue
HEADING = 48  # code points up to which a passage is a heading of the lines below it
LINES_BELOW = 3  # that a heading speaks of

_STOP = (
    r"(?<=[^\W_]{4})[.!?][\"'”»)]*\s+(?=[\"'“«(]?[A-ZÄÖÜÀÉÈŁŚ0-9])"
    r"|(?:(?<=\d{4})|(?<=[.,]\d\d))\.\s+(?=[A-ZÄÖÜÀÉÈ])|\n[ \t]*\n"
)
_ROW = r"\t|\|| {3,}\S"
_BEFORE = re.compile(rf"{_STOP}|(?:{_ROW})[^\n]*\n")
_BEHIND = re.compile(rf"{_STOP}|\n(?=[^\n]*(?:{_ROW}))")
_CELLS = re.compile(_ROW)


@lru_cache(maxsize=8)
def passages(text: str) -> tuple[Range, ...]:
    """Ranges of the sentences (or headings with the lines below) in which a cue stands, in text order."""
    found: dict[Range, None] = {}
    for cue in cues.STARTS.finditer(text):
        found[_passage(text, *cue.span())] = None
    return tuple(found)


def _passage(text: str, start: int, end: int) -> Range:
    floor, ceiling = max(0, start - BEFORE), min(len(text), end + BEHIND)
    breaks = [m.end() for m in _BEFORE.finditer(text, floor, start)]
    first = breaks[-1] if breaks else floor
    behind = _BEHIND.search(text, max(end - 1, first), ceiling)
    last = behind.start() + 1 if behind else ceiling
    line = text.find("\n", end, last)
    line = last if line < 0 else line
    if _CELLS.search(text, max(first, text.rfind("\n", first, start) + 1), line):
        return first, line
    if last - first <= HEADING and not text[first:last].rstrip().endswith("."):
        below = [m.end() for m in re.finditer(r"[^\n]*\S[^\n]*", text[last:ceiling])][:LINES_BELOW]
        last += below[-1] if below else 0
    return first, last
