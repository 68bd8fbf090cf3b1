"""The regression gate: reasons not to accept a run."""

from __future__ import annotations

from collections.abc import Iterable

from thresher.schemas.errors import InputProblem
from thresher.service.scorecard.contrast import Contrast
from thresher.service.scorecard.summary import Summary

WHOLE = "f1"  # --fail-under f1=0.9: mean document F1


def floors_of(words: Iterable[str]) -> dict[str, float]:
    """Least F1 by field of `--fail-under FIELD=0.9`. Raises InputProblem(policy_invalid).

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


def under(summary: Summary, floors: dict[str, float]) -> list[str]:
    """A line for each floor that is not reached. Raises InputProblem(policy_invalid) for a field that is not there."""
    return [line for field, floor in floors.items() for line in _under(summary, field, floor)]


def _under(summary: Summary, field: str, floor: float) -> list[str]:
    lines = [(x.field, x.f1.value) for x in summary.fields if _short(x.field) == _short(field)]
    values = [("document F1", summary.document_f1.value)] if field == WHOLE else lines
    if not values:
        known = ", ".join(x.field for x in summary.fields)
        raise InputProblem("policy_invalid", f"--fail-under {field}: no such field; there are {WHOLE}, {known}")
    return [f"{name}: F1 {value:.3f} is under {floor:g}" for name, value in values if value < floor]


def _short(field: str) -> str:
    """A field as people type it: `/lines/*/amount` is `lines.amount`; a target's name before a colon may be left out."""
    return ".".join(p for p in field.rpartition(":")[2].replace("/", ".").split(".") if p not in {"", "*"})


def fallen(contrast: Contrast) -> list[str]:
    """A line for each measure that is worse than before by more than chance."""
    return [
        f"{c.field}: F1 fell from {c.before:.3f} to {c.after:.3f} (difference {c.interval.low:+.3f} to "
        f"{c.interval.high:+.3f}, p {c.p:.3f}; {c.worse} documents worse, {c.better} better)"
        for c in contrast.fallen
    ]
