"""Reconcile a Matter: count, set up the equations, and keep as its state whether they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.reconciliation.counting import MatterCounts, counted
from thresher.service.discovery.reconciliation.equations import Equation, Reconciliation, Scope, equations_of
from thresher.service.discovery.results_of_matter import MatterResults, results_of

STATE = "state"  # the setting of the Matter that says how its counts came out
_OVERLAY = "overlay_rows"


def reconcile(
    matter: Matter, *, results: MatterResults | None = None, overlay_rows: int | None = None
) -> Reconciliation:
    """Return all equations of a Matter; `overlay_rows`: rows that were read again from the file of an export."""
    counts = counted(matter, results or results_of(matter))
    found = tuple(_equations(counts, overlay_rows))
    return Reconciliation(found, tuple(counts.unbalanced))


def reconcile_and_keep(
    matter: Matter, *, results: MatterResults | None = None, overlay_rows: int | None = None
) -> Reconciliation:
    """Reconcile, and write the outcome to the Matter and its log."""
    found = reconcile(matter, results=results, overlay_rows=overlay_rows)
    failing = [
        {"scope": e.scope.kind, "name": e.scope.name, "equation": e.rule.text, "numbers": e.numbers}
        for e in found.failing
    ]
    matter.record_event("reconciliation", state=found.state, failing=failing, unbalanced=list(found.unbalanced))
    matter.store.set(STATE, found.state)
    return found


def _equations(counts: MatterCounts, overlay_rows: int | None) -> Iterator[Equation]:
    """Yield the equations of the whole, of each SOURCE and of each custodian."""
    total: Counter[str] = Counter()
    scopes: dict[Scope, Counter[str]] = {}
    for (source, custodian), group in counts.groups.items():
        for scope in (Scope("source", str(source)), Scope("custodian", custodian)):
            _add(scopes.setdefault(scope, Counter()), group)
        _add(total, group)
    if overlay_rows is not None:
        total[_OVERLAY] = overlay_rows
    yield from equations_of(Scope("total"), total)
    for scope in sorted(
        scopes, key=lambda one: (one.kind != "source", one.kind == "source" and int(one.name), one.name)
    ):
        yield from equations_of(scope, scopes[scope])


def _add(into: Counter[str], counts: Counter[str]) -> None:
    """Add counts, keeping those of 0: a count that was made is not the same as none."""
    for name, count in counts.items():
        into[name] += count
