"""Hear the Events of a run over documents of a matter, and write what each document came to as soon as it is known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from thresher.schemas.discovery.matter import MatterDocument, State
from thresher.schemas.errors import Note
from thresher.schemas.result import Result
from thresher.service.discovery.extraction.outcomes import Outcome, Outcomes
from thresher.service.discovery.extraction.result_states import exception, exceptions_of, state_of
from thresher.service.runs.folder_run import Event


class Recorder:
    """Writes outcomes. Paths of the run are `TARGET/ab/ID`; `document` finds a document by its id."""

    def __init__(
        self, outcomes: Outcomes, results: Path, document: Callable[[str], MatterDocument], model: str
    ) -> None:
        """Write to `outcomes`; `results` is the folder that the files of Results are below."""
        self._outcomes, self._folder, self._document, self._model = outcomes, results, document, model
        self._found: dict[str, list[tuple[str, Result[Any]]]] = {}
        self.new = 0  # outcomes that were written
        self.states: dict[str, State] = {}  # of what was asked in this run, by the last target that was

    def __call__(self, event: Event) -> None:
        """Take one Event."""
        path = event.path.partition("!/")[0]
        if event.result is not None:
            self._found.setdefault(path, []).append((event.name, event.result))
        elif event.kind == "finished":
            self._finished(path, self._found.pop(path, []))
        elif event.kind == "refused" and event.note is not None:
            self._refused(path, event.note)

    def _finished(self, path: str, found: list[tuple[str, Result[Any]]]) -> None:
        target, document = path.partition("/")[0], self._document(path.rpartition("/")[2])
        results = [result for _, result in found]
        state, reason = state_of(results)
        names = tuple(name for name, _ in found)
        outcome = Outcome(target=target, document_id=document.id, state=state, reason=reason, results=names)
        self.states[document.id] = state
        digests = [_digest(self._folder / name) for name in names]
        exceptions = exceptions_of(document, results)
        self.new += self._outcomes.write([outcome], exceptions, model=self._model, results_sha256=digests)

    def _refused(self, path: str, why: Note) -> None:
        target, document = path.partition("/")[0], self._document(path.rpartition("/")[2])
        outcome = Outcome(target=target, document_id=document.id, state="exception", reason=why.code)
        self.states[document.id] = "exception"
        self.new += self._outcomes.write([outcome], [exception(document, why)])


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
