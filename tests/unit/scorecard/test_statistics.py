"""Measures, intervals, comparisons and gates."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from thresher.schemas.errors import InputProblem
from thresher.schemas.extraction import Evidence
from thresher.service.scorecard.align import Leaf
from thresher.service.scorecard.bootstrap import (
    draws,
    f1_draws,
    f1_of,
    holm,
    interval,
    mean_draws,
    sign_test,
    two_sided,
)
from thresher.service.scorecard.contrast import Contrast, contrast
from thresher.service.scorecard.counts import Counts
from thresher.service.scorecard.evidence import TrueEvidence, overlap_of_boxes, score_evidence
from thresher.service.scorecard.gate import floors_of, regressions, unreached_floors
from thresher.service.scorecard.report import html_of_contrast, html_of_run, markdown_of_contrast, markdown_of_run
from thresher.service.scorecard.scored_runs import CaseScore, RowCounts, ScoreRun
from thresher.service.scorecard.summary import summarise


def a_case(name: str, fields: dict[str, Counts], pages: int = 1, *, failed: bool = False) -> CaseScore:
    """A scored case."""
    return CaseScore(
        name=name,
        target="Order",
        source_sha256="0",
        truth_sha256="0",
        status="failed" if failed else "complete",
        failed=failed,
        reason="corrupt: <b>broken</b>" if failed else "",
        pages=pages,
        seconds=1.0,
        fields=fields,
        rows={"/lines": RowCounts(expected=2, given=2, exact=1)},
        values=4,
        ungrounded=1,
        errors=[Leaf("/total", "/total", "/total", "wrong", "<b>1</b>", "2 | 3")],
    )


def a_run(right: list[int], name: str = "a") -> ScoreRun:
    """A run in which each document has so many of 10 totals right, and its number."""
    cases = [
        a_case(f"c{i}", {"/total": Counts(right=n, wrong=10 - n), "/number": Counts(right=1)})
        for i, n in enumerate(right)
    ]
    at = datetime(2026, 1, 2, tzinfo=UTC)
    return ScoreRun(id=f"run-{name}", at=at, model=name, policy={}, code="0", cases=cases)


def compared(before: list[int], after: list[int]) -> Contrast:
    """Two runs over the same cases."""
    found = contrast(a_run(before), a_run(after, "b"))
    assert found is not None
    return found


def test_f1_of_rows_is_f1_of_counts() -> None:
    """One formula in two places gives the same numbers; no count at all is no number."""
    several = [
        Counts(3, 1, 2, 1, 5, 0),
        Counts(absent=2),
        Counts(missed=1, lost=1),
        Counts(lost=2),
        Counts(absent=3, invented=1),
    ]
    assert list(f1_of(np.array(several, dtype=float))) == [c.f1 for c in several]
    assert np.isnan(f1_of(np.zeros((1, 6))))[0]


def test_the_bootstrap_is_seeded_and_has_known_answers() -> None:
    """Equal documents leave no doubt; the interval of a mean is near its normal theory's."""
    assert (draws(7) == draws(7)).all()
    assert draws(7).sum(axis=1).tolist() == [7.0] * 2000
    equal = np.array([Counts(right=8, wrong=2)] * 20, dtype=float)
    assert interval(f1_draws(equal, draws(20))) == pytest.approx((0.8, 0.8))
    coin = np.array([0.0, 1.0] * 50)
    low, high = interval(mean_draws(coin, draws(100)))
    assert low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.01)
    assert high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.01)


def test_p_values_have_known_answers() -> None:
    """Six of six is under 5%, five of five is not; Holm orders and never falls."""
    assert sign_test(0, 6) == 0.03125
    assert sign_test(5, 0) == 0.0625
    assert sign_test(0, 0) == sign_test(4, 4) == 1
    assert two_sided(np.array([0.1] * 99)) == pytest.approx(0.02)
    assert two_sided(np.zeros(9)) == 1
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_a_summary_counts_failures_as_zero() -> None:
    """A failed document has F1 0 in the mean, whatever its fields."""
    run = a_run([10, 10, 10])
    lost = a_case("broken", {"/total": Counts(lost=1)}, pages=60, failed=True)
    summary = summarise(run.model_copy(update={"cases": [*run.cases, lost]}))
    assert summary.document_f1.value == pytest.approx(0.75)
    assert summary.lengths == [("up to 10 pages", 3, 1.0, 1.0), ("over 50 pages", 1, 0.0, None)]
    assert summary.rows["/lines"].exact == 4
    assert summary.ungrounded == 0.25
    assert summary.per_page(lambda c: c.seconds) == pytest.approx(4 / 63)


def test_a_fall_in_many_documents_is_significant_and_in_few_is_not() -> None:
    """Six documents must change before anything is called more than chance."""
    many = compared([9] * 12, [6] * 12)
    assert {c.field for c in many.fallen} == {"document F1", "/total"}
    assert "fell from 0.900 to 0.600" in regressions(many)[1]
    assert compared([9] * 12, [6] * 5 + [9] * 7).fallen == []
    assert compared([6] * 12, [9] * 12).whole.verdict == "better"
    mixed = compared([9, 6] * 6, [6, 9] * 6)
    assert mixed.whole.verdict == "no clear change"
    assert (mixed.whole.better, mixed.whole.worse) == (6, 6)


def test_only_cases_with_the_same_truth_are_compared() -> None:
    """A case whose truth changed, or that one run lacks, is left out by name."""
    before, after = a_run([9] * 3), a_run([9] * 2, "b")
    after.cases[0] = after.cases[0].model_copy(update={"truth_sha256": "1"})
    found = contrast(before, after)
    assert found is not None
    assert found.left_out == ["c0", "c2"]
    assert contrast(before, after.model_copy(update={"cases": after.cases[:1]})) is None


def test_floors() -> None:
    """A field may be named as people type it; a floor that can not be read is a usage error."""
    summary = summarise(a_run([8] * 3))
    assert unreached_floors(summary, floors_of(["total=0.8", "f1=0.5"])) == []
    assert unreached_floors(summary, floors_of(["/total=0.9"])) == ["/total: F1 0.800 is under 0.9"]
    assert unreached_floors(summary, floors_of(["f1=0.95"]))[0].startswith("document F1")
    for wrong in ("total", "total=x", "total=2", "=1"):
        with pytest.raises(InputProblem):
            floors_of([wrong])
    with pytest.raises(InputProblem, match="no such field"):
        unreached_floors(summary, {"sum": 0.5})


def test_evidence_is_measured_where_the_truth_has_it() -> None:
    """Page, boxes and characters; several true places are alternatives; a value that is not right scores 0."""
    truth = [
        TrueEvidence(path="/total", page=2, boxes=((0, 0, 10, 10),), quote="12.50"),
        TrueEvidence(path="/total", page=3, quote="EUR 12.50"),
        TrueEvidence(path="/number", page=1, start=10, end=20),
    ]
    given = [
        Evidence(path="/total", quote="12.50", start=90, end=95, page=3, boxes=((5, 0, 15, 10),)),
        Evidence(path="/number", quote="A-1", start=15, end=25, page=1),
    ]
    right = [Leaf(p, p, p, "right", 1, 1) for p in ("/total", "/number")]
    score = score_evidence(truth, given, right)
    assert score.share("page") == 1
    assert score.share("boxes") == 0  # the alternative with boxes is on another page
    assert score.share("characters") == pytest.approx((1 + 5 / 15) / 2)
    assert score_evidence(truth, given, right[:1]).share("page") == 0.5
    assert overlap_of_boxes([(0, 0, 2, 1), (0, 1, 2, 2)], [(0, 0, 2, 2)]) == 1
    assert overlap_of_boxes([(0, 0, 1, 1)], []) == 0


def test_reports_hold_what_they_should_and_nothing_that_runs() -> None:
    """HTML and Markdown of a run and of a comparison; what documents say is text, never markup."""
    run = a_run([10, 5, 0])
    run.cases[0] = run.cases[0].model_copy(update={"human": {"/total": Counts(right=9, wrong=1)}})
    lost = a_case("broken", {"/total": Counts(missed=1)}, failed=True)
    summary = summarise(run.model_copy(update={"cases": [*run.cases, lost]}))
    page, text = html_of_run(summary), markdown_of_run(summary)
    for told in ("second person", "/total", "Records", "broken"):
        assert told in page
        assert told in text
    assert "<b>1" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("<svg") == 3
    assert r"2 \| 3" in text
    both = compared([9] * 8, [6] * 8)
    assert "worse" in html_of_contrast(both)
    assert "| /total | 0.900 | 0.600 | -0.300 |" in markdown_of_contrast(both)
