"""Find signs that the best span of a field is the value of something else, or has two readings."""

from __future__ import annotations

import re
from functools import cache

from thresher.schemas.target import Field
from thresher.service.rules.contracts.contract_term import states_term
from thresher.service.rules.fields.concepts import concepts
from thresher.service.rules.fields.roles import role_of
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.ranking.nearby_words import nearby_words
from thresher.service.rules.ranking.party_side import side_score
from thresher.service.rules.ranking.span_assignment import SHARED_MIN_LABEL_POINTS, FieldCandidates
from thresher.service.rules.ranking.span_score import EXCLUSION_WORDS
from thresher.service.rules.spans.identifiers import find_codes, valid_iban
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.postal_addresses import is_address_line
from thresher.service.rules.spans.printed_dates import day_order, has_two_readings
from thresher.service.rules.spans.span import Span

HOUSE_NUMBER_MAX_CHARS = 6  # characters of a house number
CLAUSE_CHARS = 400  # characters within which two durations belong to one clause
_US = re.compile(r"\bUnited States\b|\bU\.S\.|\bUSD\b|US\$|\bLLC\b|\bState of [A-Z]|\b[A-Z]{2} \d{5}(?:-\d{4})?\b")
_NOT_US = re.compile(
    r"\bSdn\.?\s?Bhd\b|\bMalaysia\b|\bJohor\b|\bSelangor\b|\bKuala Lumpur\b|\bGST\b|\bHST\b|\bQST\b|\bABN\b|\bCanada\b|\bAustralia\b|\bNew Zealand\b|\bSingapore\b"
    r"|\bHong Kong\b|\bM[eé]xico\b|\bPte\.?\s?Ltd\b|\bPty\.?\s?Ltd\b",
    re.IGNORECASE,
)
_OWN_NUMBER_CONCEPTS = ("invoice_number",)  # concepts of the document's own number


def misattribution_reason(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> str:
    """Return why the best span of a field may be another value; "" without a reason."""
    signs = (
        sign(layout, entry, shape, span)
        for sign in (_misread, _two_readings, _out_of_place, _labelled_as_other, _shared_label)
    )
    return next((reason for reason in signs if reason), "")


def _misread(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> str:
    del entry
    scanned = shape == "iban" and any(layout.document.pages.ocr)
    return (
        "not sure: its check digits are wrong, so a character was misread"
        if scanned and not valid_iban(span.text)
        else ""
    )


def _two_readings(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> str:
    """Return why a date, a dollar sign or a duration has two readings; else ""."""
    if shape == "date" and entry.field.kind in ("date", "datetime"):
        return _ambiguous_date(layout, span)
    if shape == "currency":
        return _ambiguous_dollar(layout, span)
    return _ambiguous_term(layout, entry, span) if entry.concept and entry.concept.key == "term" else ""


def _out_of_place(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> str:
    """Return why a total excludes something, a number is a house number, or a span is about another party; else ""."""
    if entry.concept and entry.concept.key in ("total", "amount_due") and EXCLUSION_WORDS.search(span.label):
        return f"not sure: its label, {span.label!r}, says that the amount excludes something"
    if shape == "identifier" and _is_house(layout, span):
        return "not sure: it is at the beginning of an address line"
    role = (
        role_of(entry.field)
        if shape in ("phone", "email", "url", "identifier") and span.label_points < SHARED_MIN_LABEL_POINTS
        else ""
    )
    if role and side_score(layout, entry.field, shape, span) < 0:
        return f"not sure: it is not in the part of the page about the {role.lstrip('=')}"
    return ""


def _is_house(layout: Layout, span: Span) -> bool:
    piece = layout.pieces[layout.at(span.start)] if layout.at(span.start) >= 0 else None
    line = layout.text[piece.start : piece.end] if piece and piece.start == span.start else ""
    return bool(
        line and len(span.text) < HOUSE_NUMBER_MAX_CHARS and is_address_line(line) and len(line) > len(span.text) + 4
    )


def _ambiguous_dollar(layout: Layout, span: Span) -> str:
    """Return why a bare dollar sign is ambiguous: the document mentions another country; else ""."""
    if span.text.strip() != "$" or span.value != "USD":
        return ""
    other = None if _US.search(layout.text) else _NOT_US.search(layout.text)
    return (
        f"ambiguous: a dollar sign without a country, and {other[0]!r} suggests another country's dollar"
        if other
        else ""
    )


def _ambiguous_date(layout: Layout, span: Span) -> str:
    other = has_two_readings(span.text)
    if other and day_order(layout.text) is None:
        return f"ambiguous: nothing shows whether the day or the month comes first in {span.text!r}"
    return ""


def _ambiguous_term(layout: Layout, entry: FieldCandidates, first: Span) -> str:
    """Return why a duration is ambiguous: the same clause states another one as a term; else ""."""
    for s in entry.spans:
        near = abs(s.start - first.start) < CLAUSE_CHARS and plain(str(s.value)) != plain(str(first.value))
        if near and s.hints.get("unit") in ("year", "month") and states_term(layout, s):
            return f"ambiguous: {str(s.value)!r} is another duration of the same clause"
    return ""


def _labelled_as_other(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> str:
    """Return why a value belongs to something else: its label is exactly that of another concept; else ""."""
    del layout
    concept = entry.concept
    owners = _concepts_by_label().get(span.label, {})
    if concept is None or not owners or {concept.key, concept.also} & owners.keys():
        return ""
    more = shape == "name" and any(f" {n} " in f" {span.label} " for n in concept.names)  # "advertiser code"
    same = shape in ("date", "identifier") and shape in owners.values()
    return f"not sure: its label, {span.label!r}, names another value" if more or same else ""


def _shared_label(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> str:
    """Return why a shared label is doubtful: the document has its own number (an order's for a contract's); else ""."""
    concept = entry.concept
    if shape != "identifier" or concept is None or span.label in concept.names:
        return ""
    if not [k for k, form in _concepts_by_label().get(span.label, {}).items() if form == shape and k != concept.key]:
        return ""
    own = next((s for s in _own_numbers(layout) if plain(s.text) != plain(span.text)), None)
    return f"ambiguous: the paper's own number is {own.text!r}" if own else ""


def _own_numbers(layout: Layout) -> list[Span]:
    if "own numbers" not in layout.memory:
        named = {label for key in _OWN_NUMBER_CONCEPTS for label in concepts()[key].labels}
        codes = find_codes(layout, Field(path="", kind="text"))
        layout.memory["own numbers"] = [
            s
            for s in codes
            if s.hints["digits"] > 3 and any(b.words in named for b in nearby_words(layout, s).words[:1])
        ]
    found: list[Span] = layout.memory["own numbers"]
    return found


@cache
def _concepts_by_label() -> dict[str, dict[str, str]]:
    """Return the concepts of each label (plain), with their shapes."""
    found: dict[str, dict[str, str]] = {}
    for concept in concepts().values():
        for label in concept.labels:
            found.setdefault(label, {})[concept.key] = concept.shape
    return found
