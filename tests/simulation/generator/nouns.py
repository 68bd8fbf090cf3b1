"""Nouns of the generator: what a kind of document consists of, and what was made of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, Literal, Protocol

from pydantic import BaseModel

Value = str | int | Decimal | date | None
ColumnKind = Literal["date", "code", "text", "money", "signed", "choice", "count"]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field of a record, and what its column is called in each language of titles."""

    name: str
    kind: ColumnKind
    titles: tuple[str, ...]
    width: int  # characters it takes where columns are aligned
    pattern: str = ""  # of a code or a choice, as a regular expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A single fact of the document, and the labels it may stand behind."""

    name: str
    kind: Literal["text", "date", "money", "count"]
    labels: tuple[str, ...]
    last: bool = False  # stands behind the records, not before them


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the truth has it, and the running sums behind it."""

    index: int
    values: dict[str, Value]
    running: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Total:
    """A line that looks like a record and is none; `values` by column."""

    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph of prose, or a heading of a group."""

    text: str
    corrects: str = ""  # name of the fact that it corrects


Item = Row | Total | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a document says, before it is laid out."""

    title: str
    facts: dict[str, Value]  # as first stated
    items: list[Item]
    corrected: dict[str, Value]  # what a note in the middle says of a fact instead


class Kind(Protocol):
    """A kind of document."""

    @property
    def name(self) -> str:
        """As in `generate(kind, …)`."""
        ...

    @property
    def rows(self) -> str:
        """Name of the list in the target."""
        ...

    @property
    def model(self) -> type[BaseModel]:
        """The target."""
        ...

    @property
    def columns(self) -> tuple[Column, ...]:
        """Fields of a record, in the target's order."""
        ...

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Single facts, in the target's order."""
        ...

    def draw(self, random: Random, rows: int) -> Story:
        """A story of so many records."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A document with its truth. Ranges are half-open code points of `text`, one for each record, in its order."""

    kind: str
    seed: int
    text: str
    pages: list[list[str]]  # lines of each page, as in `text`
    truth: dict[str, Any]  # JSON that validates against the target
    ranges: list[Range]
    corrections: dict[str, tuple[Any, Any]]  # fact to (first stated, corrected)

    def shown(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Each record of the truth with the text it stands in."""
        rows = next(v for v in self.truth.values() if isinstance(v, list))
        return ((row, self.text[a:b]) for row, (a, b) in zip(rows, self.ranges, strict=True))
