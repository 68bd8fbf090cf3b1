"""Tables as wide as the terminal, as text without trailing spaces."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTHS = (60, 200)  # characters: the least and the most that a table is made for
GAP = 2  # characters between two columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    align: Literal["left", "right"] = "left"
    long: Literal["wrap", "cut"] = "wrap"  # what happens to a text that is too long for the screen
    spare: int = 0  # where not all columns fit: those with the highest number go first; 0: it stays


def width() -> int:
    """Return the characters of a line: the terminal's, COLUMNS, or 80 where nobody says."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, WIDTHS[0]), WIDTHS[1])


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], within: int | None = None) -> str:
    """Return a table with a line of names, at most `within` characters wide (default: the terminal's)."""
    room = within or width()
    kept = _fitting(columns, rows, room)
    grid = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for i in kept:
        column = columns[i]
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if column.long == "cut" else "fold"
        least = max(len(column.name), *(len(row[i]) for row in rows), 0) if column.align == "right" else None
        cut = column.long == "cut"
        grid.add_column(Text(column.name), justify=column.align, no_wrap=cut, overflow=overflow, min_width=least)
    for row in rows:
        grid.add_row(*(Text(row[i]) for i in kept))
    stream = io.StringIO()
    Console(file=stream, width=room, no_color=True, color_system=None).print(grid)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return which columns are shown: all, or without as many spare ones as it takes."""
    wide = [max(len(c.name), *(len(row[i]) for row in rows), 0) for i, c in enumerate(columns)]
    kept = list(range(len(columns)))
    for i in sorted((i for i in kept if columns[i].spare), key=lambda i: -columns[i].spare):
        if sum(wide[k] + GAP for k in kept) - GAP <= room:
            break
        kept.remove(i)
    return kept
