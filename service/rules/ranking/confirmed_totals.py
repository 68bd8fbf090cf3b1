"""Find totals that other amounts of the same document confirm."""

from __future__ import annotations

from decimal import Decimal

from thresher.service.rules.fields.concepts import concepts_of_label
from thresher.service.rules.spans.span import Span

_KINDS = ("money", "number", "percent")
_CENT = Decimal("0.005")


def confirmation_points(spans: list[Span], labels: list[str], key: str) -> dict[Decimal, float]:
    """Return points (up to 0.5) for amounts that are cash less change, a rounded total, or net plus tax.

    `key` is the wanted concept: total, or net_total and tax, whose sum is the total. `labels` are the plain words next to each
    span. Amounts that occur only as cash tendered get no points.
    """
    amounts_by_concept: dict[str, set[Decimal]] = {}
    for span, label in zip(spans, labels, strict=True):
        named = concepts_of_label(label, _KINDS)
        best = max(named.values(), default=0.0)
        for named_key in [k for k, s in named.items() if best > 0.6 and s >= best - 0.02 and span.hints.get("cents")]:
            amounts_by_concept.setdefault(named_key, set()).add(span.hints["number"])
    amounts = {abs(s.hints["number"]) for s in spans if s.hints.get("cents")}
    if key != "total":
        return _parts(amounts_by_concept, amounts, key)
    points: dict[Decimal, float] = {}
    for pairs, sign, worth in (
        ((amounts_by_concept.get("tendered", set()), amounts_by_concept.get("change", set())), -1, 0.5),
        (
            (
                amounts_by_concept.get("total", set()) | amounts_by_concept.get("net_total", set()),
                amounts_by_concept.get("rounding", set()),
            ),
            1,
            0.3,
        ),
        (
            (
                amounts_by_concept.get("net_total", set()) | amounts_by_concept.get("total", set()),
                amounts_by_concept.get("tax", set()),
            ),
            1,
            0.25,
        ),
    ):
        for a in pairs[0]:
            for b in pairs[1]:
                hit = next((x for x in amounts if abs(a + sign * b - x) < _CENT and b and x), None)
                if hit is not None:
                    points[hit] = max(points.get(hit, 0.0), worth)
    return points


def _parts(amounts_by_concept: dict[str, set[Decimal]], amounts: set[Decimal], key: str) -> dict[Decimal, float]:
    """Return points for net totals and taxes that add up to a total."""
    points: dict[Decimal, float] = {}
    for whole in amounts_by_concept.get("total", set()) | amounts_by_concept.get("amount_due", set()):
        for net in amounts_by_concept.get("net_total", set()):
            sign = -1 if whole < 0 else 1  # negative for a refund
            tax = next((a for a in amounts if abs(net + sign * a - whole) < _CENT and 0 < a < abs(net)), None)
            if tax is not None:
                points[net if key == "net_total" else sign * tax] = 0.35
    return points
