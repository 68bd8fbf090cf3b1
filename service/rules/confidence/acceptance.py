"""Decide whether a span may be a candidate: for most kinds of fields a likely position is not enough."""

from __future__ import annotations

import re
from collections.abc import Callable

from thresher.schemas.document import BlockKind
from thresher.service.rules.contracts.governing_law import states_governing_law
from thresher.service.rules.fields.concepts import Concept
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.spans.identifiers import find_ibans, valid_iban
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.prose import is_prose
from thresher.service.rules.spans.span import Span

MIN_LABEL_POINTS = {
    "text": 0.5,
    "word": 0.5,
    "identifier": 0.35,
    "percent": 0.4,
    "number": 0.4,
    "money": 0.3,
    "time": 0.3,
    "place": 0.4,
    "duration": 0.2,
    "phone": 0.3,
    "date": 0.35,
}
"""Least label points of a span, by shape."""
_LABELLED_SHAPES = frozenset(("text", "word", "identifier", "percent", "number", "money", "time", "phone"))
DATE_LABEL_MAX_CHARS = 40  # characters; the label of a date in a form is shorter
CONTRACT_DATE_CHARS = 20_000  # characters in which a contract states its date
CONFIRMED_MIN_POINTS = 0.45  # points of an amount besides its label points: other amounts add up to it
TERM_MIN_POINTS = 0.1  # points beyond the label points that a duration needs to be the term of a contract
SINGLE_DATE_MIN_POINTS = 0.62  # label points of a single date that begins or ends a period
PASSAGE_MIN_POINTS = 0.7  # points of a heading or definition that needs no label
IBAN_BIC_MAX_CHARS = 160  # characters between an IBAN and its bank's BIC
_CAPITALS_ONLY = re.compile(r"[A-Z]{8}(?:[A-Z]{3})?$")
_EFFECTIVE = re.compile(r"[“\"]Effective Date[”\"]\s*\)?\s*(?:means|shall mean|has the meaning)")
_IN_FORCE = re.compile(r"\beffective(?: (?:date|as|of|on|from|is|means|shall|be|the|day|and|made|this|by))*$")
_LASTS = re.compile(r"\b(?:expir|terminat|end|continu|remain|in effect|in force)", re.IGNORECASE)
_CONTRACT = re.compile(r"\b(?:this agreement|agreement|term|contract|lease)\b", re.IGNORECASE)
_TAX = re.compile(r"(?:\d\D{0,2}){5,}")


def has_evidence(layout: Layout, concept: Concept | None, shape: str, span: Span) -> bool:
    """Whether a span has the evidence that its shape needs: a label, a checksum, a form."""
    if _is_comment(layout, span):
        return False
    check = _CHECKS.get(shape)
    if check:
        return check(layout, concept, span)
    return _evident(shape, span) or span.label_points >= MIN_LABEL_POINTS.get(shape, -9.0)


def is_hopeless(shape: str, span: Span, label_points: float, *, confirmed: bool) -> bool:
    """Whether a span lacks the evidence that its shape needs wherever it stands, so that it need not be ranked.

    `confirmed`: other amounts may add up to it. Without that its form and position give an amount less than `CONFIRMED_MIN_POINTS`.
    """
    if shape not in _LABELLED_SHAPES or label_points >= MIN_LABEL_POINTS[shape]:
        return False
    return not (
        (shape == "money" and confirmed)
        or (shape == "text" and span.hints.get("passage", 0.0) >= PASSAGE_MIN_POINTS)
        or (shape == "phone" and span.hints["sure"])
        or (shape == "time" and span.hints["dated"])
    )


def _evident(shape: str, span: Span) -> bool:
    """Whether a span needs no label: a telephone number by its form, a time next to a date, a sum that adds up."""
    if shape == "money":
        return span.score - span.label_points > CONFIRMED_MIN_POINTS
    return bool((shape == "phone" and span.hints["sure"]) or (shape == "time" and span.hints["dated"]))


def _bic(layout: Layout, concept: Concept | None, span: Span) -> bool:
    del concept
    return span.label_points >= 0.4 or (_near_iban(layout, span) and not _CAPITALS_ONLY.match(span.text))


def _account(layout: Layout, concept: Concept | None, span: Span) -> bool:
    del layout, concept
    return valid_iban(span.text) or span.label_points >= 0.5


def _identifier(layout: Layout, concept: Concept | None, span: Span) -> bool:
    del layout
    taxed = concept is None or concept.key != "vat_id" or bool(_TAX.search(span.text))
    return taxed and span.label_points >= MIN_LABEL_POINTS["identifier"]


def _duration(layout: Layout, concept: Concept | None, span: Span) -> bool:
    del layout
    if concept and concept.key == "term":
        return span.score - span.label_points > TERM_MIN_POINTS
    return span.label_points >= MIN_LABEL_POINTS["duration"]


def _terms(layout: Layout, concept: Concept | None, span: Span) -> bool:
    del layout, concept
    return bool(span.hints["says"] or (span.hints["rest"] and span.label_points >= 0.6))


def _method(layout: Layout, concept: Concept | None, span: Span) -> bool:
    del layout, concept
    return bool(span.hints["paid"]) or span.label_points >= 0.5


def _place(layout: Layout, concept: Concept | None, span: Span) -> bool:
    if concept and concept.key == "governing_law" and is_prose(layout):
        return states_governing_law(layout, span)
    return span.label_points >= MIN_LABEL_POINTS["place"]


def _text(layout: Layout, concept: Concept | None, span: Span) -> bool:
    del layout, concept
    return span.hints.get("passage", 0.0) >= PASSAGE_MIN_POINTS or span.label_points >= MIN_LABEL_POINTS["text"]


def _name(layout: Layout, concept: Concept | None, span: Span) -> bool:
    del layout, concept
    return bool(re.match(r"\w", span.text)) and not span.text.endswith("---")


def _date(layout: Layout, concept: Concept | None, span: Span) -> bool:
    if concept and concept.role and not span.hints["role"]:
        return span.label_points >= SINGLE_DATE_MIN_POINTS
    if concept and concept.key == "termination_date":
        return span.label_points >= MIN_LABEL_POINTS["date"] and (
            len(span.label) < DATE_LABEL_MAX_CHARS or _ends_contract(layout, span)
        )
    if concept and concept.place == "preamble":
        elsewhere = concept.key == "effective_date" and _defined_elsewhere(layout)
        return bool(_IN_FORCE.search(span.label)) or (span.start - layout.start < CONTRACT_DATE_CHARS and not elsewhere)
    return bool(concept and concept.place) or span.label_points >= MIN_LABEL_POINTS["date"]


def _ends_contract(layout: Layout, span: Span) -> bool:
    """Whether the words before a date say that a contract or its term ends then."""
    before = layout.text[max(span.start - 160, layout.start) : span.start]
    return bool(_LASTS.search(before) and _CONTRACT.search(before))


def _defined_elsewhere(layout: Layout) -> bool:
    """Whether the text defines its Effective Date without naming a day."""
    if "effective" not in layout.memory:
        m = _EFFECTIVE.search(layout.text)
        layout.memory["effective"] = bool(m) and not re.search(
            r"(?:19|20)\d\d", layout.text[m.end() : m.end() + 90] if m else ""
        )
    return bool(layout.memory["effective"])


def _near_iban(layout: Layout, span: Span) -> bool:
    if "ibans" not in layout.memory:
        from_text = find_ibans(layout, None)  # type: ignore[arg-type]
        layout.memory["ibans"] = RangeIndex((s.start, s.start + 1) for s in from_text if valid_iban(s.text))
    ibans: RangeIndex = layout.memory["ibans"]
    return ibans.overlaps(span.start - IBAN_BIC_MAX_CHARS + 1, span.start + IBAN_BIC_MAX_CHARS)


def _is_comment(layout: Layout, span: Span) -> bool:
    """Whether a span stands in a reviewer's comment."""
    if "comments" not in layout.memory:
        blocks = layout.document.blocks
        layout.memory["comments"] = RangeIndex((s, e) for s, e, kind, _ in blocks if kind == BlockKind.COMMENT)
    comments: RangeIndex = layout.memory["comments"]
    return comments.overlaps(span.start, span.start + 1)


_CHECKS: dict[str, Callable[[Layout, Concept | None, Span], bool]] = {
    "bic": _bic,
    "iban": _account,
    "account": _account,
    "date": _date,
    "identifier": _identifier,
    "duration": _duration,
    "terms": _terms,
    "method": _method,
    "name": _name,
    "place": _place,
    "text": _text,
}
