"""Write the lines of one page into a Document, in reading order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

from thresher.schemas.document import NO_CONFIDENCE, Box, DocumentBuilder
from thresher.service.layout.columns import regions_in_reading_order
from thresher.service.layout.directions import in_reading_order, runs_right_to_left
from thresher.service.layout.frame import Fragment, Frame, Word, frame_of, runs_along, union_box
from thresher.service.layout.paragraphs import Paragraph, body_height, paragraphs_of
from thresher.service.layout.rows import Row, rows_of, split_at_wide_gaps
from thresher.service.layout.tables import Grid, header_rows, tables_of
from thresher.service.ocr.base import PrintedLine

MAX_HULL_HEIGHT = 1.6  # in heights of its words: a line with a taller hull is cut in two


def write_page(
    builder: DocumentBuilder, lines: list[PrintedLine], *, width: float, height: float, scale: float
) -> None:
    """Write one page: its text, Blocks, lines and words.

    The caller has begun the page with `builder.page`. `width` and `height` are those of the image that was read, in
    pixels like the boxes of `lines`; `scale` is points a pixel. The page may be turned or skewed: boxes stay those of the given image. A line that is not level in it is
    written as several, each with a box around its own words only. Lines without words are left out.
    """
    lines = [line for line in lines if line.words]
    page = _Page(builder, max(len(builder.document.pages), 1), scale, (width, height))
    frame = frame_of(lines)
    level = [_fragments(line, frame) for line in lines if runs_along(line, frame)]
    found = [rows_of(region) for region in regions_in_reading_order([f for parts in level for f in parts])]
    body = body_height([row for rows in found for row in rows])
    for rows in found:
        _write_region(page, rows, body)
    for line in lines:
        if not runs_along(line, frame):
            own = frame_of([line])
            _write_region(page, rows_of(_fragments(line, own)), body)


def _fragments(line: PrintedLine, frame: Frame) -> list[Fragment]:
    """Return the fragments of a line, with boxes in the frame and on the page."""
    words = [Word(w.text, frame.level(w.box), w.box, w.confidence) for w in line.words]
    if runs_right_to_left(word.text for word in words):
        words.sort(key=lambda word: word.box[0])
    return split_at_wide_gaps(words)


def _as_read(row: Row) -> Row:
    """Return a row with its cells and words in their order of reading."""
    if not runs_right_to_left(word.text for cell in row.cells for word in cell.words):
        return row
    cells = [replace(cell, words=tuple(in_reading_order(cell.words))) for cell in row.cells]
    return Row(tuple(in_reading_order(cells)))


@dataclass(frozen=True, slots=True)
class _Page:
    """The Document being written, and the page's number, scale and size."""

    builder: DocumentBuilder
    number: int  # 1-based
    scale: float  # points a pixel
    size: tuple[float, float]  # width and height in pixels

    def points(self, box: Box) -> Box:
        """Return a box in points, clipped to the page."""
        (width, height), s = self.size, self.scale
        x0, x1 = (min(max(v, 0.0), width) * s for v in (box[0], box[2]))
        y0, y1 = (min(max(v, 0.0), height) * s for v in (box[1], box[3]))
        return x0, y0, x1, y1


def _write_region(page: _Page, rows: list[Row], body: float) -> None:
    """Write the tables of a region, and the paragraphs between them."""
    at = 0
    for grid in tables_of(rows):
        _write_paragraphs(page, paragraphs_of(rows[at : grid.first], body))
        _write_table(page, rows[grid.first : grid.last], grid)
        at = grid.last
    _write_paragraphs(page, paragraphs_of(rows[at:], body))


def _write_paragraphs(page: _Page, paragraphs: list[Paragraph]) -> None:
    """Write each paragraph as a Block, with its lines and words."""
    for one in paragraphs:
        rows = [_as_read(row) for row in one.rows]
        start, _ = page.builder.block("\n".join(row.text for row in rows), one.kind, one.level)
        for row in rows:
            _mark(page, list(_placed(row.cells, start)))
            start += len(row.text) + 1


def _write_table(page: _Page, rows: list[Row], grid: Grid) -> None:
    """Write a table, with the lines and words of its cells."""
    cells = [_cells(row, grid) for row in rows]
    if runs_right_to_left(word.text for row in rows for cell in row.cells for word in cell.words):
        cells = [[list(_as_read(Row(tuple(cell))).cells) for cell in reversed(row)] for row in cells]
    texts = [[" ".join(f.text for f in cell) for cell in row] for row in cells]
    page.builder.table(texts, header_rows=header_rows(texts))
    table = page.builder.document.tables[-1]
    for r, row in enumerate(cells):
        starts = [start for start, _, _ in table.cells(r)]
        _mark(page, [w for start, cell in zip(starts, row, strict=True) for w in _placed(tuple(cell), start)])


def _cells(row: Row, grid: Grid) -> list[list[Fragment]]:
    """Return the fragments of a row by column."""
    cells: list[list[Fragment]] = [[] for _ in grid.columns]
    for one in row.cells:
        cells[grid.column(one.box[0], one.box[2])].append(one)
    return cells


def _placed(fragments: tuple[Fragment, ...], start: int) -> Iterator[tuple[int, Word]]:
    """Yield each word and the position of its text; one character separates words, and fragments."""
    for one in fragments:
        for word in one.words:
            yield start, word
            start += len(word.text) + 1


def _mark(page: _Page, placed: list[tuple[int, Word]]) -> None:
    """Record words, and the line that they make: several lines where it is not level."""
    document = page.builder.document
    for piece in _pieces(placed):
        box = page.points(union_box([word.place for _, word in piece]))
        document.lines.add(piece[0][0], piece[-1][0] + len(piece[-1][1].text), page.number, box)
    for start, word in placed:
        x0, _, x1, _ = page.points(word.place)
        document.words.add(start, start + len(word.text), x0, x1, _percent(word.confidence))


def _percent(confidence: float) -> int:
    """Return a confidence as a whole percentage; NO_CONFIDENCE for a negative one."""
    return NO_CONFIDENCE if confidence < 0 else min(round(confidence * 100), 100)


def _pieces(placed: list[tuple[int, Word]]) -> Iterator[list[tuple[int, Word]]]:
    """Yield runs of words whose common hull is hardly taller than the words."""
    if not placed:
        return
    limit = MAX_HULL_HEIGHT * median(word.place[3] - word.place[1] for _, word in placed)
    piece = [placed[0]]
    for one in placed[1:]:
        _, y0, _, y1 = union_box([word.place for _, word in [*piece, one]])
        if y1 - y0 > limit:
            yield piece
            piece = []
        piece.append(one)
    yield piece
