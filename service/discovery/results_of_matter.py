"""Find the Results of a Matter's documents; a duplicate is answered by the Result of the document it is a copy of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from thresher.schemas.matter import MatterDocument
from thresher.schemas.result import Result
from thresher.service.discovery.matter.folder import Matter
from thresher.service.exports.finished_results import FinishedResults, find_results
from thresher.service.exports.reviewed_results import ReviewedResult, reviewed


@dataclass(frozen=True, slots=True)
class MatterResults:
    """The Results below `results/`, by the document that each is of: its file is named `<document id>.json`."""

    found: FinishedResults
    names: dict[str, list[str]] = field(default_factory=dict)

    def has_own(self, document: MatterDocument) -> bool:
        """Whether there is a Result of this document itself."""
        return document.id in self.names

    def has(self, document: MatterDocument) -> bool:
        """Whether there is a Result that speaks for this document."""
        return bool(self._names(document))

    def as_given(self, document: MatterDocument) -> Iterator[Result[Any]]:
        """Yield the Results that speak for a document, as the machine gave them."""
        for name in self._names(document):
            yield self.found.result(name)

    def reviewed(self, document: MatterDocument) -> Iterator[ReviewedResult]:
        """Yield the Results that speak for a document, as people corrected them."""
        for name in self._names(document):
            yield reviewed(self.found.result(name), self.found.events.get(name, ()), name)

    def _names(self, document: MatterDocument) -> list[str]:
        return self.names.get(document.id) or self.names.get(document.dup_of or "", [])


def results_of(matter: Matter) -> MatterResults:
    """Return the Results of a Matter."""
    found = find_results(matter.folder / "results")
    names: dict[str, list[str]] = {}
    for name in found.names:
        names.setdefault(PurePosixPath(name).name.removesuffix(".json"), []).append(name)
    return MatterResults(found, names)
