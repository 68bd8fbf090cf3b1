"""Sure: whether a span may be given at all. What only stands at a likely place is no answer for most kinds of fields."""

from __future__ import annotations

import re

from schemas.document import BlockKind
from service.candidates.concepts import Concept
from service.candidates.identifiers import find_ibans, valid_iban
from service.candidates.layout import Layout
from service.candidates.span import Span

LEAST = {"text": 0.5, "word": 0.5, "identifier": 0.35, "percent": 0.4, "number": 0.4, "money": 0.3, "time": 0.3, "place": 0.4, "account": 0.5, "duration": 0.2, "phone": 0.3}
"""Least points of the words beside a span, by shape."""
EARLY = 6000  # characters in which a contract says when it was made
LASTING = 0.1  # points of its sentence that a duration needs to be the term of a contract
UNRANGED = 0.62  # points of the words beside a single date that is to begin or end a period
NEAR = 160  # characters between an IBAN and its bank's BIC
_WORD = re.compile(r"[A-Z]{8}(?:[A-Z]{3})?$")
_EFFECTIVE = re.compile(r"[“\"]Effective Date[”\"]\s*\)?\s*(?:means|shall mean|has the meaning)")
_LASTS = re.compile(r"\b(?:expir|terminat|end|continu|remain|in effect|in force)", re.IGNORECASE)
_WHAT = re.compile(r"\b(?:this agreement|agreement|term|contract|lease)\b", re.IGNORECASE)
_TAX = re.compile(r"(?:\d\D{0,2}){5,}")


def sure(layout: Layout, concept: Concept | None, shape: str, span: Span) -> bool:
    """Whether a span has what its kind of field needs: a label, a checksum, a form."""
    if _is_comment(layout, span):
        return False
    if shape == "bic":
        return span.told >= 0.4 or (_near_iban(layout, span) and not _WORD.match(span.text))
    if shape == "iban":
        return valid_iban(span.text) or span.told >= 0.5
    if shape == "date":
        return _date(layout, concept, span)
    if concept and concept.key == "term" and shape == "duration":
        return span.score - span.told > LASTING
    if concept and concept.key == "vat_id" and not _TAX.search(span.text):
        return False
    if shape == "method":
        return span.hints["paid"] or span.told >= 0.5
    if shape == "terms":
        return span.hints["says"] or (span.hints["rest"] and span.told >= 0.6)
    if shape == "phone" and span.hints["sure"]:
        return True
    if shape == "time" and span.hints["dated"]:
        return True
    if shape == "account" and valid_iban(span.text):
        return True
    if shape == "money" and span.score - span.told > 0.45:
        return True
    if shape == "name":
        return bool(re.match(r"\w", span.text)) and not span.text.endswith("---")
    return shape not in LEAST or span.told >= LEAST[shape]


def _date(layout: Layout, concept: Concept | None, span: Span) -> bool:
    if concept and concept.role and not span.hints["role"]:
        return span.told >= UNRANGED
    if concept and concept.key == "effective_date" and "effective" not in span.label and _defined_elsewhere(layout):
        return False
    if concept and concept.key == "termination_date":
        before = layout.text[max(span.start - 160, layout.start) : span.start]
        return span.told >= 0.35 and (len(span.label) < 40 or (bool(_LASTS.search(before)) and bool(_WHAT.search(before))))
    if concept and concept.place == "preamble":
        return span.start - layout.start < EARLY or "effective" in span.label
    return bool(concept and concept.place) or span.told >= 0.35


def _defined_elsewhere(layout: Layout) -> bool:
    """Whether the text says what its Effective Date is without naming a day."""
    if "effective" not in layout.memory:
        m = _EFFECTIVE.search(layout.text)
        layout.memory["effective"] = bool(m) and not re.search(r"(?:19|20)\d\d", layout.text[m.end() : m.end() + 90] if m else "")
    return bool(layout.memory["effective"])


def _near_iban(layout: Layout, span: Span) -> bool:
    if "ibans" not in layout.memory:
        from_text = find_ibans(layout, None)  # type: ignore[arg-type]
        layout.memory["ibans"] = [s.start for s in from_text if valid_iban(s.text)]
    return any(abs(at - span.start) < NEAR for at in layout.memory["ibans"])


def _is_comment(layout: Layout, span: Span) -> bool:
    """Whether a reviewer wrote it beside the text."""
    if "comments" not in layout.memory:
        layout.memory["comments"] = [(s, e) for s, e, kind, _ in layout.document.blocks if kind == BlockKind.COMMENT]
    return any(s <= span.start < e for s, e in layout.memory["comments"])
