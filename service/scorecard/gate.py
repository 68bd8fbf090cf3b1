"""List the reasons not to accept a run (regression gate)."""

from __future__ import annotations

from collections.abc import Iterable

from thresher.schemas.errors import InputProblem
from thresher.service.scorecard.contrast import Contrast
from thresher.service.scorecard.summary import Summary

DOCUMENT_F1 = "f1"  # --fail-under f1=0.9: mean document F1


def floors_of(words: Iterable[str]) -> dict[str, float]:
    """Parse the least F1 by field of `--fail-under FIELD=0.9`. Raises InputProblem(policy_invalid).

    >>> floors_of(["total=0.9", "lines.amount=1"])
    {'total': 0.9, 'lines.amount': 1.0}
    """
    found = {}
    for word in words:
        field, _, floor = word.rpartition("=")
        try:
            found[field] = float(floor)
        except ValueError:
            field = ""
        if not field or not 0 <= found[field] <= 1:
            raise InputProblem("policy_invalid", f"--fail-under {word}: FIELD=0.9, or f1=0.9 for whole documents")
    return found


def unreached_floors(summary: Summary, floors: dict[str, float]) -> list[str]:
    """Return a line for each floor that is not reached. Raises InputProblem(policy_invalid) for an unknown field."""
    return [line for field, floor in floors.items() for line in _under(summary, field, floor)]


def _under(summary: Summary, field: str, floor: float) -> list[str]:
    lines = [(x.field, x.f1.value) for x in summary.fields if _typed_name(x.field) == _typed_name(field)]
    values = [("document F1", summary.document_f1.value)] if field == DOCUMENT_F1 else lines
    if not values:
        known = ", ".join(x.field for x in summary.fields)
        raise InputProblem("policy_invalid", f"--fail-under {field}: no such field; there are {DOCUMENT_F1}, {known}")
    return [f"{name}: F1 {value:.3f} is under {floor:g}" for name, value in values if value < floor]


def _typed_name(field: str) -> str:
    """Return a field as people type it: `/lines/*/amount` is `lines.amount`, without a target's name before a colon."""
    return ".".join(p for p in field.rpartition(":")[2].replace("/", ".").split(".") if p not in {"", "*"})


def regressions(contrast: Contrast) -> list[str]:
    """Return a line for each measure that is worse than before by more than chance."""
    return [
        f"{c.field}: F1 fell from {c.before:.3f} to {c.after:.3f} (difference {c.interval.low:+.3f} to "
        f"{c.interval.high:+.3f}, p {c.p:.3f}; {c.worse} documents worse, {c.better} better)"
        for c in contrast.fallen
    ]
