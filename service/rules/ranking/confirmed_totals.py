"""Find totals that other amounts of the same document confirm."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice, product

from thresher.service.rules.fields.concepts import concepts_of_label
from thresher.service.rules.spans.span import Span

_KINDS = ("money", "number", "percent")
MAX_AMOUNTS = 300  # different amounts of one concept that are compared; no page with totals has more
_CENT = Decimal("0.005")


def confirmation_points(spans: list[Span], labels: list[str], key: str) -> dict[Decimal, float]:
    """Return points (up to 0.5) for amounts that are cash less change, a rounded total, or net plus tax.

    `key` is the wanted concept: total, or net_total and tax, whose sum is the total. `labels` are the plain words next to each
    span. Amounts that occur only as cash tendered get no points.
    """
    amounts_by_concept: dict[str, dict[Decimal, None]] = {}
    for span, label in zip(spans, labels, strict=True):
        said = concepts_of_label(label, _KINDS)
        best = max(said.values(), default=0.0)
        for named_key in [k for k, s in said.items() if best > 0.6 and s >= best - 0.02 and span.hints.get("cents")]:
            amounts_by_concept.setdefault(named_key, {})[span.hints["number"]] = None
    named = {k: tuple(islice(some, MAX_AMOUNTS)) for k, some in amounts_by_concept.items()}
    amounts = sorted({abs(s.hints["number"]) for s in spans if s.hints.get("cents")})
    return _totals(named, amounts) if key == "total" else _parts(named, amounts, key)


def _totals(named: dict[str, tuple[Decimal, ...]], amounts: Sequence[Decimal]) -> dict[Decimal, float]:
    """Return points for amounts that are cash less change, a rounded total, or net plus tax."""
    points: dict[Decimal, float] = {}
    wholes = {*named.get("total", ()), *named.get("net_total", ())}
    for some, others, sign, worth in (
        (named.get("tendered", ()), named.get("change", ()), -1, 0.5),
        (wholes, named.get("rounding", ()), 1, 0.3),
        (wholes, named.get("tax", ()), 1, 0.25),
    ):
        for a, b in product(some, filter(None, others)):
            hit = _equal(amounts, a + sign * b)
            if hit:
                points[hit] = max(points.get(hit, 0.0), worth)
    return points


def _parts(named: dict[str, tuple[Decimal, ...]], amounts: Sequence[Decimal], key: str) -> dict[Decimal, float]:
    """Return points for net totals and taxes that add up to a total."""
    points: dict[Decimal, float] = {}
    wholes = {*named.get("total", ()), *named.get("amount_due", ())}
    for whole, net in product(wholes, named.get("net_total", ())):
        sign = -1 if whole < 0 else 1  # negative for a refund
        tax = _equal(amounts, sign * (whole - net))
        if tax is not None and 0 < tax < abs(net):
            points[net if key == "net_total" else sign * tax] = 0.35
    return points


def _equal(amounts: Sequence[Decimal], amount: Decimal) -> Decimal | None:
    """Return the one of some sorted amounts that is equal to another but for half a cent; None without one."""
    i = bisect_right(amounts, amount - _CENT)
    return amounts[i] if i < len(amounts) and amounts[i] < amount + _CENT else None
