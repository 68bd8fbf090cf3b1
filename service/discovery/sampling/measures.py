"""Compute the numbers that a court asks for, each with its interval: pure functions over counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thresher.service.discovery.sampling.intervals import Interval, Proportion, exact, proportion

Named = dict[str, Proportion]


@dataclass(slots=True)
class Confusion:
    """How often machine and person agree: tp both say yes, fp the machine alone, fn the person alone, tn neither."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def add(self, *, machine: bool, person: bool) -> None:
        """Count one document."""
        if machine:
            self.tp, self.fp = self.tp + person, self.fp + (not person)
        else:
            self.fn, self.tn = self.fn + person, self.tn + (not person)

    def measures(self, interval: Interval = exact) -> Named:
        """Return precision, recall, richness, elusion and error rate."""
        n = self.tp + self.fp + self.fn + self.tn
        counts = {
            "precision": (self.tp, self.tp + self.fp),
            "recall": (self.tp, self.tp + self.fn),
            "richness": (self.tp + self.fn, n),
            "elusion": (self.fn, self.fn + self.tn),
            "error_rate": (self.fp + self.fn, n),
        }
        return {name: proportion(found, of, interval) for name, (found, of) in counts.items()}


@dataclass(frozen=True, slots=True)
class Recall:
    """Recall as it follows from a sample of the discard pile."""

    true_positives: int
    discarded: int
    elusion: Proportion
    false_negatives: float
    value: float | None
    low: float
    high: float


def recall_from_elusion(true_positives: int, discarded: int, elusion: Proportion) -> Recall:
    """Return recall = TP / (TP + elusion x discarded); the interval is that of the elusion, the true positives known."""

    def of(rate: float) -> float:
        whole = true_positives + rate * discarded
        return true_positives / whole if whole else 1.0

    missed = (elusion.value or 0.0) * discarded
    value = of(elusion.value) if elusion.value is not None else None
    return Recall(true_positives, discarded, elusion, missed, value, of(elusion.high), of(elusion.low))


@dataclass(slots=True)
class FieldCounts:
    """How one field came out, value by value. A wrong value is both a false one and a missed one.

    equal: both have it, and the same · other: both have a value, not the same · extra: the document does not state it ·
    missed: the machine has none · absent: neither has one
    """

    equal: int = 0
    other: int = 0
    extra: int = 0
    missed: int = 0
    absent: int = 0

    def add(self, *, stated: bool, given: bool, same: bool) -> None:
        """Count one document: whether it states a value, whether the machine gave one, whether these are equal."""
        if stated and given:
            self.equal, self.other = self.equal + same, self.other + (not same)
        elif given:
            self.extra += 1
        elif stated:
            self.missed += 1
        else:
            self.absent += 1

    def measures(self, interval: Interval = exact) -> Named:
        """Return precision and recall of values, the same of "absent" as a class, and accuracy."""
        given, stated = self.equal + self.other + self.extra, self.equal + self.other + self.missed
        n = given + self.missed + self.absent
        counts = {
            "precision": (self.equal, given),
            "recall": (self.equal, stated),
            "absent_precision": (self.absent, self.absent + self.missed),
            "absent_recall": (self.absent, self.absent + self.extra),
            "accuracy": (self.equal + self.absent, n),
        }
        return {name: proportion(found, of, interval) for name, (found, of) in counts.items()}


def shown(measures: Named) -> dict[str, Any]:
    """Return measures as JSON."""
    return {
        name: {"value": one.value, "low": one.low, "high": one.high, "found": one.found, "of": one.of}
        for name, one in measures.items()
    }


def lines(measures: Named) -> Iterable[str]:
    """Yield measures as lines for people: "recall 0.964 (0.920 to 0.988), 27 of 28"."""
    for name, one in measures.items():
        value = "–" if one.value is None else f"{one.value:.3f}"
        yield f"{name.replace('_', ' '):18}{value:>6}  ({one.low:.3f} to {one.high:.3f}), {one.found} of {one.of}"
