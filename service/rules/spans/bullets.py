"""Read a list of texts from the part of a page below a heading: skills, publications, links."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from thresher.schemas.document import BlockKind
from thresher.schemas.target import Field
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.prose import is_prose
from thresher.service.rules.spans.span import Span

MAX_ENTRIES = 60  # entries of one list
MAX_ROWS = 40  # rows below one heading
_MARK = re.compile(r"^\s*[•●▪◦‣∙·\uf0b7*–-]\s*")
_PREFIX = re.compile(r"^[^,;:]{2,40}:\s+")
_BRACKET = re.compile(r"[()]")
_SPLIT = re.compile(r"(?:(?<!\s)\s+)?[,;|•·]\s*")


def find_bullets(layout: Layout, field: Field) -> list[Span]:
    """Return the entries below a heading with the field's name, in order; [] without such a heading."""
    name = words_of(field.name)
    for i in range(len(layout.pieces)):
        words = plain(layout.words(i).rstrip(": "))
        if _is_called(words, name, strict=is_prose(layout)) and _is_heading(layout, i):
            found = list(_entries(layout, i))
            if found:
                return found[:MAX_ENTRIES]
    return []


def entries_objection(layout: Layout, spans: list[Span]) -> str:
    """Return why the entries may include headings or be incomplete; "" without a reason."""
    led = next((s.text for s in spans if layout.text[s.end : s.end + 1] == ":"), "")
    if led:
        return f"not sure: {led!r} introduces the rest and is no entry"
    lines: dict[int, list[Span]] = {}
    for s in spans:
        lines.setdefault(layout.text.rfind("\n", 0, s.start), []).append(s)
    alone = [found[0] for at, found in lines.items() if len(found) == 1 and not _goes_on(layout.text, at, found[0])]
    if alone and len(alone) < len(lines):
        return f"not sure: {alone[0].text!r} may be a heading among the entries"
    return ""


def _goes_on(text: str, begin: int, span: Span) -> bool:
    """Whether a line with one entry has a bullet, or continues the line above, which ends in a comma."""
    return bool(_MARK.match(text[begin + 1 : span.start + 1])) or text[:begin].rstrip(" ").endswith((",", ";", "|"))


def _is_called(words: str, name: str, *, strict: bool) -> bool:
    """Whether a heading has the field's name; with `strict` only these words, as for a text of sentences."""
    ends = words.endswith(f" {name}") and len(words.split()) <= 3
    return words == name or (not strict and (ends or words.startswith(f"{name} and ")))


def _is_heading(layout: Layout, i: int) -> bool:
    piece, text = layout.pieces[i], layout.words(i)
    if "titles" not in layout.memory:
        layout.memory["titles"] = {s for s, _, kind, _ in layout.document.blocks if kind == BlockKind.HEADING}
    marked = piece.start in layout.memory["titles"] or text.rstrip().endswith(":")
    return len(text) < 40 and (marked or (text.isupper() and sum(c.isalpha() for c in text) > 3))


def _entries(layout: Layout, i: int) -> Iterator[Span]:
    head = layout.pieces[i]
    lines = list(_lines(layout, i))
    marked = any(_MARK.match(layout.text[a:b]) for a, b in lines)
    if marked:
        yield from (_span(layout, a, b) for a, b in _joined_entries(layout, lines))
        return
    for a, b in lines:
        prefix = _PREFIX.match(layout.text[a:b])
        at = a + prefix.end() if prefix else a
        cuts = _cuts(layout.text[at:b])
        starts = [at, *(at + e for _, e in cuts)]
        ends = [*(at + s for s, _ in cuts), b]
        yield from (_span(layout, s, e) for s, e in zip(starts, ends, strict=True) if layout.text[s:e].strip(" ."))
    del head


def _cuts(text: str) -> list[tuple[int, int]]:
    """Return where commas and the like separate entries: those in brackets do not."""
    brackets = [m.start() for m in _BRACKET.finditer(text)]
    next_ones = ((m.span(), bisect_left(brackets, m.end())) for m in _SPLIT.finditer(text))
    return [cut for cut, i in next_ones if i == len(brackets) or text[brackets[i]] == "("]


def _lines(layout: Layout, i: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the rows below a heading, in its column, up to the next heading."""
    head = layout.pieces[i]
    for r in range(head.row + 1, min(head.row + MAX_ROWS, len(layout.rows))):
        row = [j for j in layout.rows[r] if layout.pieces[j].box[2] > head.box[0]]
        if any(_is_heading(layout, j) for j in row) or (row and layout.pieces[row[0]].page != head.page):
            return
        if row:
            yield layout.pieces[row[0]].start, layout.pieces[row[-1]].end


def _joined_entries(layout: Layout, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join lines to entries: a line without a bullet continues the one above."""
    begun: tuple[int, int] | None = None
    for a, b in lines:
        mark = _MARK.match(layout.text[a:b])
        if mark or begun is None:
            if begun:
                yield begun
            begun = (a + (mark.end() if mark else 0), b)
        else:
            begun = (begun[0], max(b, begun[1]))
    if begun:
        yield begun


def _span(layout: Layout, start: int, end: int) -> Span:
    text = layout.text[start:end].rstrip(" .,;")
    return Span(
        start=start, end=start + len(text), text=text, value=" ".join(text.split()), score=1.0, label_points=1.0
    )
