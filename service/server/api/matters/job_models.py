"""Models of work on a matter as jobs: imports, exports, extractions."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.choices import OverlayForm, PrivilegePolicy
from thresher.schemas.discovery.matter_actions import ActionSummary
from thresher.schemas.discovery.matter_import import ImportSummary
from thresher.schemas.discovery.matter_jobs import ExportSummary, MatterExtractionSummary
from thresher.schemas.errors import Note
from thresher.schemas.work import Counts, Job, JobState, Progress
from thresher.service.server.api.matters.models import EXAMPLE_ID, EXAMPLE_IMPORT
from thresher.service.server.api.response_models import Links

_JOB = EXAMPLE_IMPORT["id"]
_MATTER = f"/v1/matters/{EXAMPLE_ID}"


def _example(plural: str, summary: dict[str, Any]) -> dict[str, Any]:
    here = f"{_MATTER}/{plural}/{_JOB}"
    links = {"self": here, "result": _MATTER, "events": f"{here}/events"}
    return {**EXAMPLE_IMPORT, "summary": summary, "links": links}


EXAMPLE_FILE: dict[str, Any] = {
    "name": "overlay.dat",
    "size": 81920,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
EXAMPLE_EXPORT = _example("exports", {"status": "complete", "rows": 1204, "altered": 0, "files": [EXAMPLE_FILE]})
EXAMPLE_EXTRACTION = _example(
    "extractions",
    {
        "status": "complete",
        "asked": 900,
        "states": {"extracted": 880, "partial": 20},
        "shared": 290,
        "unreadable": 0,
        "passed": {"privilege": 14},
        "screened": True,
    },
)
EXAMPLE_ACTION = _example(
    "actions",
    {"action": "verify", "status": "complete", "counts": {"changed": 0, "notes": 0}, "head": EXAMPLE_FILE["sha256"]},
)
EXAMPLE_EXTRACTION_REQUEST: dict[str, Any] = {
    "targets": ["mail"],
    "counsel": ["@lawfirm.example"],
    "policy": {"stance": "precision"},
}


class MatterJobView(BaseModel):
    """Work on a matter and how far it has come."""

    id: str
    matter: str
    state: JobState
    created: float
    finished: float | None
    counts: Counts
    stages: dict[str, int] = Field(
        default_factory=dict, description="receive, import, export, ask … of the running task"
    )
    problem: Note | None = Field(default=None, description="why it failed, or waits to be tried again")
    links: Links


class ImportView(MatterJobView):
    """An import and how far it has come."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_IMPORT]})

    summary: ImportSummary | None = Field(default=None, description="what came out, once it is done")


class Imports(BaseModel):
    """A page of imports, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"imports": [EXAMPLE_IMPORT], "next": None}]})

    imports: list[ImportView]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class ExportRequest(BaseModel):
    """What is to be exported, and in which form."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"form": "dat", "encoding": "utf-8"}]})

    form: OverlayForm = Field(default="dat", description="dat: a Concordance load file")
    encoding: str = Field(
        default="utf-8", max_length=40, description="utf-8, utf-16, utf-16-be or cp1252; of DAT and CSV"
    )
    prefix: str = Field(default="X_", max_length=20, description="of the columns that are ours")
    escape: bool = Field(default=False, description="write what the encoding lacks as \\u{…}; else it is refused")


class ExportView(MatterJobView):
    """An export and how far it has come."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_EXPORT]})

    summary: ExportSummary | None = Field(default=None, description="what came out, once it is done")


class Exports(BaseModel):
    """A page of exports, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"exports": [EXAMPLE_EXPORT], "next": None}]})

    exports: list[ExportView]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class MatterExtractionRequest(BaseModel):
    """What is to be extracted from the documents of a matter, and what is held back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE_EXTRACTION_REQUEST]})

    targets: list[str | dict[str, Any]] = Field(
        min_length=1,
        max_length=8,
        description="names of targets or JSON Schemas; each next one is asked of documents of another kind than the one before",
    )
    policy: dict[str, Any] = Field(default={}, description="stance, model, max_cost, read.ocr …")
    instructions: str = Field(
        default="",
        max_length=20_000,
        description="what the model is told beside the targets, as the issues of `relevance`",
    )
    privilege: PrivilegePolicy = Field(
        default="hold", description="hold: what a privilege screen holds reaches no model; flag: it is asked; off"
    )
    inclusive_only: bool = Field(default=False, description="leave out mails that stand whole in later ones")
    counsel: list[str] = Field(
        default=[],
        max_length=10_000,
        description="addresses and domains of counsel; with them the matter is screened first, and they are kept for the next time",
    )
    terms: list[str] = Field(default=[], max_length=1000, description="terms of privilege; none: the usual ones")


class MatterExtractionView(MatterJobView):
    """An extraction from a matter and how far it has come."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_EXTRACTION]})

    summary: MatterExtractionSummary | None = Field(default=None, description="what came out, once it is done")


class MatterExtractions(BaseModel):
    """A page of extractions from a matter, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"extractions": [EXAMPLE_EXTRACTION], "next": None}]})

    extractions: list[MatterExtractionView]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


class ActionView(MatterJobView):
    """An action on a matter and how far it has come."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_ACTION]})

    summary: ActionSummary | None = Field(default=None, description="what came out, once it is done")


class Actions(BaseModel):
    """A page of actions on a matter, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"actions": [EXAMPLE_ACTION], "next": None}]})

    actions: list[ActionView]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


View = TypeVar("View", bound=MatterJobView)


def job_view(
    kind: type[View],
    plural: str,
    job: Job,
    progress: Progress | None = None,
    summary: BaseModel | None = None,
    problem: Note | None = None,
) -> View:
    """Return work on a matter as it is shown."""
    matter = f"/v1/matters/{job.matter}"
    here = f"{matter}/{plural}/{job.id}"
    return kind.model_validate(
        {
            "id": job.id,
            "matter": job.matter or "",
            "state": job.state,
            "created": job.created,
            "finished": job.finished,
            "counts": progress.counts if progress else job.counts,
            "stages": progress.stages if progress else {},
            "summary": summary,
            "problem": problem,
            "links": Links(self=here, result=matter, events=f"{here}/events"),
        }
    )
