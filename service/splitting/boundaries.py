"""Score the gaps between pages at which a document may begin, and select those that code is sure of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from thresher.schemas.document import Document
from thresher.service.splitting.boundary_scorer import Scorer, load_scorer
from thresher.service.splitting.boundary_signals import FilePages

SPLITTABLE_KINDS = ("pdf", "image")  # of Documents that may contain several documents: PDFs and scans


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A gap between pages at which a document may begin."""

    page: int  # 0-based in the Document: the first page after the gap
    score: float  # 0 to 1
    reason: str  # names of the signals with the largest weight for the decision


def gaps(document: Document) -> list[Gap]:
    """Return every gap of a Document before a page with text, in order."""
    return scored_gaps(FilePages.of(document), load_scorer())


def scored_gaps(leaves: FilePages, scorer: Scorer) -> list[Gap]:
    """Return the gaps of the pages, in order, with their scores."""
    return list(_scored(leaves, scorer))


def _scored(leaves: FilePages, scorer: Scorer) -> Iterator[Gap]:
    for page in range(1, len(leaves.pages)):
        signals = leaves.gap(page)
        if signals is not None:
            score = scorer.score(signals)
            yield Gap(page=page, score=score, reason=scorer.reason(signals, begins=score >= scorer.cut))


def boundaries_by_code(found: list[Gap], scorer: Scorer | None = None) -> list[Gap]:
    """Return the boundaries by code alone: none unless one gap is sure, so that an ordinary document stays whole."""
    scorer = scorer or load_scorer()
    if not any(g.score >= scorer.sure for g in found):
        return []
    return [g for g in found if g.score >= scorer.cut]


def unsure_gaps(found: list[Gap], scorer: Scorer | None = None) -> list[Gap]:
    """Return the gaps whose scores are neither sure nor too low, about which a model may be asked."""
    scorer = scorer or load_scorer()
    return [g for g in found if scorer.asked_from <= g.score < scorer.sure]
