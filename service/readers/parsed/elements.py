"""What another parser found on a page, and the Document that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from thresher.schemas.document import BlockKind, Box, Document, DocumentBuilder
from thresher.schemas.errors import InputProblem
from thresher.schemas.source import Source

PAGES_MAX = 100_000  # a page number beyond it is no page number


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of an Element is: characters `[start, end)` of its text, its page, and its box there."""

    start: int
    end: int
    page: int  # 1-based
    box: Box | None = None  # in units of the page's size, origin top-left, y down


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A Block to be: a text, or the rows of a table."""

    text: str = ""
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    places: tuple[Place, ...] = ()  # of the text, in its order; the first one is the table's
    rows: list[list[str]] = field(default_factory=list)
    header_rows: int = 0
    cells: Mapping[tuple[int, int], Place] = field(default_factory=dict)  # places of a table's cells, by row and column


Sizes = Mapping[int, tuple[float, float]]
"""Width and height of pages by their number, in points, or in the units that boxes are given in."""


def document_of(source: Source, elements: Iterable[Element], sizes: Sizes) -> Document:
    """Return the Document of Elements in reading order. Where no size of a page is known it is 0 by 0."""
    builder = DocumentBuilder(source, kind="pdf" if sizes else "office")
    for element in elements:
        if element.places:
            _turn_to(builder, element.places[0].page, sizes)
        if element.rows:
            _table(builder, element)
        else:
            start, end = builder.block(element.text, element.kind, element.level)
            for place in element.places if end > start else ():
                _line(builder, start + place.start, min(start + place.end, end), place)
    return builder.build()


def _turn_to(builder: DocumentBuilder, page: int, sizes: Sizes) -> None:
    """Begin pages up to the one that is wanted; a page that was left before stays behind. Raises InputProblem(corrupt)."""
    if page > PAGES_MAX:
        raise InputProblem("corrupt", f"page {page}")
    pages = builder.document.pages
    while len(pages) < page:
        builder.page(*sizes.get(len(pages) + 1, (0.0, 0.0)))


def _table(builder: DocumentBuilder, element: Element) -> None:
    """Append a table; its lines are its cells where their places are known, else the whole of it."""
    filled = [r for r, row in enumerate(element.rows) if any(cell.strip() for cell in row)]
    start, end = builder.table(element.rows, header_rows=element.header_rows)
    if not filled:
        return
    table = builder.document.tables[-1]
    found = [
        (first, last, element.cells[r, column])
        for i, r in enumerate(filled)
        for first, last, column in table.cells(i)
        if last > first and (r, column) in element.cells
    ]
    for first, last, place in found or [(start, end, place) for place in element.places[:1]]:
        _line(builder, first, last, place)


def _line(builder: DocumentBuilder, start: int, end: int, place: Place) -> None:
    if place.box is not None and start < end and all(map(isfinite, place.box)):
        builder.document.lines.add(start, end, place.page, place.box)
