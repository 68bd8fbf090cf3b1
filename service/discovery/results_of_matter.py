"""Find the Results that speak for a Matter's documents; a copy is answered by the document that was asked for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.result import Result
from thresher.service.discovery.matter.document_links import DocumentLinks
from thresher.service.discovery.matter.folder import Matter
from thresher.service.exports.finished_results import FinishedResults, find_results
from thresher.service.exports.reviewed_results import ReviewedResult, reviewed

AnyDocument = MatterDocument | DocumentLinks


@dataclass(frozen=True, slots=True)
class MatterResults:
    """The Results below `results/`, by the document that each is of."""

    found: FinishedResults
    names: dict[str, list[str]] = field(default_factory=dict)
    answered_by: dict[str, str] = field(default_factory=dict)  # the document that was asked, by its copy

    def has_own(self, document: AnyDocument) -> bool:
        """Whether there is a Result of this document itself."""
        return document.id in self.names

    def has(self, document: AnyDocument) -> bool:
        """Whether there is a Result that speaks for this document."""
        return bool(self._names(document))

    def as_given(self, document: AnyDocument) -> Iterator[Result[Any]]:
        """Yield the Results that speak for a document, as the machine gave them."""
        for name in self._names(document):
            yield self.found.result(name)

    def reviewed(self, document: AnyDocument) -> Iterator[ReviewedResult]:
        """Yield the Results that speak for a document, as people corrected them."""
        for name in self._names(document):
            yield reviewed(self.found.result(name), self.found.events.get(name, ()), name)

    def is_reviewed(self, document: AnyDocument) -> bool:
        """Whether a person has said anything of a Result that speaks for this document."""
        return any(self.found.events.get(name) for name in self._names(document))

    def _names(self, document: AnyDocument) -> list[str]:
        asked = self.answered_by.get(document.id) or document.dup_of or ""
        return self.names.get(document.id) or self.names.get(asked, [])


def results_of(matter: Matter) -> MatterResults:
    """Return the Results of a Matter: those that its outcomes name, else those whose file is named `<document id>.json`."""
    found = find_results(matter.folder / "results")
    names: dict[str, list[str]] = {}
    answered_by: dict[str, str] = {}
    there, named = set(found.names), set[str]()
    statement = "SELECT document_id, results, answered_by FROM outcomes ORDER BY document_id, target"
    for document, files, asked in matter.store.connection.execute(statement):
        own = [name for name in json.loads(files) if name in there] if asked is None else []
        names.setdefault(document, []).extend(own)
        named.update(own)
        if asked is not None:
            answered_by[document] = asked
    for name in found.names:
        if name not in named:
            names.setdefault(PurePosixPath(name).name.removesuffix(".json"), []).append(name)
    return MatterResults(found, {document: files for document, files in names.items() if files}, answered_by)
