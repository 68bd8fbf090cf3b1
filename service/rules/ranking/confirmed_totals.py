"""Sums: totals that other amounts of the same document confirm."""

from __future__ import annotations

from decimal import Decimal

from thresher.service.rules.fields.concepts import spoken
from thresher.service.rules.spans.span import Span

_KINDS = ("money", "number", "percent")
_CENT = Decimal("0.005")


def confirmed(spans: list[Span], labels: list[str], key: str) -> dict[Decimal, float]:
    """Points (to .4) for amounts that are cash less change, a total after rounding, or net and tax together.

    `key` is the concept they are wanted for: total, or net_total and tax, whose sum is the total. `labels` are the plain words beside each of the spans. Amounts that occur only as what was handed over get none.
    """
    told: dict[str, set[Decimal]] = {}
    for span, label in zip(spans, labels, strict=True):
        named = spoken(label, _KINDS)
        best = max(named.values(), default=0.0)
        for named_key in [k for k, s in named.items() if best > 0.6 and s >= best - 0.02 and span.hints.get("cents")]:
            told.setdefault(named_key, set()).add(span.hints["number"])
    amounts = {abs(s.hints["number"]) for s in spans if s.hints.get("cents")}
    if key != "total":
        return _parts(told, amounts, key)
    points: dict[Decimal, float] = {}
    for pairs, sign, worth in (
        ((told.get("tendered", set()), told.get("change", set())), -1, 0.5),
        ((told.get("total", set()) | told.get("net_total", set()), told.get("rounding", set())), 1, 0.3),
        ((told.get("net_total", set()) | told.get("total", set()), told.get("tax", set())), 1, 0.25),
    ):
        for a in pairs[0]:
            for b in pairs[1]:
                hit = next((x for x in amounts if abs(a + sign * b - x) < _CENT and b and x), None)
                if hit is not None:
                    points[hit] = max(points.get(hit, 0.0), worth)
    return points


def _parts(told: dict[str, set[Decimal]], amounts: set[Decimal], key: str) -> dict[Decimal, float]:
    """Points for net totals and taxes that make up a total together."""
    points: dict[Decimal, float] = {}
    for whole in told.get("total", set()) | told.get("amount_due", set()):
        for net in told.get("net_total", set()):
            sign = -1 if whole < 0 else 1  # what is paid back
            tax = next((a for a in amounts if abs(net + sign * a - whole) < _CENT and 0 < a < abs(net)), None)
            if tax is not None:
                points[net if key == "net_total" else sign * tax] = 0.35
    return points
