"""Types for what one Chunk gave: partial values, their Evidence, and the model calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from thresher.schemas.document import Box, Document, PageBoxes
from thresher.schemas.numbers import JsonValue

Match = Literal["exact", "normalised", "fuzzy", "derived", "judged", "seen", "none"]
Method = Literal["read", "derived", "judged", "corrected"]
Finish = Literal["stop", "length", "refusal", "error"]


class Attempt(BaseModel):
    """One model call, as it was charged."""

    model_config = ConfigDict(frozen=True)

    key: str  # hash of everything that can change the answer: the store's key
    model: str
    prompt: str  # name and version: "extract.v1"
    fingerprint: str  # of the prompt's text
    finish: Finish
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cached_tokens: int = 0  # of the prompt tokens, those that the provider had cached
    usd: float | None = None  # None: price unknown, never 0 in its place
    seconds: float = 0.0
    stored: bool = False  # the answer came from the store: nothing was paid now
    purpose: Literal["ask", "repair", "split", "reask", "evaluate", "decide", "transcribe", "embed"] = "ask"
    error: str | None = None  # what went wrong, for people
    code: str | None = None  # of thresher.schemas.errors, where it failed
    retry: int = 0  # how often the same call had failed before, of those in the log


@dataclass(frozen=True, slots=True)
class Calls:
    """What questions came to: the calls that were answered, and the codes of those that were not.

    >>> (Calls(failed=("model_unavailable",)) + Calls(failed=("key_missing",))).failed
    ('model_unavailable', 'key_missing')
    """

    attempts: tuple[Attempt, ...] = ()
    failed: tuple[str, ...] = ()  # a code of thresher.schemas.errors for each question without an answer

    def __add__(self, other: Calls) -> Calls:
        """Return the calls of both, in order."""
        return Calls(self.attempts + other.attempts, self.failed + other.failed)


class Evidence(BaseModel):
    """Where a value stands in a Document."""

    model_config = ConfigDict(frozen=True)

    path: str  # JSON Pointer into the result's data
    quote: str  # the characters at [start, end)
    start: int | None  # code points into the Document's text; None with match "derived"
    end: int | None
    page: int | None = None  # 1-based
    boxes: tuple[Box, ...] = ()  # on that page; points, origin top-left, one a line
    continued: tuple[PageBoxes, ...] = ()  # boxes on later pages, where the quote runs over a page break
    part: str | None = None  # mail part, sheet cell, line
    match: Match = "exact"
    method: Method = "read"  # how the value was obtained: see the Result contract in docs
    struck: bool = False  # the quote stands struck through on the page
    chunk: int | None = None
    source: str | None = None  # path of the child Source where it is not the Result's own
    derived_from: tuple[str, ...] = ()  # paths whose evidence a derived value rests on
    ocr_confidence: float | None = Field(  # in the quote, 0..1; "confidence" is its name in the form of 0.1.0
        default=None, validation_alias=AliasChoices("ocr_confidence", "confidence")
    )

    @classmethod
    def at(cls, document: Document, span: tuple[int, int], path: str, **facts: Any) -> Evidence:
        """Return evidence for `[start, end)` of a Document: its quote, and where it stands on each of its pages."""
        start, end = span
        anchor = document.anchor(start, end)
        return cls(
            path=path,
            quote=document.text[start:end],
            start=start,
            end=end,
            page=anchor.page,
            boxes=anchor.boxes,
            continued=anchor.continued,
            part=anchor.part,
            **facts,
        )

    def moved(self, path: str) -> Evidence:
        """Return the same evidence for a value at another path.

        Half as large as `model_copy` makes it: documents have hundreds of thousands, and what is set is the same set.
        """
        return (
            self
            if path == self.path
            else Evidence.model_construct(self.model_fields_set, **vars(self) | {"path": path})
        )


class Unsupported(BaseModel):
    """A value the model gave that the Document does not hold."""

    model_config = ConfigDict(frozen=True)

    path: str
    value: JsonValue
    reason: str


class Verdict(BaseModel):
    """An evaluator's finding on a value."""

    model_config = ConfigDict(frozen=True)

    path: str
    finding: Literal["supported", "contradicted", "not_found"]
    reason: str
    evaluator: str  # name and version


class Unresolved(BaseModel):
    """A Chunk that never gave a valid answer."""

    model_config = ConfigDict(frozen=True)

    chunk: int
    pages: tuple[int, int] | None = None
    reason: str
    attempts: int
    source: str | None = None
    code: str = "model_misbehaved"  # of thresher.schemas.errors; `reason` is for people


class Extraction(BaseModel):
    """Partial values from one Chunk, located in it. Paths in `evidence`, `unsupported` and `verdicts` point into `data`."""

    model_config = ConfigDict(frozen=True)

    chunk: int
    document: int = 0  # index of the Document in its Unit
    data: dict[str, Any] = Field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    unsure: dict[str, str] = Field(
        default_factory=dict
    )  # by path, of a list as a whole: why what is given may be wrong
    other_kind: str = ""  # what the Document is said to be, where it is of another kind than the target
    by_rules: bool = False  # whether code says so, and not a model
    verdicts: tuple[Verdict, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    failed: tuple[str, ...] = ()  # codes of questions without an answer: see Calls
    unresolved: Unresolved | None = None
    dismissed: tuple[int, ...] = ()  # where lines begin that were asked about again and are of no record
