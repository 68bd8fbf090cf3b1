"""What the two ends of a processing process's line say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.errors import Problem
from thresher.schemas.policy import Policy
from thresher.schemas.result import Result
from thresher.service.llm.base import ModelFacts, Question, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """What a process must know of a model that it can not reach itself."""

    name: str
    facts: ModelFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One Unit to be processed."""

    target: tuple[Any, Path]  # the spec that the target was loaded from, and where its paths begin
    policy: Policy
    documents: list[Document]
    model: Asker
    beside: Asker | None  # the model that gives texts as vectors, where one was chosen
    memory: int  # bytes that the process may add
    seconds: float  # of processor time that it may use


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a process."""

    number: int
    question: Question
    beside: bool  # whether it goes to the model that gives texts as vectors


@dataclass(frozen=True, slots=True)
class Replied:
    """What a model said to a question."""

    number: int
    reply: Reply | Problem


@dataclass(frozen=True, slots=True)
class Done:
    """How an Order ended; a fault of this program is told by its traceback."""

    result: Result[Any] | Problem | str
