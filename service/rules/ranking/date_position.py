"""Score dates by their position where no label helps: the head of a page, the first words of a contract."""

from __future__ import annotations

import re

from thresher.service.rules.fields.concepts import Concept
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

PREAMBLE_CHARS = 2500  # characters at the beginning of a contract with its date and parties
_HEAD = re.compile(
    r"^\W*(?:[\w-]*(?:invoice|rechnung\w*|gutschrift|quittung|credit note|receipt|facture|factuur|fattura|factura|faktura|angebot|statement|bestellung|purchase order|minutes|protokoll))\b[^\n]{0,60}?"
    r"\b(?:vom|dated|date|of|from|du|del|van|den|am|on)?\s*:?\s*$",
    re.IGNORECASE,
)


def _in_title_line(layout: Layout, span: Span) -> bool:
    """Whether a date stands in the line that names the document: "Rechnung Nr. 7 vom 05.06.2018"."""
    i = layout.at(span.start)
    if i < 0 or layout.pieces[i].row > 25:
        return False
    first = layout.pieces[layout.rows[layout.pieces[i].row][0]]
    before = layout.text[min(first.start, span.start) : span.start]
    return len(before) < 90 and "\n" not in before and bool(_HEAD.match(before))


COVER_AND_PREAMBLE_CHARS = (
    20_000  # characters at the beginning that may hold a cover, a table of contents and the first words of a contract
)
_MADE = re.compile(
    r"\b(?:is|are|was)\s+(?:\w+\s+){0,2}(?:entered into|made|dated|effective)\b[^.;]{0,40}$", re.IGNORECASE
)
_UNTIL = re.compile(r"\b(?:until|through|expir\w+|ending|end|terminat\w+)\b[^.;]{0,20}$", re.IGNORECASE)
_ANOTHER = re.compile(
    r"\b(?:the|that certain|an?)\s+(?:[A-Z][\w&]+,?\s+(?:and\s+)?){1,6}(?:Agreement|Plan|Lease|Contract)\b[^.]{0,80}$"
)


def states_own_date(layout: Layout, span: Span) -> bool:
    """Whether the words before a date say that this contract was made or takes effect then."""
    before = layout.text[max(span.start - 60, layout.start) : span.start]
    return bool(_MADE.search(before) or re.search(r"[“\"]Effective Date[”\"]|(?i:\beffective\b)", before))


def row_of(layout: Layout, span: Span) -> int:
    """Return the row of a span, 0-based."""
    i = layout.at(span.start)
    return layout.pieces[i].row if i >= 0 else 0


def date_score(layout: Layout, concept: Concept | None, span: Span) -> float:
    """Return points (about -1 to 1.6) for the position of a date."""
    if concept and concept.place == "top":
        return 0.65 - 0.15 * min(row_of(layout, span) / 40, 1.0) + 0.9 * _in_title_line(layout, span)
    if concept and concept.place == "preamble":
        inside = span.start - layout.start < PREAMBLE_CHARS
        before = layout.text[max(span.start - 60, layout.start) : span.start]
        if not inside and span.start - layout.start < COVER_AND_PREAMBLE_CHARS and _MADE.search(before):
            return 0.0
        other = 0.8 * bool(_UNTIL.search(before)) + 0.6 * bool(
            _ANOTHER.search(layout.text, max(span.start - 140, layout.start), span.start)
        )
        return (0.25 - 0.1 * (span.start - layout.start) / PREAMBLE_CHARS if inside else -0.3) - other
    return 0.0
