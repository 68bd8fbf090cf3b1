"""Define the messages between a worker and a processing process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from thresher.schemas.document import Document
from thresher.schemas.errors import Problem
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts, Question, Reply
from thresher.schemas.result import Result

HEAVY_FIELDS = ("values", "evidence", "verdicts", "conflicts", "unsupported", "errors")
"""What a worker does not look at of a Result that it stores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteModel:
    """What a process must know of a model that its parent asks."""

    name: str
    facts: ModelFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOrder:
    """One Unit to process."""

    target: tuple[Any, Path]  # the spec that the target was loaded from, and the folder of its relative paths
    policy: Policy
    documents: list[Document]
    model: RemoteModel
    beside: RemoteModel | None  # the embedding model, where one was chosen
    memory: int  # bytes that the process may add
    seconds: float  # of processor time that the process may use


@dataclass(frozen=True, slots=True)
class QuestionMessage:
    """A question of a process."""

    number: int
    question: Question
    beside: bool  # whether it goes to the embedding model


@dataclass(frozen=True, slots=True)
class ReplyMessage:
    """The reply to a question, or why there is none."""

    number: int
    reply: Reply | Problem


class WrittenResult(Result[Any]):
    """A long Result that is JSON already: beside it only what its worker looks at, so without data and evidence."""

    _body: str = PrivateAttr("")

    @classmethod
    def of(cls, result: Result[Any], body: str) -> WrittenResult:
        """Return a Result with its JSON in place of its data."""
        made = cls.model_construct(**vars(result) | dict.fromkeys(HEAVY_FIELDS, ()))
        made._body = body  # noqa: SLF001 - of its own class
        return made

    def model_dump_json(self, **choices: Any) -> str:
        """Return the JSON. Raises ValueError for choices, which it was not made for."""
        if choices:
            raise ValueError(f"a written Result has one form only, none with {', '.join(choices)}")
        return self._body


@dataclass(frozen=True, slots=True)
class DoneMessage:
    """How an UnitOrder ended; a fault of this program comes as the text of its traceback."""

    result: Result[Any] | Problem | str
