"""Find passages for a free-text field in a text of sentences: sections by heading, definitions, labelled lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from thresher.schemas.target import Field
from thresher.service.rules.contracts.capacities import find_capacities
from thresher.service.rules.contracts.clauses import Clause, Section, clauses, cut_passage, find_clause_text, sections
from thresher.service.rules.fields.concepts import is_statement
from thresher.service.rules.fields.stems import stems
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.spans.labelled_lines import find_lines
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.prose import in_contents
from thresher.service.rules.spans.span import Span

DEFINITION_MAX_CHARS = 700  # characters of the longest definition
EXACT_HEADING_POINTS, PARTIAL_HEADING_POINTS, DEFINITION_POINTS = (
    1.0,
    0.75,
    1.0,
)  # points of a heading with exactly the field's words, of one that contains them, of a definition
TITLE_CHARS = 1500  # characters at the beginning of a document with its title
LABELLED_LINE_POINTS = 0.2  # points of a line after a label; the label's words add more
_END = re.compile(r"[.;](?=\s*\n|\s+[“\"(A-Z])")


def find_passages(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield sections, definitions, names by capacity, labelled lines; hints: passage (points), clause, capacity."""
    for start, end in () if is_statement(plain(field.description)) else find_capacities(layout, field):
        text = layout.text[start:end]
        hints = {"passage": DEFINITION_POINTS, "capacity": True}
        yield Span(start=start, end=end, text=text, value=" ".join(text.split()), hints=hints)
    yield from _definitions(layout, field)
    yield from _sections(layout, field)
    clause = clause_named(field)
    if clause:
        yield from (_with_points(s, s.hints["clause"]) for s in find_clause_text(layout, clause))
    for span in find_lines(layout, field):
        if span.hints["rest"] and span.hints["letters"] and not in_contents(layout, span.start):
            yield replace(span, hints={**span.hints, "passage": LABELLED_LINE_POINTS})


def clause_named(field: Field) -> Clause | None:
    """Return the kind of clause that has the field's name."""
    said = {words_of(field.name), plain(field.title)} - {""}
    wanted = {frozenset(stems(s)) for s in said}
    return next((c for c in clauses().values() if any(stems(n) in wanted for n in c.names)), None)


def _with_points(span: Span, points: float) -> Span:
    return replace(span, hints={**span.hints, "passage": points})


def _definitions(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield the words of a definition, after “Business Day” means ..."""
    words = [w for w in words_of(field.name).split() if w not in ("definition", "meaning", "of", "the")]
    if not words:
        return
    said = re.compile(
        r"[“\"](?:the\s+)?" + r"[\s-]+".join(map(re.escape, words)) + r"s?[”\"]\s*,?\s*(?:shall\s+)?means?\b\s*:?\s*",
        re.IGNORECASE,
    )
    for m in said.finditer(layout.text, layout.start, layout.end):
        stop = _END.search(layout.text, m.end(), min(m.end() + DEFINITION_MAX_CHARS, layout.end))
        yield from (
            _with_points(s, DEFINITION_POINTS)
            for s in cut_passage(layout, m.end(), stop.end() if stop else m.end() + DEFINITION_MAX_CHARS, 0.9)
        )


def _sections(layout: Layout, field: Field) -> Iterator[Span]:
    wanted = [s for s in (stems(field.name), stems(field.title)) if s]
    for section in sections(layout):
        points = max((_heading_points(w, stems(section.title)) for w in wanted), default=0.0) if section.title else 0.0
        if points and not in_contents(layout, max(section.start - 1, 0)) and not _is_title(layout, section):
            yield from (_with_points(s, points) for s in _body(layout, section))


def _is_title(layout: Layout, section: Section) -> bool:
    """Whether a heading is the title of the document."""
    return section.start - layout.start < TITLE_CHARS and bool(
        re.search(r"\b(?:agreement|contract|lease|deed)\b", section.title)
    )


def _heading_points(wanted: frozenset[str], title: frozenset[str]) -> float:
    if wanted == title:
        return EXACT_HEADING_POINTS
    return PARTIAL_HEADING_POINTS if wanted < title and len(wanted) * 2 >= len(title) else 0.0


def _body(layout: Layout, section: Section) -> Iterator[Span]:
    yield from cut_passage(layout, section.start, section.end, 0.9)
