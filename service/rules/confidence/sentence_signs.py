"""Find what the sentence around a value says against it, in a text of sentences."""

from __future__ import annotations

import re

from thresher.schemas.target import Field
from thresher.service.rules.contracts.contract_term import states_term
from thresher.service.rules.fields.concepts import Concept
from thresher.service.rules.fields.wording import words_of
from thresher.service.rules.ranking.date_position import PREAMBLE_CHARS, states_own_date
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

CLAUSE_START_CHARS = 320  # characters of a clause that are searched for a denial
CLAUSE_MIN_LETTERS = 3  # letters of the shortest clause
_DENIES = re.compile(
    r"\bnothing\s+(?:in|contained|herein|shall)\b|\bno\s+(?:licen[cs]e|rights?|third|such|change)\b|\bnor\s+(?:shall|does|is|will)\b"
    r"|\bnot\s+(?:the\s+(?:express\s+)?)?inten(?:t|ded)\b|\b(?:shall|does|will|do|is|are)\s+not\s+(?:be\s+(?:deemed|construed)|constitute|grant|confer|create|intended)\b",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(r"this\b[^.;]{0,90}\b(?:is|are|was)\s+(?:entered|made|dated)\b", re.IGNORECASE)
_ENDS = frozenset(("expiration", "expiry", "termination", "terminates", "expires"))
_FORBIDS = frozenset(("non", "no", "not", "anti", "cap", "limit", "limitation", "warranty", "covenant", "restriction"))
_FORBIDDEN = frozenset(("restrictive", "liability", "compete", "solicit", "confidential", "disclaimer"))


def sentence_objection(layout: Layout, field: Field, concept: Concept | None, shape: str, span: Span) -> str:
    """Return why a value's sentence does not give it to the field; "" without an objection."""
    if shape in ("clause", "text") and not span.hints.get("capacity"):
        return _clause_objection(field, span)
    if shape != "date" or concept is None:
        return ""
    if concept.place == "preamble" and span.start - layout.start > PREAMBLE_CHARS and not states_own_date(layout, span):
        return "not sure: it is far from the beginning of the contract, and may be the date of another one"
    if _ENDS & set(words_of(field.name).split()) and not states_term(layout, span):
        return "not sure: its sentence does not say that the contract ends then"
    return ""


def _clause_objection(field: Field, span: Span) -> str:
    if sum(c.isalpha() for c in span.text) < CLAUSE_MIN_LETTERS:
        return "not sure: it is too short for the field"
    if _PREAMBLE.match(span.text):
        return "not sure: these are the first words of the contract, not a clause"
    denied = _DENIES.search(span.text[:CLAUSE_START_CHARS])
    if denied and not (_FORBIDS | _FORBIDDEN) & set(words_of(field.name).split()):
        return f"not sure: its sentence denies it, {' '.join(denied[0].split())!r}"
    return ""
