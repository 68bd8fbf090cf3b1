"""What may be done with a matter besides importing, extracting and exporting, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.discovery.matter import Resolution
from thresher.schemas.discovery.matter_jobs import ExportedFile

Code = Annotated[str | None, Field(max_length=64, description="only exceptions with this code")]
Seed = Annotated[int, Field(ge=-(2**53), le=2**53, description="the same seed draws the same sample")]
Size = Annotated[int | None, Field(ge=1, le=10_000_000, description="documents to draw; or give `margin`")]
Label = Annotated[
    str, Field(max_length=200, description="of the sample, as its drawing told; needed where there are several")
]
CODING_MAX_CHARS = 4_000_000  # of a coding sheet: some ten thousand documents


class Action(BaseModel):
    """What all of them have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReportAction(Action):
    """Reconcile the matter and write its reports, which imports do as well."""

    action: Literal["report"]


class RetryAction(Action):
    """Try open exceptions again that may come out otherwise, as with further passwords."""

    action: Literal["retry"]
    code: Code = None
    passwords: tuple[str, ...] = Field(
        default=(), max_length=100, description="tried in order; kept encrypted, or refused"
    )


class ResolveAction(Action):
    """Say what became of exceptions, by whom and why. All that is given must hold of them."""

    action: Literal["resolve"]
    exceptions: tuple[str, ...] = Field(default=(), max_length=10_000, description="ids, or their beginnings")
    code: Code = None
    document: str | None = Field(
        default=None, max_length=200, description="only those of this document: id or Bates number"
    )
    resolution: Resolution = "resolved"
    by: str = Field(min_length=1, max_length=200, description="who decided")
    why: str = Field(default="", max_length=2000, description="for whoever reads it in a year; needed but for `open`")


class ReleaseAction(Action):
    """Release documents that the privilege screen holds, by whom and why: the next extraction asks them."""

    action: Literal["release"]
    documents: tuple[str, ...] = Field(min_length=1, max_length=10_000, description="ids or Bates numbers")
    by: str = Field(min_length=1, max_length=200, description="who decided")
    why: str = Field(min_length=1, max_length=2000, description="why it is not privileged")


class VerifyAction(Action):
    """Find every changed byte: log, records, originals, texts, Results, inputs, exports."""

    action: Literal["verify"]
    head: str = Field(
        default="", pattern=r"^[0-9a-fA-F]{0,64}$", description="hash of the log's last line, as it was noted elsewhere"
    )


class SampleAction(Action):
    """Draw a random sample, and write a coding sheet for it."""

    action: Literal["sample"]
    seed: Seed
    size: Size = None
    margin: float | None = Field(
        default=None, gt=0, lt=1, description="margin of error at 95 %, in place of a size: 0.05 is 385"
    )
    frame: str = Field(
        default="all", min_length=1, max_length=500, description="all, unreviewed, relevant, state:S …, joined by +"
    )
    fields: str = Field(
        default="", max_length=10_000, description="fields to be coded, with commas between them, or all"
    )
    issue: str | None = Field(default=None, max_length=1000, description="relevance to this issue alone")
    borderline: bool = Field(default=False, description="borderline documents count as relevant")


class ValidateAction(Action):
    """Compute precision, recall, elusion and error rates of a coded sample, each with its interval at 95 %."""

    action: Literal["validate"]
    sample: Label = ""
    coding: str = Field(min_length=1, max_length=CODING_MAX_CHARS, description="the filled-in coding sheet, as CSV")
    interval: Literal["exact", "wilson"] = Field(default="exact", description="exact: that of Clopper and Pearson")
    true_positives: int | None = Field(
        default=None, ge=0, le=2**53, description="relevant documents known outside the discard pile"
    )


MatterAction = Annotated[
    ReportAction | RetryAction | ResolveAction | ReleaseAction | VerifyAction | SampleAction | ValidateAction,
    Field(discriminator="action"),
]
"""One of them, told apart by `action`."""


class ActionSummary(BaseModel):
    """What came out of it."""

    model_config = ConfigDict(frozen=True)

    action: str
    status: Literal["complete", "exceptions", "changed", "failed_reconciliation"] = Field(
        description="exceptions: some are left after a retry; changed: verification found that something is not as it was left"
    )
    counts: dict[str, int] = Field(description="of a retry: tried, gone, asked_again; of a verification: changed …")
    found: tuple[str, ...] = Field(default=(), description="what has changed, or could not be tried again; 100 at most")
    head: str | None = Field(
        default=None, description="of a verification: the hash of the log's last line, to be noted"
    )
    sample: str | None = Field(default=None, description="label of the sample that was drawn or measured")
    report: dict[str, Any] | None = Field(default=None, description="the sample as drawn, or its measures")
    files: tuple[ExportedFile, ...] = Field(default=(), description="of a sample, to be fetched one by one")
