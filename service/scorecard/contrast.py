"""Compare two runs over the same cases, field by field, and separate changes from chance.

A difference counts as more than chance when at least `MIN_CHANGED_DOCUMENTS` documents changed (fewer never reach 5% in an
exact sign test) and the paired bootstrap puts it on one side of 0 with p < 0.05. The p-values of fields are adjusted for
their number by Holm's method.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from thresher.service.scorecard.bootstrap import (
    RESAMPLES,
    FloatTable,
    Interval,
    draws,
    f1_draws,
    f1_of,
    holm,
    interval,
    mean_draws,
    sign_test,
    two_sided,
)
from thresher.service.scorecard.counts import Counts
from thresher.service.scorecard.scored_runs import ScoreRun
from thresher.service.scorecard.summary import document_f1, field_table, fields_of

MIN_CHANGED_DOCUMENTS = 6
P_LIMIT = 0.05
MIN_DIFFERENCE = 1e-9  # smallest difference of two F1 values that counts
Verdict = Literal["better", "worse", "no clear change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One measure in two runs."""

    field: str
    before: float
    after: float
    interval: Interval  # of the difference
    better: int  # documents
    worse: int
    p: float  # of the paired bootstrap, adjusted for the number of fields tested; 1 where too few documents changed
    sign: float  # p-value of the exact sign test over documents

    @property
    def difference(self) -> float:
        """Return the value after less the value before."""
        return self.after - self.before

    @property
    def verdict(self) -> Verdict:
        """Return whether the change is better, worse, or no more than chance."""
        if self.p >= P_LIMIT:
            return "no clear change"
        return "better" if self.difference > 0 else "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Two runs compared over the cases that both have."""

    before: ScoreRun
    after: ScoreRun
    whole: Change  # mean document F1
    fields: list[Change]
    left_out: list[str]  # cases that only one run has, or whose document or truth changed

    @property
    def fallen(self) -> list[Change]:
        """Return the changes for the worse that are more than chance."""
        return [c for c in (self.whole, *self.fields) if c.verdict == "worse"]


def contrast(before: ScoreRun, after: ScoreRun) -> Contrast | None:
    """Compare two runs; None when they share no case."""
    shared, left_out = _shared(before, after)
    if not shared:
        return None
    a, b = _only(before, shared), _only(after, shared)
    fields = list(dict.fromkeys([*fields_of(b), *fields_of(a)]))
    tables = {f: (field_table(a, f), field_table(b, f)) for f in fields}
    weights = draws(len(shared), max(RESAMPLES, 80 * len(fields)))  # enough for Holm's method to find a single field
    scores = [np.array([document_f1(c) for c in run.cases]) for run in (a, b)]
    whole = _change("document F1", scores, [mean_draws(s, weights) for s in scores], _means(scores))
    changes = [_of_field(f, pair, weights) for f, pair in tables.items()]
    return Contrast(before=before, after=after, whole=whole, fields=_adjusted(changes), left_out=left_out)


def _shared(before: ScoreRun, after: ScoreRun) -> tuple[list[str], list[str]]:
    """Return the names of the cases that are the same in both runs, and of the others."""
    a, b = ({c.name: (c.source_sha256, c.truth_sha256, c.target) for c in run.cases} for run in (before, after))
    names = list(dict.fromkeys([*a, *b]))
    return [n for n in names if a.get(n) == b.get(n)], [n for n in names if a.get(n) != b.get(n)]


def _only(run: ScoreRun, names: list[str]) -> ScoreRun:
    known = {c.name: c for c in run.cases}
    return run.model_copy(update={"cases": [known[n] for n in names]})


def _means(scores: list[FloatTable]) -> tuple[float, float]:
    return float(scores[0].mean()), float(scores[1].mean())


def _of_field(field: str, tables: tuple[FloatTable, FloatTable], weights: FloatTable) -> Change:
    values = [np.nan_to_num(f1_of(t), nan=1.0) for t in tables]
    whole = _f1_over_all(tables[0]), _f1_over_all(tables[1])
    return _change(field, values, [f1_draws(t, weights) for t in tables], whole)


def _f1_over_all(table: FloatTable) -> float:
    return Counts(*(int(n) for n in table.sum(axis=0))).f1


def _change(field: str, documents: list[FloatTable], drawn: list[FloatTable], values: tuple[float, float]) -> Change:
    by_document, differences = documents[1] - documents[0], drawn[1] - drawn[0]
    better, worse = int((by_document > MIN_DIFFERENCE).sum()), int((by_document < -MIN_DIFFERENCE).sum())
    return Change(
        field=field,
        before=values[0],
        after=values[1],
        interval=interval(differences),
        better=better,
        worse=worse,
        p=two_sided(differences) if better + worse >= MIN_CHANGED_DOCUMENTS else 1.0,
        sign=sign_test(better, worse),
    )


def _adjusted(changes: list[Change]) -> list[Change]:
    tested = [i for i, c in enumerate(changes) if c.better + c.worse >= MIN_CHANGED_DOCUMENTS]
    adjusted = dict(zip(tested, holm([changes[i].p for i in tested]), strict=True))
    return [replace(c, p=adjusted.get(i, 1.0)) for i, c in enumerate(changes)]
