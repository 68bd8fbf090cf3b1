"""Collect the context that a Chunk needs to be understood alone.

It is the document's title, parties and defined terms, mail facts, the headings above, the elements that enclose nested data,
the label of its rows, and the heads of its table.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from thresher.chunkers.openings import TERMS, TITLE, label_at, labels_of, terms_of, title_of
from thresher.chunkers.outline import outline_of
from thresher.chunkers.table_heads import TableHeads
from thresher.schemas.document import BlockKind, Document

Range = tuple[int, int]
HEADING_MAX_CHARS = 200  # code points of one heading in the context
UNTITLED = ("mail", "sheet", "container")  # kinds of Documents that have no title in their text
MAIL_FACTS = ("From:", "To:", "Date:", "Sent:", "Subject:")


class Context:
    """The context of any offset of one Document, made of ranges of its own text."""

    def __init__(self, document: Document, *, headings: bool, mail: bool) -> None:
        """Find the facts of a Document; `headings` adds the heading path, `mail` the main mail headers.

        Table heads are always added.
        """
        self._document = document
        self.tables = document.once(TableHeads)
        self._paths = _heading_paths(document) if headings else []
        self._starts = [path[-1][0] for path in self._paths]
        self._mail = _mail_facts(document) if mail else []
        self.outline = outline_of(document)
        is_prose = self.outline is None and document.kind not in UNTITLED
        title = title_of(document) if is_prose else None
        terms = [r for r in (terms_of(document) if is_prose else ()) if not title or r[1] > title[1]]
        self._facts = {**({title: TITLE} if title else {}), **dict.fromkeys(terms, TERMS)}
        self.labels = labels_of(document) if is_prose else []

    def ranges(self, start: int) -> list[Range]:
        """Return the ranges that belong before a Chunk that begins at `start`; all of them end at or before it."""
        found = [r for r in (*self._facts, *self._mail) if r[1] <= start]
        i = bisect_right(self._starts, start) - 1
        if i >= 0:
            found += [r for r in self._paths[i] if r[1] <= start]
        found += self.outline.around(start) if self.outline else []
        found += label_at(self.labels, start)
        heads = [r for r in self.tables.at(start) if not any(a <= r[0] and r[1] <= b for a, b in found)]
        return list(dict.fromkeys(found + heads))

    def text(self, ranges: list[Range]) -> str:
        """Return the ranges as lines; title and terms are named as such."""
        return "\n".join(f"{self._facts.get(r, '')}{self._told(r)}" for r in ranges)

    def _told(self, place: Range) -> str:
        """Return a range's text; title and terms on one line."""
        text = self._document.text[slice(*place)]
        return " ".join(text.split()) if place in self._facts else text


def _heading_paths(document: Document) -> list[list[Range]]:
    """Return for each heading the path of ranges from the highest heading above it down to itself."""
    paths: list[list[Range]] = []
    levels: list[tuple[int, Range]] = []
    for start, end, kind, level in document.blocks:
        if kind == BlockKind.HEADING:
            levels = [(n, r) for n, r in levels if n < level]
            levels.append((level, (start, min(end, start + HEADING_MAX_CHARS))))
            paths.append([r for _, r in levels])
    return paths


def _mail_facts(document: Document) -> list[Range]:
    blocks = document.blocks
    last = bisect_left(blocks.kind, True, key=lambda k: k != BlockKind.MAIL_HEADER)
    ranges = [(blocks.start[i], min(blocks.end[i], blocks.start[i] + HEADING_MAX_CHARS)) for i in range(last)]
    return [r for r in ranges if document.text.startswith(MAIL_FACTS, r[0])]
