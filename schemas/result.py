"""Result: the merged data with its evidence, and a true word on how complete it is."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, TypeAdapter, ValidationError, model_validator

from thresher.schemas.earlier import upgrade_result
from thresher.schemas.errors import InputProblem, Note
from thresher.schemas.extraction import Evidence, Unresolved, Unsupported, Verdict
from thresher.schemas.numbers import WRITING, JsonValue, read_json, without_marks
from thresher.schemas.pages import NO_ORIGINAL, Original, Page, Shown, pages_of
from thresher.schemas.source import SourceFacts
from thresher.schemas.stages import STAGES

T = TypeVar("T")
Status = Literal["complete", "partial", "abstained", "failed"]
VERSION = "0.2.0"
FORM = 2
"""Version of the Result's JSON form; 1 is that of Thresher 0.1.0. A form that only gains fields keeps its number."""


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


REASON_REMEDIES: dict[ReasonCode, str] = {
    "absent": "look whether the document states it; if it does not, say so",
    "unsupported": "the value was taken out, for the document does not hold it; look for the right one",
    "arithmetic": "the numbers do not add up; compare them with the document",
    "conflict": "the document gives several values; choose the right one",
    "unclaimed": "a line looks like a record and is in none; look whether one is missing",
    "unresolved": "the model gave no answer for a part; run again, or read that part yourself",
    "unread": "a part was not read or not searched; read it yourself, or mend its cause and run again",
    "invalid": "the value is not what the target wants; correct it",
    "not_of_this_kind": "the document is of another kind than the target; choose another target, or reject it",
    "prompt_cut": "the model's server read only a part; raise its context window and run again",
    "hidden": "the value stands in text that the page does not show; decide whether it counts",
    "unsure": "the value may be wrong; compare it with the document",
}
"""What a person does about a reason. No other module may repeat it."""


class Candidate(BaseModel):
    """One supported value for a place."""

    model_config = ConfigDict(frozen=True)

    value: JsonValue
    support: int  # how many Chunks gave it
    sources: int = 1  # how many Documents gave it: Chunks of one do not outvote another
    evidence: Evidence


class Conflict(BaseModel):
    """Two or more supported values for one place, and the rule that chose.

    `rule` is one of the Policy's, or what took its place: "standing" (the chosen value stands in the main Document, or in its
    body, where the others stand in attachments or exhibits), "corrected" (the Document itself says which value is right),
    "corrected, most_supported" (it says so of some of them), "repair" (a later answer to a failed check of the target).
    """

    model_config = ConfigDict(frozen=True)

    path: str
    candidates: tuple[Candidate, ...]
    chosen: JsonValue
    rule: str
    reason: str = ""  # the passage, the model's words or the failed check that the rule stands on
    settled: bool = False  # whether the rule leaves no doubt; else the Result names the Conflict as a reason


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
    outside: int = 0  # characters, other than blanks, that no Chunk holds: more than 0 is a fault of Thresher
    partly: dict[str, int] = Field(default_factory=dict)  # fields that not every Chunk was asked for: how many were
    absent: list[str] = Field(default_factory=list)  # fields and lists of which nothing was found; `*` for any index
    records_expected: int | None = None
    records_found: int | None = None
    dismissed: int = 0  # lines that looked like records and were judged to be none
    unclaimed: list[Unclaimed] = Field(default_factory=list)


class Usage(BaseModel):
    """What the answers cost, whenever they were paid: the same for a rerun. Seconds stand in run.json."""

    answers: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cached_tokens: int = 0
    usd: float | None = 0.0  # None: a price is unknown
    models: dict[str, int] = Field(default_factory=dict)  # answers by model


class Review(BaseModel):
    """What a person said of a Result; it never changes its status."""

    model_config = ConfigDict(frozen=True)

    state: Literal["open", "accepted", "rejected"]
    by: str
    at: str  # ISO 8601


class Result(BaseModel, Generic[T]):
    """One JSON document for one Unit. `values` is the tree that JSON calls `data`; `data` is the user's class."""

    model_config = ConfigDict(arbitrary_types_allowed=True, populate_by_name=True, serialize_by_alias=True)

    thresher: str = VERSION
    form: int = FORM
    source: SourceFacts
    sources: list[SourceFacts] = Field(default_factory=list)  # the rest of the Unit: attachments, members
    target: TargetFacts
    stages: dict[str, int] = Field(default_factory=lambda: dict(STAGES))  # versions of what made it
    status: Status
    valid: bool = False  # whether `data` validates against the target
    reasons: list[Reason] = Field(default_factory=list)  # why it is not complete; empty exactly when it is
    values: JsonValue = Field(  # the whole tree, as far as it is established
        default_factory=dict, alias="data", json_schema_extra={"type": "object", "additionalProperties": True}
    )
    errors: list[FieldError] = Field(default_factory=list)  # where `data` does not validate
    unsupported: list[Unsupported] = Field(default_factory=list)
    evidence: list[Evidence] = Field(default_factory=list)
    verdicts: list[Verdict] = Field(default_factory=list)
    conflicts: list[Conflict] = Field(default_factory=list)
    unresolved: list[Unresolved] = Field(default_factory=list)
    coverage: Coverage = Field(default_factory=Coverage)
    usage: Usage = Field(default_factory=Usage)
    problems: list[Note] = Field(default_factory=list)
    review: Review | None = None
    _built: list[Any] = PrivateAttr(default_factory=list)
    _original: Original | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_form(cls, given: Any) -> Any:
        return upgrade_result(given) if isinstance(given, dict) and "draft" in given else given

    @property
    def data(self) -> T | None:
        """Return an instance of the user's class, None where it cannot be built; `values` if the target is no class."""
        made: T | None = self._built[0] if self._built else _instance(type(self), self.values)
        return made

    def built(self, instance: T | None) -> Result[T]:
        """Return a copy with an instance of the user's class as `data`."""
        made = self.model_copy()
        made._built = [instance]  # noqa: SLF001 - of its own class
        return made

    @property
    def given(self) -> Any:
        """Return what was given to `extract` as its source; None for a Result that was read from JSON."""
        return self._original.given if self._original else None

    @property
    def pages(self) -> list[Page]:
        """Return the pages of the file, then those of each file in it, with their sizes, evidence and pictures."""
        return pages_of([self.source, *self.sources], self.evidence, self._original)

    def evidence_of(self, path: str) -> list[Evidence]:
        """Return the evidence of a value, or of all values below a path: "/total", "/lines/0/amount", "/lines".

        `path` is a JSON Pointer into `data`, "" for the whole. Raises ValueError where it is none.
        """
        if path and not path.startswith("/"):
            raise ValueError(f"{path!r} is no path: paths are JSON Pointers such as '/{path.replace('.', '/')}'")
        return [e for e in self.evidence if e.path == path or e.path.startswith(f"{path}/")]

    def show(self) -> Shown:
        """Return the Result as a notebook shows it: values, reasons, and the pages with their evidence framed."""
        return Shown(self.html())

    def html(self) -> str:
        """Return the same as one self-contained HTML page. Raises InputProblem(file_not_found) where the file is not known."""
        if self._original is None:
            raise InputProblem("file_not_found", NO_ORIGINAL)
        return self._original.html(self)

    def bound(self, original: Original) -> Result[T]:
        """Return a copy that knows what it was made from, so that its pages can be shown."""
        made = self.model_copy()
        made._original = original  # noqa: SLF001 - of its own class
        return made

    def with_values(self, values: Any, evidence: list[Evidence]) -> Result[T]:
        """Return a copy with another tree and its evidence; `data` is made of it anew."""
        made = self.model_copy(update={"values": values, "evidence": evidence})
        made._built = []  # noqa: SLF001 - of its own class
        return made

    def model_dump_json(self, **choices: Any) -> str:
        """Return JSON text whose numbers have the document's digits. For `choices`, see pydantic."""
        return without_marks(super().model_dump_json(**{"context": WRITING, **choices}))

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **choices: Any) -> Result[T]:
        """Read a Result from JSON text, in this or an earlier form. Raises pydantic's ValidationError."""
        try:
            whole = read_json(json_data if isinstance(json_data, str) else bytes(json_data))
        except ValueError:
            return super().model_validate_json(json_data, **choices)  # says what is wrong with the text
        return cls.model_validate(whole, **choices)


def _instance(kind: type[Any], values: Any) -> Any:
    """Return the tree as an instance of the Result's class, None if it is none; the tree itself without a class."""
    wanted = kind.__pydantic_generic_metadata__["args"]
    if not wanted or wanted[0] is Any:
        return values
    try:
        return TypeAdapter(wanted[0]).validate_python(values)
    except ValidationError:
        return None


AnyResult = Result[Any]  # pydantic makes such a class again where no reference to it is held
