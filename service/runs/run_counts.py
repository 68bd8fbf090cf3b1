"""Count what happened in a run, from its Events."""

from __future__ import annotations

import bisect
import time
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.errors import Note
from thresher.schemas.result import Result
from thresher.service.base.file_names import counting_order
from thresher.service.readers.ignored_files import IgnoredPath
from thresher.service.runs.folder_run import Event

UNAVAILABLE_CODES = ("model_unavailable", "prompt_cut")  # the model's server must be set up before it answers


@dataclass(slots=True)
class RunCounts:
    """Counts of a run. files = no_target + refused + finished + unfinished.

    In the folders given there are `files` and those of `ignored`.
    """

    files: int = 0
    ignored: list[IgnoredPath] = field(default_factory=list)  # passed over, each with its reason
    no_target: list[str] = field(default_factory=list)
    refused: dict[str, Note] = field(default_factory=dict)
    finished: int = 0
    kept: int = 0
    results: dict[str, int] = field(default_factory=dict)  # by status
    documents: int = 0
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of the Results, in the order of their paths once sorted
    answered: int = 0  # Chunks that a model answered
    away: bool = False  # a model could not be reached, or its server read only parts of the questions
    begun: float = field(default_factory=time.time)  # seconds since 1970, UTC
    seconds: float = 0.0

    def add(self, event: Event) -> None:
        """Count one Event."""
        if event.kind == "no_target":
            self.no_target.append(event.path)
        elif event.kind == "refused" and event.note:
            self.refused[event.path] = event.note
            self._except(event.path, event.note, "")
        elif event.kind == "finished":
            self.finished += 1
        elif event.result is not None:
            self._result(event.result, event)

    def _result(self, result: Result[Any], event: Event) -> None:
        self.kept += event.kind == "kept"
        bisect.insort(self.names, event.name, key=counting_order)
        self.answered += result.coverage.chunks_answered
        self.away = self.away or any(u.code in UNAVAILABLE_CODES for u in result.unresolved)
        self.results[result.status] = self.results.get(result.status, 0) + 1
        self.documents += 1 + len(result.sources)
        for facts in (result.source, *result.sources):
            for why in facts.notes:
                self._except(facts.path, why, event.name)
        for left in result.unresolved:
            page = left.pages[0] if left.pages else None
            self._except(left.source or event.path, Note(code=left.code, message=left.reason, page=page), event.name)

    def _except(self, path: str, why: Note, name: str) -> None:
        self.exceptions.append({"path": path, "result": name, **why.model_dump(exclude_none=True)})
