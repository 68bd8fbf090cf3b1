"""Find the sentences, headings with their lines, and table rows that contain a cue.

A cue is a word that may tell of a correction (correction_words.CUES).
"""

from __future__ import annotations

import re
from functools import lru_cache

from thresher.service.merging import correction_words

Range = tuple[int, int]

CHARS_BEFORE, CHARS_AFTER = 300, 400  # code points of a passage before and after a cue
HEADING_MAX_CHARS = 48  # code points up to which a passage is a heading of the lines below it
MAX_LINES_BELOW = 3  # lines that belong to a heading
PROSE_MIN_CHARS = 60  # code points from which a line is running text

_SHORT = (
    *("mr", "mrs", "ms", "dr", "prof", "no", "nos", "nr", "st", "inc", "ltd", "co", "corp", "jr", "sr", "vs", "art"),
    *("sec", "fig", "abs", "bzw", "ca", "cf", "et", "al", "str", "tel", "ref", "pos"),
)
_NOT_AFTER_SHORT = "".join(rf"(?<!\b{w})" for w in _SHORT) + r"(?<!\b[^\W\d_])"
_STOP = (
    rf"(?<=[^\W_]{{2}})(?i:{_NOT_AFTER_SHORT})(?<!\s\d)(?<!\s\d\d)[.!?][\"'”»)]*\s+(?=[\"'“«(]?[A-ZÄÖÜÀÉÈŁŚ0-9])"
    r"|(?<=[^\W_]{3})[.!?]\n|\n[ \t]*\n"
)
_ROW = r"\t|\|| {3,}\S"
_BEFORE = re.compile(rf"{_STOP}|(?:{_ROW})[^\n]*\n")
_BEHIND = re.compile(rf"{_STOP}|\n(?=[^\n]*(?:{_ROW}))")
_MARK = re.compile(r"[ \t\-*•>#]*")
_CELLS = re.compile(_ROW)


@lru_cache(maxsize=8)
def passages(text: str) -> tuple[Range, ...]:
    """Return the ranges of the sentences (or headings with the lines below) that contain a cue, in text order."""
    found: dict[Range, None] = {}
    for start, end in correction_words.cue_ranges(text):
        found[_passage(text, start, end)] = None
    return tuple(found)


def _passage(text: str, start: int, end: int) -> Range:
    floor, ceiling = max(0, start - CHARS_BEFORE), min(len(text), end + CHARS_AFTER)
    breaks = [m.end() for m in _BEFORE.finditer(text, floor, start)]
    breaks += [line] if (line := _own_line(text, floor, start)) is not None else []
    first = max(breaks, default=floor)
    behind = _BEHIND.search(text, max(end - 1, first), ceiling)
    last = behind.start() + 1 if behind else ceiling
    line = text.find("\n", end, last)
    line = last if line < 0 else line
    if _CELLS.search(text, max(first, text.rfind("\n", first, start) + 1), line):
        return first, line
    if last - first <= HEADING_MAX_CHARS and not text[first:last].rstrip().endswith("."):
        below = [m.end() for m in re.finditer(r"[^\n]*\S[^\n]*", text[last:ceiling])][:MAX_LINES_BELOW]
        last += below[-1] if below else 0
    return first, last


def _own_line(text: str, floor: int, start: int) -> int | None:
    """Return where the cue's line begins, if a cue opens it and the line before is too short for continued prose."""
    line = text.rfind("\n", floor, start) + 1
    opening = _MARK.match(text, line)
    before = text[max(text.rfind("\n", floor, max(line - 1, floor)) + 1, floor) : max(line - 1, floor)]
    opens = opening is not None and correction_words.CUES.match(text, opening.end()) is not None
    return line if line > floor and opens and len(before) < PROSE_MIN_CHARS else None
