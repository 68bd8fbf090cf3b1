"""Find ranges of an XLSX sheet that are stored after its rows: merged ranges, and ranges with other colours.

Rows are streamed, so the part is searched once before, as bytes.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import lru_cache

from thresher.service.readers.archives.zip_package import Package
from thresher.service.readers.office.sheet_rows import Cell
from thresher.service.readers.text_marks import is_label

_MERGED = re.compile(rb"<(?:\w+:)?mergeCell [^>]*?ref=[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})[\"']")
_COLOURED = re.compile(rb"<(?:\w+:)?conditionalFormatting [^>]*?sqref=[\"']([^\"']{1,2000})[\"']")
_CONTROL = re.compile(rb"<(?:\w+:)?control [^>]*?shapeId=[\"'](\d{1,9})[\"'][^>]*?\bid=[\"'](\w{1,40})[\"']")
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?")
_LATE = (_MERGED, _COLOURED, _CONTROL)
_PIECE_BYTES = 1 << 20
_OVERLAP_BYTES = 2_200  # bytes of a piece that are searched again with the next one
_MAX_RANGES = 100_000

Range = tuple[int, int, int, int]  # first column, first row, last column, last row; columns 0-based, rows 1-based


@dataclass(slots=True)
class SheetRanges:
    """Ranges of one sheet, and the labels of merged ranges that are open while its rows are read."""

    merged: dict[int, list[Range]] = field(default_factory=dict)  # by first row
    colours: list[Range] = field(default_factory=list)
    controls: dict[int, str] = field(default_factory=dict)  # relationship of each control, by its shape's number
    _open: list[tuple[Range, str]] = field(default_factory=list)
    _row: int = 0  # the last one that was asked about
    _here: list[Range] = field(default_factory=list)  # merged ranges of that row
    _anchors: dict[Range, str] = field(default_factory=dict)  # the text in the first cell of such a range

    def coloured(self, row: int, column: int) -> bool:
        """Whether a table or a condition may set the background colour of a cell."""
        return any(a <= column <= c and b <= row <= d for a, b, c, d in self.colours)

    def _merged_at(self, row: int, column: int) -> Range | None:
        """Return the merged range of a cell. Rows are asked about in order."""
        if not self.merged:
            return None
        if row != self._row:
            begun = [r for first in self._starts(row) for r in self.merged[first]]
            self._here = [r for r in (*self._here, *begun) if r[3] >= row]
            self._anchors = {r: text for r, text in self._anchors.items() if r[3] >= row}
            self._row = row
        return next((r for r in self._here if r[0] <= column <= r[2]), None)

    def _starts(self, row: int) -> list[int]:
        """Return the first rows of ranges up to a row, from the last one that was asked about."""
        if row - self._row < len(self.merged):
            return [first for first in range(self._row + 1, row + 1) if first in self.merged]
        return [first for first in self.merged if self._row < first <= row]

    def covers(self, row: int, column: int) -> bool:
        """Whether a cell lies under a merged cell, which alone is shown."""
        found = self._merged_at(row, column)
        return found is not None and (column, row) != found[:2]

    def note_text(self, row: int, column: int, text: str) -> None:
        """Keep the text of a merged cell."""
        found = self._merged_at(row, column)
        if found is not None and (column, row) == found[:2]:
            self._anchors[found] = text

    def repeats(self, row: int, column: int, text: str) -> bool:
        """Whether a covered cell holds the text of the merged cell above it, so that nothing is hidden."""
        found = self._merged_at(row, column)
        return found is not None and (column, row) != found[:2] and self._anchors.get(found) == text

    def with_labels(self, row: int, cells: list[Cell]) -> list[Cell]:
        """Return a row's cells with the labels of merged ranges that span it."""
        if not self.merged:
            return cells
        self._open = [(r, label) for r, label in self._open if r[3] >= row]
        filled = {cell.column for cell in cells}
        found = cells + [Cell(r[0], label) for r, label in self._open if r[0] not in filled]
        starting = {r[0]: r for r in self.merged.get(row, ())}
        for cell in cells:
            if cell.column in starting and is_label(cell.text, cell.column):
                self._open.append((starting[cell.column], cell.text))
        return sorted(found, key=lambda cell: cell.column) if len(found) > len(cells) else cells


def scan(package: Package, part: str) -> SheetRanges:
    """Return the ranges of a sheet's part and of its tables."""
    marks = SheetRanges()
    for pattern, found in _matches(package, part):
        if pattern is _CONTROL:
            shape, _, key = found.decode("ascii", "replace").partition(" ")
            marks.controls[int(shape)] = key
            continue
        for r in ranges(found.decode("ascii", "replace")):
            if pattern is _COLOURED:
                marks.colours.append(r)
            else:
                marks.merged.setdefault(r[1], []).append(r)
    for link in package.links(part).values():
        root = package.xml(link.target) if link.type == "table" else None
        if root is not None:
            marks.colours += ranges(root.get("ref", ""))
    return marks


def _matches(package: Package, part: str) -> list[tuple[re.Pattern[bytes], bytes]]:
    """Return (pattern, match) for each range or control in the bytes of a part, without repeats."""
    found: dict[tuple[re.Pattern[bytes], bytes], None] = {}
    stored, rest = package.names.get(part.lower()), b""
    if stored is None:
        return []
    try:
        with package.archive.open(stored) as file:
            while (piece := file.read(_PIECE_BYTES)) and len(found) < _MAX_RANGES:
                piece = rest + piece
                if any(name in piece for name in (b"mergeCell", b"conditionalFormatting", b"control ")):
                    found |= {(p, b" ".join(m.groups())): None for p in _LATE for m in p.finditer(piece)}
                rest = piece[-_OVERLAP_BYTES:]
    except (zipfile.BadZipFile, zlib.error, EOFError):
        pass  # damage is reported when the rows are read
    return list(found)


def ranges(text: str) -> list[Range]:
    """Return the ranges of a reference.

    >>> ranges("A2:B5 $C$7")
    [(0, 2, 1, 5), (2, 7, 2, 7)]
    """
    return [
        (column_of(a, 0), int(b), column_of(c or a, 0), int(d or b))
        for a, b, c, d in _RANGE.findall(text)[:_MAX_RANGES]
    ]


def column_of(reference: str | None, following: int) -> int:
    """Return the 0-based column of a cell reference; `following` where it names none."""
    letters = (reference or "").replace("$", "").rstrip("0123456789")
    return _letters_index(letters) if letters else following


@lru_cache(maxsize=1024)
def _letters_index(letters: str) -> int:
    index = 0
    for letter in letters.upper():
        index = 26 * index + ord(letter) - 64
    return min(max(index - 1, 0), 16_383)  # the last column of a sheet is XFD
