"""Check the values of several fields against each other: sums prove their parts or make them doubtful.

Net total and tax make up the total, with or without one more amount of the document (discount, freight, rounding); a due
date is not before the document date, and no period ends before it begins. Where nothing was paid, the amount due is the total.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from thresher.service.rules.fields.roles import role_of
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.spans.identifiers import valid_iban
from thresher.service.rules.spans.printed_numbers import CENT_TOLERANCE, amount_of
from thresher.service.rules.spans.span import Span

CASH_TOLERANCE = Decimal("0.06")  # tolerance for cash, which is rounded to coins
NET_MIN_SHARE = Decimal("0.6")  # of the total; the smallest net total
PROOF_MIN_TAX = Decimal("0.5")  # smallest tax that can prove a sum; with smaller ones sums match by chance
ORDERED = (
    ("document_date", "due_date"),
    ("period_start", "period_end"),
    ("effective_date", "termination_date"),
    ("birth_date", "document_date"),
)
"""Pairs of date concepts, the first never after the second."""
Assigned = dict[str, tuple[Span, ...]]


def cross_checked(entries: list[FieldCandidates], given: Assigned) -> tuple[Assigned, dict[str, str]]:
    """Mark the first spans that are proved, and return the reasons by path where fields contradict each other."""
    means: dict[str, str] = {}
    for w in entries:
        if w.concept and w.field.path in given and not role_of(w.field).startswith("="):
            means.setdefault(w.concept.key, w.field.path)
    proved, wrong = _sums(means, entries, given)
    wrong |= _cash_contradictions(means, entries, given) | _net_contradictions(means, entries, given)
    wrong |= _order_contradictions(means, given)
    proved |= {p for p, spans in given.items() if valid_iban(spans[0].text)} | _due(means, given, proved)
    return {p: (replace(s[0], proved=p in proved and p not in wrong), *s[1:]) for p, s in given.items()}, wrong


def _sums(means: dict[str, str], entries: list[FieldCandidates], given: Assigned) -> tuple[set[str], dict[str, str]]:
    paths = [means.get(key, "") for key in ("net_total", "tax", "total")]
    if not all(paths):
        return set(), {}
    net, tax, whole = (amount_of(given[p][0]) for p in paths)
    if abs(net + tax - whole) < CENT_TOLERANCE and abs(tax) > PROOF_MIN_TAX:
        return set(paths), {}
    is_rounded = abs(net + tax - whole) < CASH_TOLERANCE
    if is_rounded or abs(net - whole) < CENT_TOLERANCE or not tax:
        return set(), {}
    if any(_equals(net + tax - whole, s) for s in _amounts(entries)):
        return set(), {}
    return set(), dict.fromkeys(paths, f"not sure: {net:.2f} and {tax:.2f} of tax do not make {whole:.2f}")


def _due(means: dict[str, str], given: Assigned, proved: set[str]) -> set[str]:
    """Return the path of the amount due where it is a proved total and nothing was paid before."""
    total, due = means.get("total", ""), means.get("amount_due", "")
    if total not in proved or not due or "tendered" in means:
        return set()
    return {due} if amount_of(given[due][0]) == amount_of(given[total][0]) else set()


def _cash_contradictions(means: dict[str, str], entries: list[FieldCandidates], given: Assigned) -> dict[str, str]:
    """Return the contradictions between cash, change and total, allowing for a tip or rounding."""
    paths = [means.get(key, "") for key in ("tendered", "change", "total")]
    if not all(paths):
        return {}
    paid, back, whole = (amount_of(given[p][0]) for p in paths)
    gap = paid - back - whole
    if abs(gap) < CASH_TOLERANCE or not paid or any(_equals(gap, s) for s in _amounts(entries)):
        return {}
    return dict.fromkeys(paths[:2], f"not sure: {paid:.2f} less {back:.2f} is not {whole:.2f}")


def _net_contradictions(means: dict[str, str], entries: list[FieldCandidates], given: Assigned) -> dict[str, str]:
    """Return the contradictions between net total and total.

    The net total is most of the total, and more than it only with a discount.
    """
    paths = [means.get(key, "") for key in ("net_total", "total")]
    if not all(paths):
        return {}
    net, whole = (amount_of(given[p][0]) for p in paths)
    if not whole or net * whole < 0:
        return {}
    if abs(net) < NET_MIN_SHARE * abs(whole):
        return {paths[0]: f"not sure: {net:.2f} is too small a part of {whole:.2f} to be the total without tax"}
    more = abs(net) > abs(whole) + CENT_TOLERANCE
    if more and not any(_equals(net - whole, s) for s in _amounts(entries)):
        return dict.fromkeys(paths, f"not sure: {net:.2f} without tax is more than {whole:.2f} with it")
    return {}


def _equals(gap: Decimal, span: Span) -> bool:
    return bool(abs(abs(gap) - abs(amount_of(span))) < CENT_TOLERANCE)


def _amounts(entries: list[FieldCandidates]) -> list[Span]:
    return [s for w in entries for s in w.spans if s.hints.get("money")]


def _order_contradictions(means: dict[str, str], given: Assigned) -> dict[str, str]:
    found: dict[str, str] = {}
    for early, late in ORDERED:
        paths = [means.get(early, ""), means.get(late, "")]
        days: list[date] = [day for p in paths if p and (day := given[p][0].hints.get("day"))]
        if len(days) == len(paths) and days[1] < days[0]:
            found |= dict.fromkeys(paths, f"not sure: {days[1]} comes before {days[0]}, and should not")
    return found
