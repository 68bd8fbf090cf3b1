"""Say where the evidence of each value is shown: framed on a page, or marked in a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.columns import Box
from thresher.schemas.extraction import Evidence
from thresher.schemas.result import Result
from thresher.service.exports.marks import Marks

Page = tuple[str, int]  # path of the source, page of its file (1-based)


@dataclass(frozen=True, slots=True)
class Place:
    """One piece of Evidence with its id in the report."""

    id: str
    evidence: Evidence
    doubtful: bool

    @property
    def framed(self) -> list[tuple[int, tuple[Box, ...]]]:
        """Return its boxes by page."""
        own = [(self.evidence.page, self.evidence.boxes)] if self.evidence.page and self.evidence.boxes else []
        return [*own, *((c.page, c.boxes) for c in self.evidence.continued)]


@dataclass(slots=True)
class Places:
    """The places of one Result."""

    root: str  # path of its own document
    by_path: dict[str, list[Place]] = field(default_factory=dict)
    all: list[Place] = field(default_factory=list)

    def of(self, path: str) -> list[Place]:
        """Return the places of a value, or of the items of a list of plain values."""
        return self.by_path.get(path, [])

    def source(self, place: Place) -> str:
        """Return the path of the source that a place is in."""
        return place.evidence.source or self.root

    def pages(self) -> dict[Page, list[Place]]:
        """Return the pages with frames, in order."""
        found: dict[Page, list[Place]] = {}
        for place in self.all:
            for page, _ in place.framed:
                found.setdefault((self.source(place), page), []).append(place)
        return dict(sorted(found.items(), key=lambda pair: (pair[0][0] != self.root, pair[0])))

    def passages(self) -> dict[str, list[Place]]:
        """Return by source the places without frames that stand in its text, in the order of the text."""
        found: dict[str, list[Place]] = {}
        for place in self.all:
            if not place.framed and place.evidence.start is not None and place.evidence.quote:
                found.setdefault(self.source(place), []).append(place)
        return {s: sorted(p, key=lambda x: (x.evidence.start or 0, x.evidence.end or 0)) for s, p in found.items()}


def places_of(result: Result[Any], marks: Marks, prefix: str) -> Places:
    """Return the places of a Result's Evidence; `prefix` begins their ids."""
    found = Places(result.source.path)
    for number, evidence in enumerate(result.evidence):
        doubtful = evidence.path in marks.below and evidence.path not in marks.settled
        place = Place(f"{prefix}-{number}", evidence, doubtful)
        found.all.append(place)
        for path in _paths(evidence.path):
            found.by_path.setdefault(path, []).append(place)
    return found


def _paths(path: str) -> Iterator[str]:
    """Yield the path of a value, and that of its list where it is an item."""
    yield path
    above, _, last = path.rpartition("/")
    if last.isdigit() and above:
        yield above
