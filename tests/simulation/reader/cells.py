"""Cells: what one printed line holds, by its writing alone: dates, sums, codes, choices, and text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.words import VOCABULARY

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_NAMED = {name[:n]: i for i, name in enumerate(MONTHS, 1) for n in (3, len(name))}
_WORD = "|".join(sorted(_NAMED, key=len, reverse=True))
DATE = rf"\d{{4}}-\d\d-\d\d(?: 00:00:00)?|\d\d[./]\d\d[./]\d{{4}}|\d\d (?:{_WORD}) \d{{4}}|(?:{_WORD}) \d\d, \d{{4}}"
FIGURE = r"(?:\d{1,3}(?:[.,'’]\d{3})+|\d+)[.,]\d\d"
SUM = rf"[+\-−]?{FIGURE}(?:[+\-−](?!\d)| (?:CR|DR|S|H)\b)?"
COUNT = r"\d{1,3}(?:[.,'’]\d{3})+|\d+"
_SPLIT = re.compile(r" {2,}|\t+")
_WORDS = re.compile(r"[^\W\d_]+")
KNOWN = 0.6  # of a text's words must be words that such texts have


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a line and what it looks like."""

    kind: str  # date, code, choice, signed, money, count, text
    text: str


@cache
def typed(kind: str) -> re.Pattern[str]:
    """What a cell of a kind of document may be if it is no text."""
    columns = KINDS[kind].columns
    codes = "|".join(c.pattern for c in columns if c.kind == "code") or "(?!)"
    choices = "|".join(c.pattern for c in columns if c.kind == "choice") or "(?!)"
    counts = COUNT if any(c.kind == "count" for c in columns) else "(?!)"
    return re.compile(
        rf"(?P<date>{DATE})|(?P<code>{codes})|(?P<choice>{choices})|(?P<sum>{SUM})|(?P<count>{counts})(?![.,]?\d)"
    )


def cells(line: str, kind: str) -> list[Cell]:
    """The cells of a line, empty ones left out."""
    return [cell for piece in pieces(line) for cell in _cells(piece, typed(kind))]


def pieces(line: str) -> list[str]:
    """A line parted where its columns are."""
    line = line.strip()
    if "|" in line:
        parts = line.strip("|").split("|")
    elif "\t" not in line and line.count(";") >= 2:
        parts = line.split(";")
    else:
        parts = _SPLIT.split(line)
    return [p for part in parts if (p := part.strip())]


def _cells(piece: str, pattern: re.Pattern[str]) -> list[Cell]:
    """A piece as one cell, or as several where typed ones stand at its ends."""
    if whole := pattern.fullmatch(piece):
        return [_cell(whole)]
    for blank in re.finditer(" ", piece):
        halves = pattern.fullmatch(piece, 0, blank.start()), pattern.fullmatch(piece, blank.end())
        if halves[0] and halves[1]:
            return [_cell(halves[0]), _cell(halves[1])]
    before: list[Cell] = []
    after: list[Cell] = []
    while (match := pattern.match(piece)) and match.lastgroup != "count" and piece[match.end() :].startswith(" "):
        before.append(_cell(match))
        piece = piece[match.end() :].lstrip()
    while (found := _last(piece, pattern)) is not None:
        after.insert(0, _cell(found))
        piece = piece[: found.start()].rstrip()
    return [*before, *([Cell("text", piece)] if piece else []), *after]


def _last(piece: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """A typed cell at the end of a piece; never a bare count, which may belong to the text."""
    for begin in (m.end() for m in re.finditer(" ", piece)):
        match = pattern.fullmatch(piece, begin)
        if match and match.lastgroup in {"sum", "date"}:
            return match
    whole = pattern.fullmatch(piece)
    return whole if whole and whole.lastgroup != "count" else None


def _cell(match: re.Match[str]) -> Cell:
    kind = match.lastgroup or "text"
    if kind == "sum":
        kind = "signed" if match[0][0] in "+-−" or not match[0][-1].isdigit() else "money"
    return Cell(kind, match[0])


def read_date(text: str) -> str:
    """A printed date in ISO form; the day first where it is all figures."""
    if text[4] == "-":
        return text[:10]
    if text[2] in "./":
        return f"{text[6:]}-{text[3:5]}-{text[:2]}"
    first, second, year = text.replace(",", "").split()
    day, month = (first, second) if first.isdigit() else (second, first)
    return date(int(year), _NAMED[month], int(day)).isoformat()


def read_sum(text: str) -> Decimal:
    """A printed sum with its sign."""
    figures = "".join(c for c in text if c.isdigit())
    value = Decimal(figures[:-2] + "." + figures[-2:])
    return -value if text[0] in "-−" or text[-1] in "-−S" or text.endswith("DR") else value


def read_count(text: str) -> int:
    """A printed whole number."""
    return int("".join(c for c in text if c.isdigit()))


def is_known(text: str) -> bool:
    """Whether a text is made of the words that records are made of."""
    words = _WORDS.findall(text)
    return sum(w.lower() in VOCABULARY or len(w) == 1 for w in words) >= KNOWN * len(words)
