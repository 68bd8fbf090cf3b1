"""Keep what fits of the answers to one question, and what is still wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.chunk import Chunk
from thresher.schemas.errors import Note, note
from thresher.schemas.extraction import Attempt
from thresher.schemas.result import FieldError
from thresher.service.extraction.kind_question import KIND_MEMBER, without_kind
from thresher.service.extraction.missed_records import no_record
from thresher.service.prompts.answer_repair import Parsed, patched
from thresher.service.provider_schemas.request_schema import RequestSchema

NAMED_ERRORS_MAX = 3  # errors named where no answer fitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question: data that fits the asked schema, and why there is not more of it."""

    data: dict[str, Any] | None
    attempts: tuple[Attempt, ...]
    cut: bool = False
    failure: Note | None = None
    failed: tuple[str, ...] = ()  # see Calls
    other_kind: str = ""  # see Extraction
    dismissed: tuple[int, ...] = ()  # see Extraction


@dataclass(slots=True)
class AnswerSoFar:
    """The answer to one question so far, in the target's shape, and what is wrong with it."""

    asked: RequestSchema
    chunk: Chunk
    of_kind: bool = False  # whether it was also asked what the document is
    data: dict[str, Any] | None = None
    errors: list[FieldError] = field(default_factory=list)
    broken: list[FieldError] = field(default_factory=list)  # places of what was no valid JSON
    other_kind: str = ""  # what the document is said to be
    dismissed: tuple[int, ...] = ()

    @property
    def wrong(self) -> list[FieldError]:
        """Return all errors: invalid JSON first, then values that do not fit."""
        return [*self.broken, *self.errors]

    def take(self, parsed: Parsed) -> None:
        """Take the first answer as it is, and from a later one only what corrects it."""
        self.dismissed = no_record(parsed.data, self.chunk) or self.dismissed
        new = None if parsed.data is None else self._read(parsed.data)
        if self.data is None:
            self.data, self.broken = new, list(parsed.broken)
        elif new is not None:
            before, self.data = self.data, patched(self.data, new, self.wrong, self.broken)
            self.broken = [e for e in self.broken if not _is_filled(e.path, before, self.data)]
        none = [FieldError(path="", message="this is not a JSON object")]
        self.errors = none if self.data is None else self.asked.check(self.data)

    def _read(self, answer: dict[str, Any]) -> Any:
        """Return the answer in the target's shape, without the member for the document's kind."""
        own = self.asked.schema.get("properties", {KIND_MEMBER: None})
        if self.of_kind and KIND_MEMBER not in own:
            answer, said = without_kind(answer)
            self.other_kind = self.other_kind or said
        return self.asked.written_as(self.chunk.text).read(answer)

    def answer(self, attempts: list[Attempt], *, cut: bool = False, failure: Note | None = None) -> Answer:
        """Return everything that fits."""
        left = self.broken if cut else self.wrong
        if not failure and left:
            named = (f"{e.path or '/'} {e.message}" for e in left[:NAMED_ERRORS_MAX])
            failure = note("model_misbehaved", "; ".join(named))
        return Answer(
            data=_prune(self.data, self.errors),
            attempts=tuple(attempts),
            cut=cut,
            failure=failure,
            dismissed=() if cut else self.dismissed,
            other_kind=self.other_kind,
        )


def _is_filled(path: str, before: Any, now: Any) -> bool:
    """Whether what was invalid JSON at a path is there now: the list has more items, or the member has a value."""
    above = json_pointer.get(now, path.rpartition("/")[0])
    if isinstance(above, list):
        return len(above) > len(json_pointer.get(before, path.rpartition("/")[0]) or ())
    return json_pointer.get(now, path) is not None


def _prune(data: dict[str, Any] | None, errors: list[FieldError]) -> dict[str, Any] | None:
    """Return the data with null in place of the values that do not fit."""
    for error in errors:
        if data is not None and error.path:
            json_pointer.put(data, error.path, None)
    return data
