"""Write tables as CSV files: UTF-8, one file a table, values as the document writes them, formulas inert."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from thresher.service.exports.cells import text_of
from thresher.service.exports.columns import Column, Table
from thresher.service.exports.files import PartFiles, file_stems
from thresher.service.exports.rows import Row

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # OWASP, CSV injection
NUMBERS = {"integer", "number", "decimal"}


class CsvTables:
    """One CSV file for each table; `bom` marks them as UTF-8 for Excel."""

    def __init__(self, out: Path, tables: tuple[Table, ...], *, bom: bool = False) -> None:
        """Begin the files in a folder. Raises OSError."""
        self._files = PartFiles()
        self._open = ExitStack()
        self._writers = {}
        for table, stem in file_stems(tables).items():
            part = self._files.part(out / f"{stem}.csv")
            stream = self._open.enter_context(
                part.open("w", newline="", encoding="utf-8-sig" if bom else "utf-8", errors="replace")
            )
            self._writers[table] = csv.writer(stream)  # cells know their columns: a number is no formula
            self._writers[table].writerow([inert(c.name) for c in table.columns])

    def write(self, table: Table, row: Row) -> None:
        """Add a row."""
        cells = [_cell(c, v) for c, v in zip(table.columns, row.cells, strict=True)]
        cells[-1] = inert("; ".join(row.notes))
        self._writers[table].writerow(cells)

    def close(self) -> list[Path]:
        """Finish the files under their names; return them."""
        self._open.close()
        return self._files.finish()

    def discard(self) -> None:
        """Delete what was begun."""
        self._open.close()
        self._files.discard()


class InertCsv:
    """Write rows of which no cell is a formula. Every CSV that is not a table of Results is written with it."""

    def __init__(self, stream: TextIO, *, line_end: str = "\r\n") -> None:
        """Take the file."""
        self._writer = csv.writer(stream, lineterminator=line_end)

    def writerow(self, cells: Iterable[object]) -> None:
        """Add a row; a text that a spreadsheet would run has a quote before it."""
        self._writer.writerow([inert_text(c) if isinstance(c, str) else c for c in cells])

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        """Add rows."""
        for row in rows:
            self.writerow(row)


def inert_text(text: str) -> str:
    """Return a text that a spreadsheet would run, and that is no number, with a quote before it.

    >>> inert_text("-1+1"), inert_text("-1.5")
    ("'-1+1", '-1.5')
    """
    return text if _is_number(text) else inert(text)


def _cell(column: Column, value: Any) -> str:
    """Return the text of a cell. A number that is one begins no formula."""
    text = text_of(value)
    plain = isinstance(value, int | float) or (column.kind in NUMBERS and _is_number(text))
    return text if plain else inert(text)


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isascii() and text.lstrip("-").replace(".", "", 1).isdigit()


def inert(text: str) -> str:
    """Return a text that a spreadsheet would run as a formula with a quote before it.

    >>> inert("=1+1"), inert("a=b")
    ("'=1+1", 'a=b')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
