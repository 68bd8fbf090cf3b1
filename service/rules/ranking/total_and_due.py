"""Tell the total from the amount due: on a page that prints the second alone, a net amount must not pass as the total.

Where nothing was paid before, both are one amount. "Subtotal 562.40, VAT 112.48, Total due 674.88" names a total that only
the words for the amount due match; the best other candidate is the net amount.
"""

from __future__ import annotations

from thresher.service.rules.ranking.cross_checks import CASH_TOLERANCE, Assigned
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.spans.printed_numbers import amount_of


def with_total_of_due(entries: list[FieldCandidates], given: Assigned) -> Assigned:
    """Return the assignment with the amount due as the total where it is the given total with the tax."""
    means = {w.concept.key: w.field.path for w in entries if w.concept}
    paths = [means.get(key, "") for key in ("total", "tax", "amount_due")]
    if not all(p in given for p in paths) or means.get("tendered") in given:
        return given
    total, tax, due = (amount_of(given[p][0]) for p in paths)
    if not tax or abs(total + tax - due) > CASH_TOLERANCE:
        return given
    net = means.get("net_total", "")
    more = {net: given[paths[0]]} if net and net not in given else {}
    return {**given, **more, paths[0]: given[paths[2]]}
