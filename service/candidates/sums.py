"""Sums: totals that other amounts of the same document confirm."""

from __future__ import annotations

from service.candidates.concepts import spoken
from service.candidates.span import Span

_KINDS = ("money", "number", "percent")
_CENT = 0.005


def confirmed(spans: list[Span], labels: list[str]) -> dict[float, float]:
    """Points (to .4) for amounts that are cash less change, a total after rounding, or net and tax together.

    `labels` are the plain words beside each of the spans. Amounts that occur only as what was handed over get none.
    """
    told: dict[str, set[float]] = {}
    for span, label in zip(spans, labels, strict=True):
        named = spoken(label, _KINDS)
        best = max(named, key=lambda k: named[k], default="")
        if best and named[best] > 0.6 and span.hints.get("cents"):
            told.setdefault(best, set()).add(span.hints["number"])
    amounts = {abs(s.hints["number"]) for s in spans if s.hints.get("cents")}
    points: dict[float, float] = {}
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
