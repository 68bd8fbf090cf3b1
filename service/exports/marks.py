"""Find what is doubtful, missing or corrected in a Result, and where its rows stand, by path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from thresher.schemas.extraction import Evidence
from thresher.schemas.result import Reason
from thresher.service.exports.reviewed_results import ReviewedResult

Mark = Literal["doubtful", "missing", "corrected"]
"""Of one cell: kept and may be wrong; not there although it should be; set by a person."""


@dataclass(slots=True)
class Marks:
    """The reasons and the Evidence of one Result by path."""

    exact: dict[str, list[Reason]] = field(default_factory=dict)
    below: dict[str, list[Reason]] = field(default_factory=dict)  # by every path at or above the reason's, but ""
    settled: frozenset[str] = frozenset()  # judged by a person
    stands: dict[str, Evidence] = field(default_factory=dict)  # by the path of a list item: the first below it

    def of_cell(self, path: str, value: Any, within: str) -> Mark | None:
        """Return the mark of the value at a path; `within` is the path of its row, "" in a table of documents."""
        if path in self.settled:
            return "corrected"
        if not self.exact:
            return None
        if path in self.below:
            return "missing" if value is None else "doubtful"
        above = value is not None and any(p in self.exact for p in _between(path, within))
        return "doubtful" if above else None

    def of_row(self, path: str) -> list[Reason]:
        """Return the reasons for a row and for what is in it, but for what a person has settled."""
        return [r for r in self.below.get(path, ()) if r.path not in self.settled]


def marks_of(reviewed: ReviewedResult) -> Marks:
    """Return the marks of a Result."""
    result = reviewed.result
    corrected = {e.path for e in result.evidence if e.method == "corrected"}
    marks = Marks(settled=reviewed.settled | corrected)
    for reason in result.reasons:
        if reason.path:
            marks.exact.setdefault(reason.path, []).append(reason)
            for path in _upward(reason.path):
                marks.below.setdefault(path, []).append(reason)
    for evidence in result.evidence:
        _place(marks.stands, evidence)
    return marks


def _place(stands: dict[str, Evidence], evidence: Evidence) -> None:
    """Enter Evidence as the place of every list item that it is in, where none with a page is known."""
    if evidence.start is None and evidence.page is None:
        return
    path = evidence.path
    for above in _upward(path):
        if above[above.rindex("/") + 1 :].isdigit():
            stands.setdefault(above, evidence)


def _upward(path: str) -> Iterator[str]:
    """Yield a pointer and all above it, but "".

    >>> list(_upward("/lines/3/amount"))
    ['/lines/3/amount', '/lines/3', '/lines']
    """
    while path:
        yield path
        path = path[: path.rindex("/")]


def _between(path: str, within: str) -> Iterator[str]:
    """Yield the pointers above a value, up to and with its row."""
    for above in _upward(path):
        if len(above) < max(len(within), 1):
            return
        if above != path:
            yield above
