"""Tables as wide as the terminal, as text without trailing spaces."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTHS = (60, 200)  # characters: the least and the most that a table is made for
LEAST = 8  # characters that stay of a text that is cut
GAP = 2  # characters between two columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    align: Literal["left", "right"] = "left"
    long: Literal["wrap", "cut"] = "wrap"  # what happens to a text that is too long for the screen
    spare: int = 0  # where not all columns fit: those with the highest number go first; 0: it stays


def width() -> int:
    """Return the characters of a line: the terminal's, or COLUMNS; the most, where a program reads the output."""
    return min(max(shutil.get_terminal_size((WIDTHS[1], 24)).columns, WIDTHS[0]), WIDTHS[1])


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], within: int | None = None) -> str:
    """Return a table with a line of names, at most `within` characters wide (default: the terminal's)."""
    room = within or width()
    wide = [max(len(c.name), *(len(row[i]) for row in rows), 0) for i, c in enumerate(columns)]
    kept = _fitting(columns, wide, room)
    over = sum(wide[k] + GAP for k in kept) - GAP - room
    grid = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for i in kept:
        column = columns[i]
        is_cut = column.long == "cut"
        shown = max(wide[i] - max(over, 0), len(column.name), LEAST) if is_cut else None
        over -= wide[i] - (shown or wide[i])
        least = wide[i] if column.align == "right" else None
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if is_cut else "fold"
        options: dict[str, Any] = {"no_wrap": is_cut, "overflow": overflow, "min_width": least, "max_width": shown}
        grid.add_column(Text(column.name), justify=column.align, **options)
    for row in rows:
        grid.add_row(*(Text(row[i]) for i in kept))
    stream = io.StringIO()
    Console(file=stream, width=room, no_color=True, color_system=None).print(grid)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def _fitting(columns: Sequence[Column], wide: Sequence[int], room: int) -> list[int]:
    """Return which columns are shown: all, or without as many spare ones as it takes."""
    kept = list(range(len(columns)))
    for i in sorted((i for i in kept if columns[i].spare), key=lambda i: -columns[i].spare):
        if sum(wide[k] + GAP for k in kept) - GAP <= room:
            break
        kept.remove(i)
    return kept
