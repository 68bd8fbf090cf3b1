"""Samples that anybody can draw again, and intervals that are exact."""

from __future__ import annotations

from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.service.discovery.sampling.drawing import drawn
from thresher.service.discovery.sampling.intervals import exact, proportion, sample_size, wilson
from thresher.service.discovery.sampling.measures import Confusion, FieldCounts, recall_from_elusion
from thresher.service.discovery.sampling.relevance import judged_relevant


def _tail(at_least: int, of: int, p: float) -> float:
    """The probability of at least so many successes."""
    return sum(comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(at_least, of + 1))


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_exact_limits_leave_a_fortieth_on_either_side(counts: tuple[int, int]) -> None:
    """That is how Clopper and Pearson define them, here by sums of binomial probabilities."""
    found, of = counts
    low, high = exact(found, of)
    assert low <= found / of <= high
    assert low == 0 if found == 0 else isclose(_tail(found, of, low), 0.025, rel_tol=1e-6)
    assert high == 1 if found == of else isclose(1 - _tail(found + 1, of, high), 0.025, rel_tol=1e-6)


@pytest.mark.parametrize(("interval", "limits"), [(exact, (0.920, 0.988)), (wilson, (0.920, 0.984))])
def test_recall_from_a_sample_of_the_discard_pile(interval: object, limits: tuple[float, float]) -> None:
    """8,000 found, 92,000 discarded, 5 relevant among 1,534 of these: recall 0.964 (Wilson's limits are published)."""
    found = recall_from_elusion(8000, 92_000, proportion(5, 1534, interval))  # type: ignore[arg-type]
    assert round(found.false_negatives) == 300
    assert found.value == pytest.approx(0.964, abs=5e-4)
    assert (round(found.low, 3), round(found.high, 3)) == limits


def test_sizes_of_samples() -> None:
    """The four sizes that everybody knows."""
    assert [sample_size(margin) for margin in (0.05, 0.025, 0.02, 0.01)] == [385, 1537, 2401, 9604]


@given(st.sets(st.text("0123456789abcdef", min_size=4, max_size=4)), st.integers(0, 99), st.integers(1, 20))
def test_same_seed_draws_the_same_sample_from_the_same_frame(ids: set[str], seed: int, size: int) -> None:
    """In whatever order the frame comes; a smaller sample is the beginning of a larger one."""
    one = drawn(sorted(ids), seed, size)
    assert one == drawn(sorted(ids, reverse=True), seed, size)
    assert len(set(one)) == min(size, len(ids))
    assert drawn(sorted(ids), seed, size + 5)[: len(one)] == one


def test_every_document_is_as_likely_as_any_other() -> None:
    """Over 2,000 seeds each of 20 documents is drawn about 500 times out of samples of five."""
    ids = [f"{n:032x}" for n in range(20)]
    counts = dict.fromkeys(ids, 0)
    for seed in range(2000):
        for one in drawn(ids, seed, 5):
            counts[one] += 1
    assert all(420 < count < 580 for count in counts.values())


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_measures_of_relevance_are_those_of_the_counts(said: list[tuple[bool, bool]]) -> None:
    """Precision, recall, richness, elusion and errors, counted by hand."""
    confusion = Confusion()
    for machine, person in said:
        confusion.add(machine=machine, person=person)
    found = confusion.measures()
    both = sum(m and p for m, p in said)
    assert (found["precision"].found, found["precision"].of) == (both, sum(m for m, _ in said))
    assert (found["recall"].found, found["recall"].of) == (both, sum(p for _, p in said))
    assert (found["elusion"].found, found["elusion"].of) == (
        sum(p and not m for m, p in said),
        sum(not m for m, _ in said),
    )
    assert found["richness"].of == found["error_rate"].of == len(said)
    assert found["error_rate"].found == sum(m != p for m, p in said)


def test_absent_is_a_class_of_its_own() -> None:
    """A wrong value is false and missed; a value that the document does not state is a wrong answer to absence."""
    counts = FieldCounts()
    for stated, given_, same in ((1, 1, 1), (1, 1, 0), (1, 0, 0), (0, 1, 0), (0, 0, 0), (0, 0, 0)):
        counts.add(stated=bool(stated), given=bool(given_), same=bool(same))
    found = {name: (one.found, one.of) for name, one in counts.measures().items()}
    assert found == {
        "precision": (1, 3),
        "recall": (1, 3),
        "absent_precision": (2, 3),
        "absent_recall": (2, 3),
        "accuracy": (3, 6),
    }


def test_judgement_of_several_issues() -> None:
    """Any issue makes a document relevant, or the one that is named; without a judgement it is unknown."""
    tree = {"issues": [{"issue": "A", "relevance": "borderline"}, {"issue": "B", "relevance": "not_relevant"}]}
    assert judged_relevant([tree]) is False
    assert judged_relevant([tree], borderline=True) is True
    assert judged_relevant([tree], issue="b", borderline=True) is False
    assert judged_relevant([tree], issue="C") is None
    assert judged_relevant([{"total": 1}]) is None
