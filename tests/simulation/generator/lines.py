"""Lines: records, totals and notes as a layout prints them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Literal

from tests.simulation.generator.kinds import AnyKind
from tests.simulation.generator.layout import Layout
from tests.simulation.generator.nouns import Column, Note, Row, Total, Value
from tests.simulation.generator.printed import show

SENTENCE, NOTE = 100, 96  # characters a line of prose
WIDEST_DATE = date(2024, 9, 30)
_SLOT = re.compile(r"\{(\w+)(?::([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand together; `row` where they are a record."""

    lines: list[str]
    row: int | None = None
    apart: bool = False  # blank lines round it


class Setter:
    """Sets the records of one document."""

    def __init__(self, kind: AnyKind, layout: Layout) -> None:
        """The order of columns is drawn here."""
        self.kind, self.layout = kind, layout
        self.columns = ordered(kind, layout)
        self.names = [c.name for c in self.columns]
        self._at = self.names.index(kind.wrapped) if kind.wrapped in self.names else 0
        self._sentence = _clauses(getattr(kind, "prose", ""))

    def titles(self) -> list[str]:
        """The names of the columns, and maybe a rule."""
        names = [c.titles[self.layout.language % len(c.titles)] for c in self.columns]
        line = self._line(names)
        ruled = self.layout.separator == "pipe" or (self.layout.separator == "aligned" and self.layout.order % 2 == 0)
        rule = "|" + "---|" * len(names) if self.layout.separator == "pipe" else "-" * len(line)
        return [line, rule] if ruled else [line]

    def row(self, row: Row) -> Block:
        """A record."""
        shown = self.shown(row.values)
        if self.layout.separator == "prose":
            text = "".join(_clause(c, shown) for c in self._sentence)
            return Block(wrapped(text, SENTENCE) if self.layout.wraps else [text], row.index)
        return Block(list(self._broken(shown)), row.index)

    def shown(self, values: dict[str, Value]) -> dict[str, str]:
        """Values as printed, by column; "" for what is not there."""
        return {c.name: show(values.get(c.name), self.layout, signed=c.kind == "signed") for c in self.columns}

    def total(self, total: Total) -> Block:
        """A line of sums."""
        return Block([self.sums(total.values)], None)

    def sums(self, values: dict[str, Value]) -> str:
        """A line of sums, set like a record."""
        shown = self.shown(values)
        if self.layout.separator == "prose":
            return " ".join(s for n, s in shown.items() if s and n != "booked")
        return self._line([shown[n] for n in self.names])

    def carried(self, running: dict[str, Value], *, brought: bool) -> str:
        """The line of running sums at the foot or the head of a page; "" where the layout has none."""
        sums = {n: v for n, v in running.items() if n in self.names}
        sums = {n: v for n, v in sums.items() if n != "amount" or "balance" not in sums}
        if not sums or not self.layout.carried:
            return ""
        words = ("Carried forward", "Balance carried forward", "Übertrag auf Folgeseite")[self.layout.language]
        if brought:
            words = ("Brought forward", "Balance brought forward", "Übertrag von Vorseite")[self.layout.language]
        return self.sums({self.kind.wrapped: words, **sums})

    def _broken(self, shown: dict[str, str]) -> Iterator[str]:
        """The lines of a record set in columns."""
        text = shown[self.kind.wrapped]
        breaks = self.layout.wraps or self.layout.separator == "aligned"
        parts = wrapped(text, self.layout.width) if breaks else [text]
        for i, part in enumerate(parts):
            first, last = i == 0, i == len(parts) - 1
            right = last if self.layout.late else first
            cells = [
                part if j == self._at else shown[n] if (first if j < self._at else right) else ""
                for j, n in enumerate(self.names)
            ]
            yield self._line(cells)

    def _line(self, cells: list[str]) -> str:
        separator = self.layout.separator
        if separator == "pipe":
            return "| " + " | ".join(cells) + " |"
        if separator == "tab":
            return "\t".join(cells).rstrip("\t")
        if separator == "semicolon":
            return ";".join(cells)
        if separator == "prose":
            return ", ".join(cells)
        return "  ".join(self._padded(c, s) for c, s in zip(self.columns, cells, strict=True)).rstrip()

    def _padded(self, column: Column, cell: str) -> str:
        width = self._width(column)
        return cell.rjust(width) if column.kind in {"money", "signed", "count"} else cell.ljust(width)

    def _width(self, column: Column) -> int:
        if column.name == self.kind.wrapped:
            return self.layout.width
        if column.kind == "date":
            return max(len(show(WIDEST_DATE, self.layout)), 12)
        return column.width


def ordered(kind: AnyKind, layout: Layout) -> list[Column]:
    """Columns in the order of a layout: its key before the text that may go on, equal kinds in the target's order."""
    columns = [c for c in kind.columns if layout.balance or c.name != kind.optional]
    if not layout.order or kind.wrapped not in [c.name for c in columns] or kind.wrapped == "words":
        return columns
    random = Random(layout.order)
    while True:
        drawn = random.sample(columns, len(columns))
        names = [c.name for c in drawn]
        if names.index(kind.key) < names.index(kind.wrapped) and _keeps(columns, drawn):
            return drawn


def _keeps(columns: list[Column], drawn: list[Column]) -> bool:
    """Whether columns that look alike keep their order: sums, and texts."""
    for alike in ({"money", "signed"}, {"text"}, {"date"}):
        if [c.name for c in columns if c.kind in alike] != [c.name for c in drawn if c.kind in alike]:
            return False
    return True


def wrapped(text: str, width: int) -> list[str]:
    """Text in lines of at most `width` characters, broken at blanks."""
    if len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def note(item: Note) -> Block:
    """A paragraph of its own."""
    return Block(wrapped(item.text, NOTE), None, apart=True)


Clause = str | tuple[str, str] | tuple[Literal[""], str]


def _clauses(template: str) -> list[tuple[str, str]]:
    """(words, name of a column) pairs of a sentence; the words of an optional one begin with `?`."""
    found, end = [], 0
    for match in _SLOT.finditer(template):
        found.append((template[end : match.start()], ""))
        found.append((match[2] or "", match[1]))
        end = match.end()
    return [*found, (template[end:], "")]


def _clause(clause: tuple[str, str], shown: dict[str, str]) -> str:
    words, name = clause
    if not name:
        return words
    value = shown.get(name, "")
    return f"{words}{value}" if value else ""
