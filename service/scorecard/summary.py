"""Summarise a run: measures over all documents, by field and by length, each with its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from thresher.service.scorecard.bootstrap import FloatTable, Interval, draws, f1_draws, interval, mean_draws
from thresher.service.scorecard.counts import Counts, total
from thresher.service.scorecard.evidence import MEASURES, Measure
from thresher.service.scorecard.scored_runs import CaseScore, RowCounts, ScoreRun

T = TypeVar("T")
PAGE_RANGES = (("up to 10 pages", 0, 10), ("11 to 50 pages", 11, 50), ("over 50 pages", 51, 10**9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measure and its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """One field over all documents."""

    field: str
    form: str  # how values are compared
    counts: Counts
    f1: Measured
    human_and_machine: tuple[Counts, Counts] | None = (
        None  # the second person's and the machine's counts, over cases with both
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All numbers that a report shows of one run."""

    run: ScoreRun
    counts: Counts
    value_f1: Measured  # over all values, without absences
    document_f1: Measured  # mean over documents
    human_and_machine: (
        tuple[float, float] | None
    )  # mean document F1 of the second person and the machine, over cases with both
    fields: list[FieldLine]
    lengths: list[
        tuple[str, int, float, float | None]
    ]  # name, documents, mean document F1, value F1 if there are values
    rows: dict[str, RowCounts]
    evidence: dict[Measure, tuple[float, int]]  # mean, true places
    ungrounded: float  # share of the values given that are not found in their document

    @property
    def pages(self) -> int:
        """Return the pages of all documents."""
        return sum(c.pages for c in self.run.cases)

    @property
    def failed(self) -> list[CaseScore]:
        """Return the cases without data."""
        return [c for c in self.run.cases if c.failed]

    def per_page(self, of: Callable[[CaseScore], float | None]) -> float | None:
        """Return a sum over cases per page; None where a case's value is unknown."""
        values = [of(c) for c in self.run.cases]
        return None if any(v is None for v in values) else sum(v for v in values if v is not None) / self.pages


def summarise(run: ScoreRun) -> Summary:
    """Compute the numbers of a run."""
    weights = draws(len(run.cases))
    values_of = np.array([total(c.fields.values()).values for c in run.cases], dtype=float)
    scores = [document_f1(c) for c in run.cases]
    values, missing = sum(c.values for c in run.cases), sum(c.ungrounded for c in run.cases)
    counts = total(n for c in run.cases for n in c.fields.values())
    return Summary(
        run=run,
        counts=counts,
        value_f1=Measured(value=counts.values.f1, interval=interval(f1_draws(values_of, weights))),
        document_f1=Measured(value=float(np.mean(scores)), interval=interval(mean_draws(np.array(scores), weights))),
        human_and_machine=_human_and_machine(run.cases),
        fields=[_line(run, field, weights) for field in fields_of(run)],
        lengths=list(_lengths(run.cases)),
        rows=_rows(run),
        evidence=_evidence(run.cases),
        ungrounded=missing / values if values else 0.0,
    )


def document_f1(case: CaseScore) -> float:
    """Return the F1 of one document; 0 for one that failed."""
    return 0.0 if case.failed else total(case.fields.values()).f1


def fields_of(run: ScoreRun) -> list[str]:
    """Return all fields, in order of first occurrence; with the target's name where a run has several targets."""
    return list(dict.fromkeys(name for case in run.cases for name in by_report_name(run, case, case.fields)))


def by_report_name(run: ScoreRun, case: CaseScore, counts: dict[str, T]) -> dict[str, T]:
    """Rename the keys from field patterns to the field names of the run's report.

    A field is its pattern, "/lines/*/amount", or "Invoice:/lines/*/amount" where there are several targets.
    """
    several = len({c.target for c in run.cases}) > 1
    return {f"{case.target}:{k}" if several else k: v for k, v in counts.items()}


def field_table(run: ScoreRun, field: str) -> FloatTable:
    """Return the counts of one field: documents x counts; zeros for documents without it."""
    return np.array([by_report_name(run, c, c.fields).get(field, Counts()) for c in run.cases], dtype=float)


def _line(run: ScoreRun, field: str, weights: FloatTable) -> FieldLine:
    table = field_table(run, field)
    counts = Counts(*(int(n) for n in table.sum(axis=0)))
    measured = Measured(value=counts.f1, interval=interval(f1_draws(table, weights)))
    form = run.rules.get(field, "text")
    return FieldLine(field=field, form=form, counts=counts, f1=measured, human_and_machine=_counts_of_both(run, field))


def _counts_of_both(run: ScoreRun, field: str) -> tuple[Counts, Counts] | None:
    both = [(c.human or {}, c) for c in run.cases if c.human is not None]
    theirs = total(by_report_name(run, c, human).get(field, Counts()) for human, c in both)
    ours = total(by_report_name(run, c, c.fields).get(field, Counts()) for _, c in both)
    return (theirs, ours) if sum(theirs) else None


def _human_and_machine(cases: Iterable[CaseScore]) -> tuple[float, float] | None:
    both = [(total(c.human.values()).f1, document_f1(c)) for c in cases if c.human is not None]
    if not both:
        return None
    return sum(h for h, _ in both) / len(both), sum(m for _, m in both) / len(both)


def _lengths(cases: list[CaseScore]) -> Iterable[tuple[str, int, float, float | None]]:
    for name, low, high in PAGE_RANGES:
        found = [c for c in cases if low <= c.pages <= high]
        if found:
            mean = sum(map(document_f1, found)) / len(found)
            values = total(n for c in found for n in c.fields.values()).values
            yield name, len(found), mean, values.f1 if sum(values) else None


def _rows(run: ScoreRun) -> dict[str, RowCounts]:
    found: dict[str, RowCounts] = {}
    for case in run.cases:
        for name, own in by_report_name(run, case, case.rows).items():
            so_far = found.setdefault(name, RowCounts())
            so_far.expected += own.expected
            so_far.given += own.given
            so_far.exact += own.exact
    return {name: rows for name, rows in found.items() if rows.expected or rows.given}


def _evidence(cases: list[CaseScore]) -> dict[Measure, tuple[float, int]]:
    found: dict[Measure, tuple[float, int]] = {}
    for measure in MEASURES:
        places = sum(c.evidence.places.get(measure, 0) for c in cases)
        if places:
            found[measure] = (sum(c.evidence.score.get(measure, 0.0) for c in cases) / places, places)
    return found
