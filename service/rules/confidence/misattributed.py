"""Mistaken: signs that the best span of a field is the value of something else, or can be read in two ways."""

from __future__ import annotations

import re
from functools import cache

from thresher.schemas.target import Field
from thresher.service.rules.contracts.contract_term import lasts
from thresher.service.rules.fields.concepts import concepts
from thresher.service.rules.fields.roles import role_of
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.ranking.party_side import side_score
from thresher.service.rules.ranking.span_assignment import SHARED, FieldCandidates
from thresher.service.rules.ranking.span_score import WITHOUT, beside_once
from thresher.service.rules.spans.identifiers import find_codes, valid_iban
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.postal_addresses import like_address
from thresher.service.rules.spans.printed_dates import both_ways, day_order
from thresher.service.rules.spans.span import Span

HOUSE = 6  # characters of a house's number at most
CLAUSE = 400  # characters within which two lengths of time are of one clause
_US = re.compile(r"\bUnited States\b|\bU\.S\.|\bUSD\b|US\$|\bLLC\b|\bState of [A-Z]|\b[A-Z]{2} \d{5}(?:-\d{4})?\b")
_NOT_US = re.compile(
    r"\bSdn\.?\s?Bhd\b|\bMalaysia\b|\bJohor\b|\bSelangor\b|\bKuala Lumpur\b|\bGST\b|\bHST\b|\bQST\b|\bABN\b|\bCanada\b|\bAustralia\b|\bNew Zealand\b|\bSingapore\b"
    r"|\bHong Kong\b|\bM[eé]xico\b|\bPte\.?\s?Ltd\b|\bPty\.?\s?Ltd\b",
    re.IGNORECASE,
)
_NUMBERED = ("invoice_number",)  # concepts of the number that a paper has of its own


def mistaken(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> str:
    """Why a span that a wish is to be given may be another thing's value; "" if nothing says so."""
    signs = (sign(layout, wish, shape, span) for sign in (_misread, _two_ways, _out_of_place, _of_another, _stands_in))
    return next((reason for reason in signs if reason), "")


def _misread(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> str:
    del wish
    scanned = shape == "iban" and any(layout.document.pages.ocr)
    return (
        "not sure: its check digits are wrong, so a sign of it was misread"
        if scanned and not valid_iban(span.text)
        else ""
    )


def _two_ways(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> str:
    """A date, a dollar or a length of time that can be two."""
    if shape == "date" and wish.field.kind in ("date", "datetime"):
        return _two_days(layout, span)
    if shape == "currency":
        return _whose_dollar(layout, span)
    return _two_terms(layout, wish, span) if wish.concept and wish.concept.key == "term" else ""


def _out_of_place(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> str:
    """A total that something is not in, the number of a house, what stands where the page speaks of somebody else."""
    if wish.concept and wish.concept.key in ("total", "amount_due") and WITHOUT.search(span.label):
        return f"not sure: what stands beside it, {span.label!r}, says that something is not in it"
    if shape == "identifier" and _is_house(layout, span):
        return "not sure: it begins the line of an address"
    role = role_of(wish.field) if shape in ("phone", "email", "url", "identifier") and span.told < SHARED else ""
    if role and side_score(layout, wish.field, shape, span) < 0:
        return f"not sure: it does not stand where the page speaks of the {role.lstrip('=')}"
    return ""


def _is_house(layout: Layout, span: Span) -> bool:
    piece = layout.pieces[layout.at(span.start)] if layout.at(span.start) >= 0 else None
    line = layout.text[piece.start : piece.end] if piece and piece.start == span.start else ""
    return bool(line and len(span.text) < HOUSE and like_address(line) and len(line) > len(span.text) + 4)


def _whose_dollar(layout: Layout, span: Span) -> str:
    """A bare dollar sign in a document that speaks of another country's money or places."""
    if span.text.strip() != "$" or span.value != "USD":
        return ""
    other = None if _US.search(layout.text) else _NOT_US.search(layout.text)
    return f"ambiguous: a bare dollar sign, and {other[0]!r} is of another country" if other else ""


def _two_days(layout: Layout, span: Span) -> str:
    other = both_ways(span.text)
    if other and day_order(layout.text) is None:
        return f"ambiguous: nothing tells whether the day or the month of {span.text!r} comes first"
    return ""


def _two_terms(layout: Layout, wish: FieldCandidates, first: Span) -> str:
    """Another length in the same clause that is said to last as well: of disclosing, and of keeping it secret."""
    for s in wish.spans:
        near = abs(s.start - first.start) < CLAUSE and plain(str(s.value)) != plain(str(first.value))
        if near and s.hints.get("unit") in ("year", "month") and lasts(layout, s):
            return f"ambiguous: {str(s.value)!r} is a length of the same clause"
    return ""


def _of_another(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> str:
    """The words beside a span are, to the letter, what another thing is called."""
    del layout
    concept = wish.concept
    owners = _called().get(span.label, {})
    if concept is None or not owners or {concept.key, concept.also} & owners.keys():
        return ""
    more = shape == "name" and any(f" {n} " in f" {span.label} " for n in concept.names)  # "advertiser code"
    same = shape in ("date", "identifier") and shape in owners.values()
    return f"not sure: what stands beside it, {span.label!r}, is another thing" if more or same else ""


def _stands_in(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> str:
    """A label that the thing shares with another, on a paper with a number of its own: an order's for a contract's."""
    concept = wish.concept
    if shape != "identifier" or concept is None or span.label in concept.names:
        return ""
    if not [k for k, form in _called().get(span.label, {}).items() if form == shape and k != concept.key]:
        return ""
    own = next((s for s in _own_numbers(layout) if plain(s.text) != plain(span.text)), None)
    return f"ambiguous: the paper's own number is {own.text!r}" if own else ""


def _own_numbers(layout: Layout) -> list[Span]:
    if "own numbers" not in layout.memory:
        named = {label for key in _NUMBERED for label in concepts()[key].labels}
        codes = find_codes(layout, Field(path="", kind="text"))
        layout.memory["own numbers"] = [
            s for s in codes if s.hints["digits"] > 3 and any(b.words in named for b in beside_once(layout, s)[:1])
        ]
    found: list[Span] = layout.memory["own numbers"]
    return found


@cache
def _called() -> dict[str, dict[str, str]]:
    """For each label (plain) the concepts it is of, with their shapes."""
    found: dict[str, dict[str, str]] = {}
    for concept in concepts().values():
        for label in concept.labels:
            found.setdefault(label, {})[concept.key] = concept.shape
    return found
