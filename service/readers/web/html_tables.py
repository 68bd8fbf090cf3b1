"""Read tables of an HTML page, and separate tables of records from those used for layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, takewhile

from thresher.schemas.document import BlockKind, Document
from thresher.service.readers.placed_pictures import PlacedPicture
from thresher.service.readers.text_marks import is_label

_SPAN_MAX = 100  # columns or rows that one cell may span
_PADDED_MAX_COLUMNS = 60  # columns up to which short rows get empty last cells
_SPANNED_MAX_COLUMNS = 300  # columns up to which spans count: limits tables of empty spans


@dataclass(frozen=True, slots=True)
class CellPicture:
    """A picture whose words stand in a cell of a table."""

    picture: PlacedPicture
    row: int  # 0-based, as the column
    column: int
    offset: int  # of its words in the cell's text, whose white space is single blanks

    def mark(self, document: Document) -> None:
        """Record where its words stand in the table written last."""
        start, _, _ = document.tables[-1].cells(self.row)[self.column]
        self.picture.mark(document, start + self.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One future Block: text, the rows of a table, or the words of a picture."""

    text: str = ""
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    quote: int = 0  # depth of quotation; 0 for none
    rows: list[list[str]] = field(default_factory=list)
    header_rows: int = 0
    cell_pictures: list[CellPicture] = field(default_factory=list)  # of a table
    picture: PlacedPicture | None = None  # whose line is the text


@dataclass(slots=True)
class Cell:
    """One table cell; `pieces` grows while its content is read."""

    pieces: list[Piece] = field(default_factory=list)
    columns: int = 1
    rows: int = 1
    heads: bool = False

    @property
    def text(self) -> str:
        """Return its text, one Piece a line."""
        return "\n".join(p.text for p in self.pieces)

    def pictures(self, row: int, column: int) -> Iterator[CellPicture]:
        """Yield its pictures, for its place in the grid."""
        for i, piece in enumerate(self.pieces):
            if piece.picture is not None:
                before = " ".join(" ".join(p.text for p in self.pieces[:i]).split())
                yield CellPicture(piece.picture, row, column, len(before) + bool(before))

    @property
    def is_simple(self) -> bool:
        """Whether it could be a record's field: short, or one or two paragraphs; no table inside."""
        if len(self.pieces) > 8 or any(p.rows for p in self.pieces):
            return False
        length = sum(len(p.text) for p in self.pieces)
        return length <= 400 or (length <= 2000 and len(self.pieces) <= 2)


@dataclass(slots=True)
class TableBuilder:
    """A table being read. `stray` takes text outside its cells, such as the caption."""

    outer: Cell
    quote: int
    rows: list[list[Cell]] = field(default_factory=list)
    foot: list[list[Cell]] = field(default_factory=list)  # rows that are shown last, wherever they are written
    in_foot: bool = False
    stray: Cell = field(default_factory=Cell)

    def open_row(self) -> None:
        """Begin a row."""
        (self.foot if self.in_foot else self.rows).append([])

    def end_foot(self) -> None:
        """End the group of rows that are shown last; a second such group is shown where it is written."""
        self.in_foot = False

    def open_cell(self, attributes: dict[str, str | None], *, heads: bool) -> Cell:
        """Begin a cell of the current row."""
        rows = self.foot if self.in_foot else self.rows
        if not rows:
            self.open_row()
        to_end = (attributes.get("rowspan") or "").strip() == "0"
        cell = Cell(
            columns=_span(attributes, "colspan"),
            rows=_SPAN_MAX if to_end else _span(attributes, "rowspan"),
            heads=heads,
        )
        rows[-1].append(cell)
        return cell

    def pieces(self) -> list[Piece]:
        """Return the finished table: as one table, or in pieces where it is (partly) layout."""
        self.rows += self.foot
        rows = [row for row in self.rows if any(cell.pieces for cell in row)]
        body = [self._table(self.rows)] if _holds_records(rows) else self._layout_pieces(rows)
        return self.stray.pieces + body if self.stray.pieces else body

    def _layout_pieces(self, rows: list[list[Cell]]) -> list[Piece]:
        if len(rows) == 1 and len(rows[0]) == 1:
            return rows[0][0].pieces
        found: list[Piece] = []
        for is_record, group in groupby(rows, _is_record):
            if is_record:
                found.append(self._table(list(group)))
            else:
                found.extend(piece for row in group for cell in row for piece in cell.pieces)
        return found

    def _table(self, rows: list[list[Cell]]) -> Piece:
        filled = [row for row in rows if any(cell.pieces for cell in row)]
        heads = sum(1 for _ in takewhile(lambda row: all(c.heads for c in row if c.pieces), filled))
        pictures: list[CellPicture] = []
        return Piece(
            kind=BlockKind.TABLE,
            rows=[list(cells) for cells in _grid(rows, pictures)],
            header_rows=heads if heads < len(filled) else 0,
            quote=self.quote,
            cell_pictures=pictures,
        )


def _span(attributes: dict[str, str | None], name: str) -> int:
    value = (attributes.get(name) or "").strip()
    return max(1, min(int(value), _SPAN_MAX)) if value.isascii() and value.isdecimal() and len(value) < 9 else 1


def _is_record(row: list[Cell]) -> bool:
    """Whether a row could be a record: two or more filled cells, all of them simple."""
    return sum(1 for cell in row if cell.pieces) > 1 and all(cell.is_simple for cell in row)


def _holds_records(rows: list[list[Cell]]) -> bool:
    return sum(map(_is_record, rows)) > 1 and all(cell.is_simple for row in rows for cell in row)


def _grid(rows: list[list[Cell]], pictures: list[CellPicture]) -> Iterator[list[str]]:
    """Return cell texts by column, equally many in each row, of the rows with text; add the pictures in cells.

    A label that spans rows is repeated in each of them; a cell that spans columns is followed by empty cells.
    """
    carried: dict[int, tuple[int, str]] = {}  # column: rows still covered from above, and the label
    filled: list[list[str]] = []
    for row in rows:
        texts: list[str] = []
        below: dict[int, tuple[int, str]] = {}
        for cell in row:
            _repeat_carried(texts, carried)
            at, text = len(texts), cell.text
            pictures += cell.pictures(len(filled), at)
            for column in range(at, min(at + cell.columns, _SPANNED_MAX_COLUMNS) if cell.rows > 1 else at):
                below[column] = cell.rows, text if column == at and is_label(text, column) else ""
            texts += [text, *[""] * (min(cell.columns, _SPANNED_MAX_COLUMNS - at) - 1)]
        _repeat_carried(texts, carried)
        carried = {column: (left - 1, text) for column, (left, text) in {**carried, **below}.items() if left > 1}
        while texts and not texts[-1]:
            texts.pop()
        if any(cell.pieces for cell in row):
            filled.append(texts)
    width = min(max(map(len, filled), default=0), _PADDED_MAX_COLUMNS)
    return (texts + [""] * (width - len(texts)) for texts in filled)


def _repeat_carried(texts: list[str], carried: dict[int, tuple[int, str]]) -> None:
    """Append the labels of cells above that span the next columns."""
    while len(texts) in carried:
        texts.append(carried[len(texts)][1])
