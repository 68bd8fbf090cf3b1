"""Cut a Document at pages into several Documents; pages keep their numbers of the whole file."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise

from thresher.schemas.document import BlockKind, Blocks, Document, Lines, Pages, Table, Words


def parts(document: Document, begins: list[int]) -> list[Document]:
    """Return the parts that begin at the given pages (0-based); the first page always begins one.

    The parts cover the Document without overlap.

    A single part is the Document itself.
    """
    inside = sorted({p for p in begins if 0 < p < len(document.pages)})
    if not inside:
        return [document]
    edges = [0, *inside, len(document.pages)]
    return [_part(document, first, end, ordinal) for ordinal, (first, end) in enumerate(pairwise(edges))]


def _part(document: Document, first: int, end: int, ordinal: int) -> Document:
    """Return the pages `[first, end)` as a Document; the metadata of the file (title, author) is left out."""
    a = document.pages.start[first] if first else 0
    b = document.pages.start[end] if end < len(document.pages) else len(document.text)
    text = document.text[a:b].rstrip("\n")
    cut = _Cut(document, a, a + len(text))
    pages = cut.pages(first, end)
    low, high = pages.range
    width = len(str(document.pages.range[1]))
    name = f"p{low:0{width}d}" if low == high else f"p{low:0{width}d}-{high:0{width}d}"
    source = document.source.model_copy(
        update={
            "path": f"{document.source.path}!{name}",
            "relation": "part",
            "parent": document.source.id,
            "ordinal": ordinal,
        }
    )
    part = Document(source=source, text=text, kind=document.kind, by_line=document.by_line, pages=pages)
    part.blocks, part.lines, part.words, part.tables = cut.blocks(), cut.lines(), cut.words(), cut.tables()
    part.mended = cut.mended()
    cut.label(part)
    part.pictures = {page: image for page, image in document.pictures.items() if low <= page <= high}
    part.notes = [n for n in document.notes if n.page is None or low <= n.page <= high]
    return part


class _Cut:
    """Copies the columns of a Document for a range of its text, with offsets from its start; spans are cut."""

    def __init__(self, document: Document, start: int, end: int) -> None:
        """Take the range `[start, end)` of the text."""
        self.document, self.start, self.end = document, start, end

    def _within(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the part of a span that is inside the range, as offsets from its start; None where nothing is."""
        a, b = max(start, self.start), min(end, self.end)
        return (a - self.start, b - self.start) if a < b else None

    def blocks(self) -> Blocks:
        """Return the blocks; those across an edge are cut."""
        out, blocks = Blocks(), self.document.blocks
        for i in range(bisect_right(blocks.end, self.start), bisect_left(blocks.start, self.end)):
            if span := self._within(blocks.start[i], blocks.end[i]):
                out.add(*span, BlockKind(blocks.kind[i]), blocks.level[i])
        return out

    def lines(self) -> Lines:
        """Return the printed lines; their page numbers stay those of the file."""
        out, lines = Lines(), self.document.lines
        for i in range(bisect_left(lines.start, self.start), bisect_left(lines.start, self.end)):
            x0, y0, x1, y1 = lines.box[4 * i : 4 * i + 4]
            out.add(
                lines.start[i] - self.start, min(lines.end[i], self.end) - self.start, lines.page[i], (x0, y0, x1, y1)
            )
        return out

    def words(self) -> Words:
        """Return the words with their x coordinates."""
        out, words = Words(), self.document.words
        for i in range(bisect_left(words.start, self.start), bisect_left(words.start, self.end)):
            end = min(words.end[i], self.end)
            out.add(words.start[i] - self.start, end - self.start, words.x0[i], words.x1[i], words.confidence[i])
        return out

    def mended(self) -> list[tuple[int, int]]:
        """Return the spans of words whose letters were corrected."""
        words = self.document.mended
        inside = words[max(bisect_left(words, (self.start, 0)) - 1, 0) : bisect_left(words, (self.end, 0))]
        return [span for word in inside if (span := self._within(*word))]

    def tables(self) -> list[Table]:
        """Return the tables with the rows inside the range; a table that began before it has no header here."""
        tables = self.document.tables
        first = bisect_right(tables, self.start, key=lambda t: t.span()[1])
        end = bisect_left(tables, self.end, key=lambda t: t.span()[0])
        return [t for t in map(self._table, tables[first:end]) if len(t)]

    def _table(self, table: Table) -> Table:
        out = Table(name=table.name, is_sheet=table.is_sheet)
        first, end = (bisect_left(table.start, edge) for edge in (self.start, self.end))
        for r in range(max(bisect_right(table.first, first) - 1, 0), min(bisect_right(table.first, end), len(table))):
            cells = [
                (s - self.start, e - self.start, c) for s, e, c in table.cells(r) if self.start <= s and e <= self.end
            ]
            if cells:
                out.add_row(cells, table.row[r])
                out.header_rows += r < table.header_rows
        return out

    def pages(self, first: int, end: int) -> Pages:
        """Return the pages `[first, end)` by index (0-based)."""
        pages = self.document.pages
        out = Pages(first=pages.first + first, fonts=pages.fonts[first:end])
        for i in range(first, end):
            start = min(max(pages.start[i] - self.start, 0), self.end - self.start)
            out.add(start, pages.width[i], pages.height[i], ocr=bool(pages.ocr[i]))
        return out

    def label(self, part: Document) -> None:
        """Set the labels of the text parts that overlap the range."""
        document = self.document
        starts = document.part_starts
        for i in range(max(bisect_right(starts, self.start) - 1, 0), bisect_left(starts, self.end)):
            part.part_starts.append(max(starts[i] - self.start, 0))
            part.part_labels.append(document.part_labels[i])
