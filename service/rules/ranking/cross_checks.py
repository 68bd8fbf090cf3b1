"""Checks: what the values of several fields say about each other. A sum that comes out proves its parts; one that does not doubts them.

Net total and tax make the total, with or without one more amount of the document (a discount, freight, rounding); a due
date is not before the document's own, and no period ends before it begins.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from thresher.service.rules.fields.roles import role_of
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.spans.identifiers import valid_iban
from thresher.service.rules.spans.printed_numbers import CENT, amount_of
from thresher.service.rules.spans.span import Span

ROUNDED = Decimal("0.06")  # the same of cash, which is rounded to coins
FEWEST = Decimal("0.6")  # of a total, that the amounts without tax are at least
LEAST = Decimal("0.5")  # of an amount that a proof may rest on; smaller ones come out by chance
ORDERED = (
    ("document_date", "due_date"),
    ("period_start", "period_end"),
    ("effective_date", "termination_date"),
    ("birth_date", "document_date"),
)
"""Concepts of dates of which the first is never after the second."""
Given = dict[str, tuple[Span, ...]]


def checked(wishes: list[FieldCandidates], given: Given) -> tuple[Given, dict[str, str]]:
    """The same spans, the first of each marked where it is proved, and the reasons by path where one contradicts another."""
    means: dict[str, str] = {}
    for w in wishes:
        if w.concept and w.field.path in given and not role_of(w.field).startswith("="):
            means.setdefault(w.concept.key, w.field.path)
    proved, wrong = _sums(means, wishes, given)
    wrong |= _handed(means, wishes, given) | _parts(means, wishes, given)
    wrong |= _orders(means, given)
    proved |= {p for p, spans in given.items() if valid_iban(spans[0].text)}
    return {p: (replace(s[0], proved=p in proved and p not in wrong), *s[1:]) for p, s in given.items()}, wrong


def _sums(means: dict[str, str], wishes: list[FieldCandidates], given: Given) -> tuple[set[str], dict[str, str]]:
    paths = [means.get(key, "") for key in ("net_total", "tax", "total")]
    if not all(paths):
        return set(), {}
    net, tax, whole = (amount_of(given[p][0]) for p in paths)
    if abs(net + tax - whole) < CENT and abs(tax) > LEAST:
        return set(paths), {}
    if abs(net - whole) < CENT or not tax or any(_makes_up(net + tax - whole, s) for s in _amounts(wishes)):
        return set(), {}
    return set(), dict.fromkeys(paths, f"not sure: {net:.2f} and {tax:.2f} of tax do not make {whole:.2f}")


def _handed(means: dict[str, str], wishes: list[FieldCandidates], given: Given) -> dict[str, str]:
    """What was handed over less the change is the total, with or without a tip or rounding."""
    paths = [means.get(key, "") for key in ("tendered", "change", "total")]
    if not all(paths):
        return {}
    paid, back, whole = (amount_of(given[p][0]) for p in paths)
    gap = paid - back - whole
    if abs(gap) < ROUNDED or not paid or any(_makes_up(gap, s) for s in _amounts(wishes)):
        return {}
    return dict.fromkeys(paths[:2], f"not sure: {paid:.2f} less {back:.2f} is not {whole:.2f}")


def _parts(means: dict[str, str], wishes: list[FieldCandidates], given: Given) -> dict[str, str]:
    """A net total is most of the total, and not more than it but for a discount."""
    paths = [means.get(key, "") for key in ("net_total", "total")]
    if not all(paths):
        return {}
    net, whole = (amount_of(given[p][0]) for p in paths)
    if not whole or net * whole < 0:
        return {}
    if abs(net) < FEWEST * abs(whole):
        return {paths[0]: f"not sure: {net:.2f} is too little of {whole:.2f} to be all but the tax"}
    more = abs(net) > abs(whole) + CENT
    if more and not any(_makes_up(net - whole, s) for s in _amounts(wishes)):
        return dict.fromkeys(paths, f"not sure: {net:.2f} without tax is more than {whole:.2f} with it")
    return {}


def _makes_up(gap: Decimal, span: Span) -> bool:
    return bool(abs(abs(gap) - abs(amount_of(span))) < CENT)


def _amounts(wishes: list[FieldCandidates]) -> list[Span]:
    return [s for w in wishes for s in w.spans if s.hints.get("money")]


def _orders(means: dict[str, str], given: Given) -> dict[str, str]:
    found: dict[str, str] = {}
    for early, late in ORDERED:
        paths = [means.get(early, ""), means.get(late, "")]
        days: list[date] = [day for p in paths if p and (day := given[p][0].hints.get("day"))]
        if len(days) == len(paths) and days[1] < days[0]:
            found |= dict.fromkeys(paths, f"not sure: {days[1]} comes before {days[0]}, and should not")
    return found
