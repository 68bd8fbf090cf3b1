"""Read the rows of a delimited load file as a stream of blocks.

    file  = [header] *row
    row   = field *(SEPARATOR field) (CR LF / LF / CR / end of file)
    field = QUALIFIER *(QUALIFIER QUALIFIER / other) QUALIFIER        line ends inside belong to the value
          / *(neither SEPARATOR nor line end)                         a qualifier inside is literal

Most rows are written alike: every field qualified, or none. `plain_splitter` parts those with methods of str. Any other row is read
by `RowScanner`, field by field; both give the same cells, which a property test shows against a machine of single characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles.delimiters import Delimiters

BLOCK_TRIES = 3  # blocks in vain before rows are no longer tried all at once
_PARTED = "(?:{q}([^{q}]*+(?:{q}{q}[^{q}]*+)*+){q}|(?!{q})([^{s}\r\n]*+)){s}"  # a field and the separator behind it
SWALLOWED_LINES_MAX = 100  # of a row with too few or too many columns, that are looked at for rows in it
_LINE_END = re.compile(r"\r\n|\n|\r")
ROW_MAX_CHARS = 64 << 20  # of one row: a qualifier that is never closed must not fill the memory


@dataclass(frozen=True, slots=True)
class Stray:
    """A qualifier inside a qualified value that neither ends it nor is doubled; it is kept as a character."""

    row: int  # 1-based, header included
    column: int  # 1-based


@dataclass(slots=True)
class RowBlock:
    """Rows that came with one block of text; cells as written, with the characters for line ends still in them."""

    first_row: int  # 1-based number of the first row, header included; empty lines are not counted
    rows: list[list[str]] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    unclosed: bool = False  # the last row's last value lacks its closing qualifier


class _IncompleteError(Exception):
    """The text ends before it is known where the row ends."""


def row_blocks(texts: Iterable[str], delimiters: Delimiters, width: int | None = None) -> Iterator[RowBlock]:
    """Yield a file's rows from its decoded text; raise InputProblem("too_large") for a row beyond `ROW_MAX_CHARS`.

    `width`: columns of a sound row; rows that a value without its closing qualifier has swallowed come out again by it.
    Memory stays at a few blocks of text and the longest row.
    """
    parser = _BlockParser(delimiters, width)
    pending, wanted = "", 0
    for text in texts:
        pending += text
        if len(pending) < wanted:
            continue
        block, rest = parser.parse(pending, final=False)
        wanted = 2 * len(rest)  # a long row is looked at again only when twice as much of it is there
        pending = rest
        if len(pending) > ROW_MAX_CHARS:
            raise InputProblem("too_large", f"row {parser.row} of the load file")
        if block.rows:
            yield block
    block, _ = parser.parse(pending, final=True)
    if block.rows:
        yield block


class _BlockParser:
    """Parts text into rows; keeps the number of the next row and the style of line ends."""

    def __init__(self, delimiters: Delimiters, width: int | None = None) -> None:
        self.scanner, self.split = RowScanner(delimiters), plain_splitter(delimiters)
        self.row, self._width = 1, width
        self._line_end = ""
        qualifier = delimiters.qualifier or ""
        self._qualifier, self._between = qualifier, f"{qualifier}{delimiters.separator}{qualifier}"
        self._row_end = f"{qualifier}\r\n{qualifier}"
        self._tries_left = BLOCK_TRIES if qualifier else 0

    def parse(self, text: str, *, final: bool) -> tuple[RowBlock, str]:
        """Return the complete rows of a text, and the text behind them."""
        block = RowBlock(first_row=self.row)
        line_end = self._line_end or self._style(text)
        position, length = self._alike(text, block), len(text)
        while position < length:
            if text[position] in "\r\n":  # an empty line, or the second half of CR LF
                position += 1
                continue
            end = text.find(line_end, position)
            line = text[position : end if end >= 0 else length]
            cells = self.split(line.removesuffix("\r"))
            if cells is not None and (end >= 0 or final):
                position = end + 1 if end >= 0 else length
            else:
                try:
                    cells, position = self._scanned(text, position, block, final=final)
                except _IncompleteError:
                    break
            block.rows.append(cells)
            self.row += 1
        return block, text[position:]

    def _alike(self, text: str, block: RowBlock) -> int:
        """Take all rows of a text at once, where every field is qualified and every row ends alike; return where they end.

        The same count of qualifiers as in `plain_splitter`, over all rows: any other row leaves some over, and nothing is taken.
        """
        end = text.rfind(self._row_end) if self._tries_left and text.startswith(self._qualifier) else -1
        if end < 1:
            return 0
        rows = [line.split(self._between) for line in text[1:end].split(self._row_end)]
        if text.count(self._qualifier, 0, end + 1) != 2 * sum(map(len, rows)):
            self._tries_left -= 1
            return 0
        block.rows = rows
        self.row += len(rows)
        return end + len(self._row_end) - 1

    def _style(self, text: str) -> str:
        r"""Return "\r" where a file has no other line ends, else "\n"; the choice costs speed alone."""
        if "\n" in text:
            self._line_end = "\n"
        return "\r" if "\n" not in text and "\r" in text[:-1] else "\n"

    def _scanned(self, text: str, position: int, block: RowBlock, *, final: bool) -> tuple[list[str], int]:
        scanned = self.scanner.scan(text, position, final=final)
        if self._width and len(scanned.cells) != self._width:
            scanned = self._without_swallowed(text, position, scanned, final=final)
        block.strays.extend(Stray(self.row, column) for column in scanned.stray_columns)
        block.unclosed = scanned.unclosed
        return scanned.cells, scanned.end

    def _without_swallowed(self, text: str, position: int, whole: ScannedRow, *, final: bool) -> ScannedRow:
        """Return a row up to the first line behind which a sound row begins: a value in it lacks its closing qualifier.

        A sound row begins with a qualifier, has all columns and no stray qualifier. Without one, `whole` is returned.
        """
        for found in islice(_LINE_END.finditer(text, position, whole.end), SWALLOWED_LINES_MAX):
            start = found.end()
            if not (self._qualifier and text.startswith(self._qualifier, start)):
                continue
            following = self.scanner.scan(text, start, final=final)
            if len(following.cells) == self._width and not following.stray_columns and not following.unclosed:
                row = self.scanner.scan(text[position : found.start()], 0, final=True)
                strays = [*row.stray_columns, *([len(row.cells)] if row.unclosed else [])]
                return ScannedRow(row.cells, start, strays, unclosed=False)
        return whole


def plain_splitter(delimiters: Delimiters) -> Callable[[str], list[str] | None]:
    r"""Return what parts a line all of whose fields are qualified, or none, into cells; it gives None for any other line.

    A line of n qualified fields has exactly 2 n qualifiers: the first and the last character, and those beside separators.

    >>> from thresher.service.discovery.loadfiles.delimiters import CONCORDANCE
    >>> split = plain_splitter(CONCORDANCE)
    >>> split("þABC001þ\x14þþ\x14þa\x14bþ"), split("ABC001\x14\x14"), split("þABC001þ\x14bare")
    (['ABC001', '', 'a\x14b'], ['ABC001', '', ''], None)
    """
    separator, qualifier = delimiters.separator, delimiters.qualifier
    between = f"{qualifier}{separator}{qualifier}"

    def split(line: str) -> list[str] | None:
        if qualifier is None or qualifier not in line:
            return None if "\r" in line or "\n" in line else line.split(separator)
        if line[0] != qualifier or line[-1] != qualifier or len(line) < 2:
            return None
        cells = line[1:-1].split(between)
        return cells if line.count(qualifier) == 2 * len(cells) else None

    return split


@dataclass(slots=True)
class ScannedRow:
    """One row, read field by field."""

    cells: list[str]
    end: int  # position behind the row's line end
    stray_columns: list[int]  # 1-based
    unclosed: bool


class RowScanner:
    """Reads one row field by field, as the grammar says."""

    def __init__(self, delimiters: Delimiters) -> None:
        """Build for one set of delimiters."""
        self._separator, self._qualifier = delimiters.separator, delimiters.qualifier
        separator = re.escape(delimiters.separator)
        self._bare_end = re.compile(f"[{separator}\r\n]")
        self._doubled = 2 * (delimiters.qualifier or "")
        self._parted = re.compile(_PARTED.format(q=re.escape(delimiters.qualifier or "\0"), s=separator))

    def scan(self, text: str, position: int, *, final: bool) -> ScannedRow:
        """Return the row that begins at a position; raise _IncompleteError where more text is needed."""
        row = ScannedRow([], position, [], unclosed=False)
        while True:
            self._take_parted(text, row)
            row.cells.append(self._field(text, row, final=final))
            if row.end < len(text) and text[row.end] == self._separator:
                row.end += 1
                continue
            row.end = _behind_line_end(text, row.end, final=final)
            return row

    def _take_parted(self, text: str, row: ScannedRow) -> None:
        """Take the fields that are sound and have a separator behind them; move the row's end behind the last of these."""
        while found := self._parted.match(text, row.end):
            value = found[1]
            if value is None:
                value = found[2]
            elif self._doubled and self._doubled in value:
                value = value.replace(self._doubled, str(self._qualifier))
            row.cells.append(value)
            row.end = found.end()

    def _field(self, text: str, row: ScannedRow, *, final: bool) -> str:
        """Return a field's value and move the row's end behind it."""
        start = row.end
        if self._qualifier and text.startswith(self._qualifier, start):
            return self._qualified(text, row, final=final)
        found = self._bare_end.search(text, start)
        if found is None and not final:
            raise _IncompleteError
        row.end = found.start() if found else len(text)
        return text[start : row.end]

    def _qualified(self, text: str, row: ScannedRow, *, final: bool) -> str:
        """Return a qualified value: a doubled qualifier is one, a stray one is kept and noted."""
        qualifier, start = str(self._qualifier), row.end + 1
        parts: list[str] = []
        closing = {self._separator, "\r", "\n", ""}
        position = start
        while (position := text.find(qualifier, position)) >= 0:
            following = text[position + 1 : position + 2]
            if not following and not final:
                raise _IncompleteError
            if following in closing:
                row.end = position + 1
                return "".join([*parts, text[start:position]])
            parts.append(text[start : position + 1])
            position = start = position + (2 if following == qualifier else 1)
            if following != qualifier:
                row.stray_columns.append(len(row.cells) + 1)
        if not final:
            raise _IncompleteError
        row.end, row.unclosed = len(text), True
        return "".join([*parts, text[start:]])


def _behind_line_end(text: str, position: int, *, final: bool) -> int:
    """Return the position behind CR LF, LF or CR."""
    if text.startswith("\n", position):
        return position + 1
    if position >= len(text) - 1 and not final:
        raise _IncompleteError  # a CR may be the first half of CR LF
    return min(position + (2 if text.startswith("\r\n", position) else 1), len(text))
