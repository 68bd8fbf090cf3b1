"""Models of the service's answers, which OpenAPI shows."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.errors import Note
from thresher.schemas.extraction import Attempt, Evidence
from thresher.schemas.result import AnyResult, FieldError, Reason, TargetFacts
from thresher.schemas.source import SourceFacts
from thresher.schemas.tenants.calls import CallSums, GroupBy
from thresher.schemas.work import Counts, Job, JobState, Progress

EXAMPLE_JOB: dict[str, Any] = {
    "id": "019a8c1e7f3b4d2c",
    "state": "finished",
    "target": "Invoice",
    "fingerprint": "97468091bac39332",
    "priority": 0,
    "created": 1763799600.0,
    "finished": 1763799612.5,
    "counts": {"total": 2, "todo": 0, "running": 0, "done": 1, "failed": 1, "cancelled": 0},
    "stages": {},
    "links": {
        "self": "/v1/extractions/019a8c1e7f3b4d2c",
        "result": "/v1/extractions/019a8c1e7f3b4d2c/result",
        "events": "/v1/extractions/019a8c1e7f3b4d2c/events",
    },
}

EXAMPLE_PROBLEM: dict[str, Any] = {
    "type": "about:blank",
    "title": "target invalid",
    "status": 422,
    "code": "target_invalid",
    "detail": "the target can not be used: 'invioce' is no target here; see /v1/targets, or send a JSON Schema",
}
EXAMPLE_RESULT: dict[str, Any] = {
    "id": "019a8c1e7f3b4d2c",
    "state": "finished",
    "results": [
        AnyResult(
            source=SourceFacts(path="order.txt", sha256="9f86d081884c7d65…", media_type="text/plain", pages=1),
            target=TargetFacts(name="delivery-note", fingerprint="97468091bac39332"),
            status="partial",
            reasons=[Reason(code="absent", path="/due", message="the document states no due, which is required")],
            values={"number": "PO-1", "due": None},
            errors=[FieldError(path="/due", message="is missing")],
            evidence=[Evidence(path="/number", quote="PO-1", start=14, end=18, page=1)],
        ).model_dump(mode="json")
    ],
    "failed": [
        {
            "file": "empty.pdf",
            "number": 1,
            "state": "failed",
            "problem": {"code": "zero_byte", "message": "the file is empty"},
        }
    ],
    "next": None,
}
EXAMPLE_TARGET: dict[str, Any] = {
    "name": "delivery-note",
    "fingerprint": "97468091bac39332",
    "origin": "registered",
    "json_schema": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
}
EXAMPLE_CALL: dict[str, Any] = {
    "at": 1763799605.2,
    "tenant": "example",
    "job": "01a1f5c2b6e84d0f9c3a7e21",
    "task": "1",
    "document": "9f86d081884c7d65",
    "unit": "order.txt",
    "attempt": {
        "key": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
        "model": "openai/gpt-4o-mini",
        "prompt": "extract.v2",
        "fingerprint": "1a2b3c4d5e6f",
        "finish": "stop",
        "prompt_tokens": 812,
        "answer_tokens": 64,
        "usd": 0.00016,
        "seconds": 1.4,
    },
}


EXAMPLE_SUMS: dict[str, Any] = {
    "group": "openai/gpt-4o-mini",
    "calls": 12,
    "made": 10,
    "stored": 2,
    "failed": 0,
    "retries": 1,
    "prompt_tokens": 8120,
    "answer_tokens": 640,
    "cached_tokens": 2030,
    "usd": 0.0016,
    "unpriced": 0,
    "median": 1.4,
    "p95": 2.9,
    "cached_share": 0.25,
    "stored_share": 0.1667,
}


class ProblemBody(BaseModel):
    """RFC 9457, with the stable code of a Problem."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_PROBLEM]})

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

    model_config = ConfigDict(json_schema_extra={"examples": [{"extractions": [EXAMPLE_JOB], "next": None}]})

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

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_RESULT]})

    id: str
    state: JobState
    results: list[AnyResult]
    failed: list[FailedFile]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class TargetView(BaseModel):
    """A target that can be named."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_TARGET]})

    name: str
    fingerprint: str
    origin: str = Field(description="ready-made, operator or registered")
    json_schema: dict[str, Any]


class Targets(BaseModel):
    """All targets that can be named."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"targets": [EXAMPLE_TARGET]}]})

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

    model_config = ConfigDict(json_schema_extra={"examples": [{"calls": [EXAMPLE_CALL], "next": None}]})

    calls: list[CallView]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class CallGroups(BaseModel):
    """Sums over calls by group, the dearest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "model", "groups": [EXAMPLE_SUMS]}]})

    by: GroupBy
    groups: list[CallSums]


class WebhookSecret(BaseModel):
    """What webhooks are signed with."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}]})

    secret: str


class Health(BaseModel):
    """Whether the service lives, or takes work."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ready"}]})

    status: str


def extraction(job: Job, progress: Progress | None = None) -> Extraction:
    """Return a job as it is shown."""
    here = f"/v1/extractions/{job.id}"
    return Extraction(
        **job.model_dump(include={"id", "state", "target", "fingerprint", "priority", "created", "finished"}),
        counts=progress.counts if progress else job.counts,
        stages=progress.stages if progress else {},
        links=Links(self=here, result=f"{here}/result", events=f"{here}/events"),
    )
