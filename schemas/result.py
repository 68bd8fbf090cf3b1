"""Result: the merged data with its evidence, and a true word on how complete it is."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.errors import Note
from schemas.extraction import Evidence, Unresolved, Unsupported
from schemas.verdict import Conflict, Verdict

T = TypeVar("T")
Status = Literal["complete", "partial", "abstained", "failed"]
VERSION = "0.1.0"


class SourceFacts(BaseModel):
    """What the Result says of a Source."""

    path: str
    sha256: str
    media_type: str
    pages: int | None = None
    page_range: tuple[int, int] | None = None  # of a part of a packet: its first and last page in the file
    relation: str = "root"
    notes: list[Note] = Field(default_factory=list)


class TargetFacts(BaseModel):
    """What the Result says of its target."""

    name: str
    fingerprint: str


class FieldError(BaseModel):
    """Why the whole does not validate: one message for one place."""

    path: str
    message: str


ReasonCode = Literal[
    "absent",
    "unsupported",
    "arithmetic",
    "conflict",
    "unclaimed",
    "unresolved",
    "unread",
    "invalid",
    "not_of_this_kind",
    "prompt_cut",
    "hidden",
    "unsure",
]


class Reason(BaseModel):
    """Why a Result is not complete: one finding for one place; path "" speaks of the whole."""

    model_config = ConfigDict(frozen=True)

    code: ReasonCode
    path: str
    message: str


class Unclaimed(BaseModel):
    """A line that looks like a record and is in no record."""

    page: int | None
    text: str
    start: int
    end: int
    source: str | None = None


class Unasked(BaseModel):
    """A part of the text that no question was about: what was wanted had been found elsewhere."""

    pages: tuple[int, int] | None  # first and last, 1-based
    start: int
    end: int
    source: str | None = None


class Coverage(BaseModel):
    """What was read and asked, against what there was. `None` in a count means it is not known."""

    pages: int = 0
    pages_read: int = 0
    chunks: int = 0
    chunks_asked: int = 0
    chunks_answered: int = 0
    unasked: list[Unasked] = Field(default_factory=list)
    partly: dict[str, int] = Field(default_factory=dict)  # fields that not every Chunk was asked for: how many were
    absent: list[str] = Field(default_factory=list)  # fields and lists of which nothing was found; `*` for any index
    records_expected: int | None = None
    records_found: int | None = None
    unclaimed: list[Unclaimed] = Field(default_factory=list)


class Usage(BaseModel):
    """What the answers cost, whenever they were paid: the same for a rerun. Seconds stand in run.json."""

    answers: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cached_tokens: int = 0
    usd: float | None = 0.0  # None: a price is unknown
    models: dict[str, int] = Field(default_factory=dict)  # answers by model


class Result(BaseModel, Generic[T]):
    """One JSON document for one Unit. `data` is the user's class in the Python door and plain JSON elsewhere."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    thresher: str = VERSION
    source: SourceFacts
    sources: list[SourceFacts] = Field(default_factory=list)  # the rest of the Unit: attachments, members
    target: TargetFacts
    status: Status
    data: T | None = None
    draft: dict[str, Any] | None = None
    errors: list[FieldError] = Field(default_factory=list)
    unsupported: list[Unsupported] = Field(default_factory=list)
    evidence: list[Evidence] = Field(default_factory=list)
    verdicts: list[Verdict] = Field(default_factory=list)
    conflicts: list[Conflict] = Field(default_factory=list)
    unresolved: list[Unresolved] = Field(default_factory=list)
    coverage: Coverage = Field(default_factory=Coverage)
    usage: Usage = Field(default_factory=Usage)
    problems: list[Note] = Field(default_factory=list)


AnyResult = Result[Any]  # pydantic makes such a class anew wherever nobody holds it
