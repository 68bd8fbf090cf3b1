"""What the service says: the bodies of its answers, as models that OpenAPI shows."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.calls import CallSums, GroupBy
from schemas.errors import Note
from schemas.extraction import Attempt
from schemas.work import Counts, Job, JobState, Progress

EXAMPLE_JOB: dict[str, Any] = {
    "id": "019a8c1e7f3b4d2c",
    "state": "open",
    "target": "Invoice",
    "fingerprint": "97468091bac39332",
    "priority": 0,
    "created": 1763799600.0,
    "finished": None,
    "counts": {"total": 2, "todo": 1, "running": 1, "done": 0, "failed": 0, "cancelled": 0},
    "stages": {"ask": 1},
    "links": {
        "self": "/v1/extractions/019a8c1e7f3b4d2c",
        "result": "/v1/extractions/019a8c1e7f3b4d2c/result",
        "events": "/v1/extractions/019a8c1e7f3b4d2c/events",
    },
}


class ProblemBody(BaseModel):
    """RFC 9457, with the stable code of a Problem."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class Links(BaseModel):
    """Where the rest of a job is."""

    self: str
    result: str
    events: str


class Extraction(BaseModel):
    """A job and how far it has come. Times are seconds since 1970, UTC."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_JOB]})

    id: str
    state: JobState
    target: str
    fingerprint: str
    priority: int
    created: float
    finished: float | None
    counts: Counts
    stages: dict[str, int] = Field(default_factory=dict)
    links: Links


class Extractions(BaseModel):
    """A page of jobs, newest first."""

    extractions: list[Extraction]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class FailedFile(BaseModel):
    """A file that gave no Result."""

    file: str
    number: int
    state: str
    problem: Note | None


class ExtractionResult(BaseModel):
    """A page of a job's Results. `results` are as `thresher extract` writes them."""

    id: str
    state: JobState
    results: list[dict[str, Any]]
    failed: list[FailedFile]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class TargetView(BaseModel):
    """A target that can be named."""

    name: str
    fingerprint: str
    origin: str = Field(description="ready-made, operator or registered")
    json_schema: dict[str, Any]


class Targets(BaseModel):
    """All targets that can be named."""

    targets: list[TargetView]


class CallView(BaseModel):
    """One call of a model."""

    at: float
    tenant: str | None
    job: str | None
    task: str | None
    document: str | None = Field(description="id: the first 16 digits of the content's sha256")
    unit: str | None = Field(description="path of what it was made for, as in the Result's source")
    attempt: Attempt


class Calls(BaseModel):
    """Calls by time, a page at a time."""

    calls: list[CallView]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class CallGroups(BaseModel):
    """Sums over calls by group, the dearest first."""

    by: GroupBy
    groups: list[CallSums]


class WebhookSecret(BaseModel):
    """What webhooks are signed with."""

    secret: str


class Health(BaseModel):
    """Whether the service lives, or takes work."""

    status: str


def extraction(job: Job, progress: Progress | None = None) -> Extraction:
    """A job as it is shown."""
    here = f"/v1/extractions/{job.id}"
    return Extraction(
        **job.model_dump(include={"id", "state", "target", "fingerprint", "priority", "created", "finished"}),
        counts=progress.counts if progress else job.counts,
        stages=progress.stages if progress else {},
        links=Links(self=here, result=f"{here}/result", events=f"{here}/events"),
    )
