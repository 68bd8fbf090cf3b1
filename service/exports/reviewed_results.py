"""Join Results with what people said of them: tables and reports show corrected values, and no doubt that is settled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thresher.schemas.result import Result
from thresher.schemas.review import ReviewEvent
from thresher.service.reviews.applying import apply_corrections, is_row_removed, moved_path, standing_events


@dataclass(frozen=True, slots=True)
class ReviewedResult:
    """A Result with its corrections applied. `settled` are the paths that a person has judged."""

    result: Result[Any]
    settled: frozenset[str] = frozenset()


def reviewed(result: Result[Any], events: Iterable[ReviewEvent] = ()) -> ReviewedResult:
    """Return a Result as people corrected it, from their events, oldest first."""
    every = list(events)
    if not every:
        return ReviewedResult(result)
    standing = standing_events(every)
    gone = [path for path, event in standing.items() if is_row_removed(result.values, event)]
    settled = frozenset(p for path in standing if (p := moved_path(path, gone)) is not None)
    return ReviewedResult(apply_corrections(result, every), settled)
