"""Compare evidence with the truth: page, overlap of the boxes, overlap of the characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict
from rapidfuzz.distance import LCSseq

from thresher.schemas.document import Box
from thresher.schemas.extraction import Evidence
from thresher.service.formats.displayed_values import normal_text
from thresher.service.scorecard.align import Leaf

Measure = Literal["page", "boxes", "characters"]
MEASURES: tuple[Measure, ...] = ("page", "boxes", "characters")


class TrueEvidence(BaseModel):
    """A position of a value of `expected`. Several for one path are alternatives: the best one counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str  # JSON Pointer into `expected`
    page: int | None = None  # 1-based
    boxes: tuple[Box, ...] = ()  # points on the page as displayed, origin top-left
    start: int | None = None  # code points of the Document's text, half-open
    end: int | None = None
    quote: str | None = None  # the words, where offsets are not known


class EvidenceScore(BaseModel):
    """Sums of one document's evidence scores over the values with a known position, and the number of those values."""

    places: dict[Measure, int] = {}
    score: dict[Measure, float] = {}  # page: how many are right; boxes, characters: sums of overlaps 0..1

    def share(self, measure: Measure) -> float | None:
        """Return the mean of a measure; None where the truth has no positions for it."""
        places = self.places.get(measure, 0)
        return self.score[measure] / places if places else None


def score_evidence(truth: Iterable[TrueEvidence], given: Iterable[Evidence], leaves: Iterable[Leaf]) -> EvidenceScore:
    """Score the evidence of right values; a true position whose value is missed or wrong scores 0."""
    found = {e.path: e for e in given}
    partner = {leaf.path: leaf.given_path for leaf in leaves if leaf.outcome == "right"}
    places: dict[Measure, int] = dict.fromkeys(MEASURES, 0)
    score: dict[Measure, float] = dict.fromkeys(MEASURES, 0.0)
    for path, choices in _by_path(truth).items():
        evidence = found.get(partner.get(path) or "")
        for measure in MEASURES:
            fits = [_fit(measure, choice, evidence) for choice in choices if _has_measure(measure, choice)]
            places[measure] += bool(fits)
            score[measure] += max(fits, default=0.0)
    return EvidenceScore(places=places, score=score)


def _by_path(truth: Iterable[TrueEvidence]) -> dict[str, list[TrueEvidence]]:
    found = defaultdict(list)
    for one in truth:
        found[one.path].append(one)
    return found


def _has_measure(measure: Measure, truth: TrueEvidence) -> bool:
    if measure == "characters":
        return truth.quote is not None or truth.end is not None
    return truth.page is not None if measure == "page" else bool(truth.boxes)


def _fit(measure: Measure, truth: TrueEvidence, given: Evidence | None) -> float:
    if given is None:
        return 0.0
    if measure == "page":
        return float(given.page == truth.page)
    if measure == "boxes":
        return overlap_of_boxes(truth.boxes, given.boxes) if truth.page in {None, given.page} else 0.0
    return _characters(truth, given)


def _characters(truth: TrueEvidence, given: Evidence) -> float:
    """Return the Jaccard overlap of ranges, or of the quotes where the truth has no offsets."""
    if truth.start is not None and truth.end is not None and given.start is not None and given.end is not None:
        shared = max(0, min(truth.end, given.end) - max(truth.start, given.start))
        return shared / (truth.end - truth.start + given.end - given.start - shared)
    a, b = normal_text(truth.quote or ""), normal_text(given.quote)
    shared = LCSseq.similarity(a, b)
    return shared / (len(a) + len(b) - shared) if a and b else 0.0


def overlap_of_boxes(ours: Iterable[Box], theirs: Iterable[Box]) -> float:
    """Return the intersection over union of the areas of two sets of boxes.

    >>> overlap_of_boxes([(0, 0, 10, 10)], [(5, 0, 15, 10)])
    0.3333333333333333
    """
    a, b = list(ours), list(theirs)
    xs = sorted({x for box in (*a, *b) for x in (box[0], box[2])})
    ys = sorted({y for box in (*a, *b) for y in (box[1], box[3])})
    shared = either = 0.0
    for x0, x1 in pairwise(xs):
        for y0, y1 in pairwise(ys):
            here = [any(_covers(box, x0, y0) for box in boxes) for boxes in (a, b)]
            area = (x1 - x0) * (y1 - y0)
            shared, either = shared + area * all(here), either + area * any(here)
    return shared / either if either else 0.0


def _covers(box: Box, x: float, y: float) -> bool:
    return box[0] <= x < box[2] and box[1] <= y < box[3]
