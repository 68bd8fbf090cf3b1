"""What people say of Results: corrections and decisions as a chain of events, and how a Result is shown for review.

An event is never changed and never deleted by itself: an undo is another event. Each holds the hash of the one before,
so that a change of any of them shows. It also holds what is needed to use it later as an example or as a label for
calibration: which document, target, stages and models, and the machine's evidence and doubts for the old value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.columns import Box
from thresher.schemas.extraction import Evidence, Verdict
from thresher.schemas.numbers import WRITING, JsonValue, without_marks
from thresher.schemas.result import Reason, ReasonCode, Review, Status

Action = Literal["accept", "edit", "reject", "absent", "undo"]
"""What a person does with one field: it is right, it is this, it is wrong, the document does not state it, take back."""
ReviewState = Literal["open", "accepted", "rejected"]  # of a whole Result
FieldKind = Literal["text", "number", "date", "boolean", "choice", "missing"]
LEASE_SECONDS = 120.0  # of a claim
NOTE_MAX_CHARS = 4000  # of a person's note


class ExactModel(BaseModel):
    """A frozen model whose JSON has numbers with the digits that they were written with."""

    model_config = ConfigDict(frozen=True)

    def model_dump_json(self, **choices: Any) -> str:
        """Return JSON text. For `choices`, see pydantic."""
        return without_marks(super().model_dump_json(**{"context": WRITING, **choices}))


class MachineFacts(ExactModel):
    """What the machine had said, when a person judged it."""

    sha256: str  # of the document
    path: str  # of the document, as in the Result's source
    target: str  # name
    fingerprint: str  # of the target
    thresher: str  # version
    stages: dict[str, int] = Field(default_factory=dict)  # versions of the stages
    models: dict[str, int] = Field(default_factory=dict)  # answers by model
    value: JsonValue = None  # the machine's own, whoever corrected it before
    record: JsonValue = (
        None  # the list's row as it was, where the field is in a list: finds the row again after a rerun
    )
    evidence: list[Evidence] = Field(default_factory=list)  # of the field
    verdicts: list[Verdict] = Field(default_factory=list)
    reasons: list[Reason] = Field(default_factory=list)  # that name the field: its doubts


class ReviewEvent(ExactModel):
    """One thing that a person did to a Result: to a field (`path`), or to the whole (path "")."""

    seq: int  # 1-based and without gaps within the Result
    at: str  # ISO 8601, UTC
    by: str
    path: str  # JSON Pointer into the machine's data; "" for a decision
    action: Action | ReviewState
    old: JsonValue = None  # as it stood before this event
    new: JsonValue = None  # as it stands after it
    note: str = ""
    machine: MachineFacts | None = None
    prev: str = ""  # hash of the event before; "" for the first
    hash: str = ""  # of all the rest

    def hashed(self) -> ReviewEvent:
        """Return the event with its hash: SHA-256 of its JSON without it."""
        return self.model_copy(update={"hash": self.right_hash()})

    def right_hash(self) -> str:
        """Return the hash that the event must have."""
        return hashlib.sha256(self.model_dump_json(exclude={"hash"}).encode()).hexdigest()


def is_right(events: Iterable[ReviewEvent]) -> bool:
    """Whether a chain is whole: numbers without gaps, each hash right, each event after the one that it names.

    >>> first = ReviewEvent(seq=1, at="2026-01-01T00:00:00Z", by="a", path="/total", action="accept").hashed()
    >>> is_right([first]), is_right([first.model_copy(update={"by": "b"})])
    (True, False)
    """
    prev = ""
    for seq, event in enumerate(events, start=1):
        if (event.seq, event.prev, event.hash) != (seq, prev, event.right_hash()):
            return False
        prev = event.hash
    return True


class ReviewClaim(BaseModel):
    """Who works on a Result just now, and until when if nothing more comes."""

    model_config = ConfigDict(frozen=True)

    by: str
    until: str  # ISO 8601, UTC


class FieldDoubt(BaseModel):
    """Why a field is doubtful."""

    model_config = ConfigDict(frozen=True)

    code: ReasonCode
    message: str


class FieldPlace(BaseModel):
    """A place in a document that a value rests on. Boxes are points on the page as displayed, origin at the top left."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="path of the attachment or member; empty for the document itself")
    page: int | None = Field(description="1-based, of the file; null where the format has no pages")
    boxes: list[Box]
    quote: str
    start: int | None = Field(description="code points into the document's text")
    end: int | None
    match: str
    struck: bool = False


class FieldCandidate(ExactModel):
    """One of the values that a document gives for a field."""

    value: JsonValue
    shown: str
    why: str
    evidence: list[FieldPlace]


class FieldCorrection(ExactModel):
    """What a person last did to a field."""

    old: JsonValue
    by: str
    at: str
    note: str
    action: Action


class ReviewField(ExactModel):
    """One leaf of a Result, with all that a person needs to judge it."""

    path: str
    name: str
    kind: FieldKind
    choices: list[Any] | None = None
    value: JsonValue = Field(description="as corrected")
    shown: str = Field(description="the value as text, with the document's digits")
    method: str = Field(description="read, derived, judged, corrected; empty where nothing was found")
    doubts: list[FieldDoubt] = Field(default_factory=list)
    evidence: list[FieldPlace] = Field(default_factory=list)
    candidates: list[FieldCandidate] = Field(default_factory=list)
    correction: FieldCorrection | None = None


class ReviewReason(BaseModel):
    """A reason of the Result, with what may be done about it."""

    model_config = ConfigDict(frozen=True)

    code: ReasonCode
    path: str
    message: str
    remedy: str


class ReviewPage(BaseModel):
    """One page of a document of the Result."""

    model_config = ConfigDict(frozen=True)

    source: str
    page: int  # 1-based, of the file
    width: float  # points
    height: float
    picture: str | None = Field(description="its address; null where there is none to draw")


class ReviewList(BaseModel):
    """A list of records, to be shown as a table."""

    model_config = ConfigDict(frozen=True)

    path: str
    name: str
    columns: list[str]
    rows: int


class ReviewDocument(ExactModel):
    """A Result with its fields: a page of them."""

    number: int
    name: str
    status: Status
    valid: bool
    review: Review | None
    claim: ReviewClaim | None
    head: str = Field(description="hash of the last event; empty at first")
    reasons: list[ReviewReason]
    pages: list[ReviewPage]
    fields: list[ReviewField]
    fields_total: int
    first_doubtful: int | None
    lists: list[ReviewList]


class ReviewRow(BaseModel):
    """A Result in the list of a collection."""

    model_config = ConfigDict(frozen=True)

    number: int
    name: str
    status: Status
    reasons: dict[str, int]
    doubtful: int
    review: Review | None
    claim: ReviewClaim | None


class ReviewTarget(BaseModel):
    """The target of a collection."""

    model_config = ConfigDict(frozen=True)

    name: str


class ReviewCollection(BaseModel):
    """A page of a collection's Results, and its queues."""

    model_config = ConfigDict(frozen=True)

    collection: str
    target: ReviewTarget
    counts: dict[str, int] = Field(description="Results by state: open, accepted, rejected")
    queues: dict[str, int] = Field(description="Results by the code of a reason")
    documents: list[ReviewRow]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class CorrectionRequest(BaseModel):
    """A correction of one field."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=2000)
    action: Action
    value: JsonValue = Field(default=None, description="of an edit: JSON, or text as a person types it")
    note: str = Field(default="", max_length=NOTE_MAX_CHARS)
    head: str = Field(default="", max_length=64, description="`head` as last seen")


class CorrectionDone(ExactModel):
    """The field after a correction."""

    head: str
    field: ReviewField


class DecisionRequest(BaseModel):
    """A decision on a whole Result."""

    model_config = ConfigDict(extra="forbid")

    state: ReviewState
    note: str = Field(default="", max_length=NOTE_MAX_CHARS)


class ReviewCase(BaseModel):
    """A scorecard case that was made."""

    case: str


class TextPassage(BaseModel):
    """A passage of a document's text: `text` is its characters [from, to), the span asked for [start, end)."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    start: int
    end: int
    text: str
    first: int = Field(alias="from")
    last: int = Field(alias="to")


class ReviewEvents(ExactModel):
    """The chain of a Result, and whether it is whole."""

    events: list[ReviewEvent]
    right: bool
