"""The chunkers: one packing algorithm, five rules for where a good place to cut is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from thresher.chunkers.base import NO_RECORDS, Chunker, Counter, Records
from thresher.chunkers.context import Context
from thresher.chunkers.packing import RECORD, Packer
from thresher.chunkers.pieces import Piece
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import BlockKind, Document

MAX_DEPTH = 20  # levels of nested records; the outer ones are the better places to cut
SENTENCE, BLOCK, PAGE, SECTION = 1, 2, 4, 40  # strength of the cut before each; headings are SECTION - level


@dataclass(frozen=True, slots=True)
class Packing:
    """A chunker that differs from the others only in where it cuts and what context it adds."""

    name: str
    pages: int = PAGE  # strength of a page's first piece
    sections: bool = False  # cut at headings, with the heading path as context
    thread: bool = False  # cut where a quoted mail begins, with the mail's headers as context
    tables: bool = False  # cut where a table begins

    def chunk(
        self, document: Document, budget: int, count: Counter, overlap: int = 0, records: Records = NO_RECORDS
    ) -> Iterator[Chunk]:
        """Yield Chunks in document order, as `thresher.chunkers.base.Chunker` defines it."""
        context = Context(document, headings=self.sections, mail=self.thread)
        labels = {start for start, _ in context.labels}
        depths = context.outline.depths if context.outline else {}

        def strength(piece: Piece) -> int:
            if piece.start in labels:
                return RECORD + 1
            depth = depths.get(piece.start)
            return self._strength(document, piece) if depth is None else RECORD + max(MAX_DEPTH - depth, 0)

        return Packer(document, context, strength, count, records).pack(budget, overlap, self.name)

    def _strength(self, document: Document, piece: Piece) -> int:
        if piece.block is None and not len(document.pages):
            return SENTENCE
        found = [SENTENCE if piece.block is None else BLOCK]
        if piece.block == BlockKind.HEADING and self.sections:
            found.append(SECTION - min(piece.level, SECTION - PAGE - 1))
        if piece.block == BlockKind.QUOTE and self.thread:
            found.append(SECTION - min(piece.level, SECTION - PAGE - 1))
        if piece.block == BlockKind.TABLE and self.tables:
            found.append(SECTION)
        if len(document.pages) and _page_begins(document, piece):
            found.append(self.pages)
        return max(found)


def _page_begins(document: Document, piece: Piece) -> bool:
    i = bisect_left(document.pages.start, piece.start)
    return i < len(document.pages) and document.pages.start[i] < piece.end


PLAIN = Packing("plain", pages=SENTENCE)
PAGES = Packing("pages", pages=SECTION)
SECTIONS = Packing("sections", sections=True)
THREAD = Packing("thread", thread=True)
TABLES = Packing("tables", tables=True, sections=True)
CHUNKERS: dict[str, Chunker] = {c.name: c for c in (PLAIN, PAGES, SECTIONS, THREAD, TABLES)}
BY_KIND = {"mail": THREAD, "sheet": TABLES, "image": PAGES, "container": PLAIN}
MIN_HEADINGS = 3  # a Document with fewer is cut at pages, not at sections


def choose(document: Document, name: str = "auto") -> Chunker:
    """Return the chunker of a name, or, for "auto", the one that suits the Document's kind and structure."""
    if name != "auto":
        return CHUNKERS[name]
    if document.kind in BY_KIND:
        return BY_KIND[document.kind]
    headings = document.blocks.kind.count(BlockKind.HEADING)
    return SECTIONS if headings >= MIN_HEADINGS or not len(document.pages) else PAGES
