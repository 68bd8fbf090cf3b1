"""What the service is asked to do and how far it has come: a Submission becomes a Job, a Job has Tasks, a Task gives Outcomes.

A Task is one uploaded file with what it holds; where the Policy's unit is "folder", all files of the Job are one Task.

    todo --claim--> running --finish--> done
      ^                |---fail, to be tried again, or its worker died---> todo
      |                |---fail for good, or poisoned: it kills its process----> failed (the dead letters)
      '----retry-------'---cancel---> cancelled
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.choices import DedupScope, DenistMode, OverlayForm, PrivilegePolicy
from thresher.schemas.discovery.matter_actions import MatterAction
from thresher.schemas.errors import Note
from thresher.schemas.policy import Policy

TaskState = Literal["todo", "running", "done", "failed", "cancelled"]
JobState = Literal["open", "finished", "cancelled"]
EventKind = Literal["submitted", "done", "failed", "again", "cancelled", "finished"]


class Noun(BaseModel):
    """A frozen record that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UploadedFile(Noun):
    """A file by its content; its name is for people and is never used as a path."""

    sha256: str
    name: str
    size: int = 0  # bytes


class AskedTarget(Noun):
    """The target as it travels: always as JSON Schema, and by a name where every worker knows one."""

    name: str
    fingerprint: str
    json_schema: dict[str, Any]
    known_as: str | None = None  # a name that servers and workers are configured with; the fingerprint must agree


class ImportOrder(Noun):
    """An import into a matter: from the Submission's files, or from paths that its workers reach."""

    matter: str  # id
    kind: Literal["collection", "production"] = "collection"
    custodian: str
    paths: tuple[str, ...] = ()  # below folders that the operator opened for imports
    copies: bool = False  # files that lie at the paths are copied into the matter, too
    loadfile: str | None = None  # of a production, where it has several
    load_options: dict[str, Any] = Field(default_factory=dict)  # of a production: encoding, delimiters, fields …
    denist: tuple[str, ...] = ()  # lists of known files, below the same folders
    denist_mode: DenistMode = "exclude"
    dedup: DedupScope | None = None  # None: as the matter does it already
    embedded: bool = False  # files in PDF and Office documents become documents of their own


class ExportOrder(Noun):
    """An export of a matter: its overlay, and what stands beside it."""

    matter: str  # id
    form: OverlayForm = "dat"
    encoding: str = "utf-8"
    prefix: str = "X_"
    escape: bool = False  # characters that the encoding lacks are written as \\u{...}; else they are refused


class MatterExtractionOrder(Noun):
    """An extraction from the documents of a matter. Targets are tried in turn where a document is of another kind."""

    matter: str  # id
    targets: tuple[AskedTarget, ...]
    privilege: PrivilegePolicy = "hold"
    inclusive_only: bool = False
    counsel: tuple[str, ...] = ()  # addresses and domains; with them the matter is screened first
    terms: tuple[str, ...] = ()  # of privilege; none: the usual ones


class ActionOrder(Noun):
    """Something else to be done with a matter: its reports, a retry, a verification, a sample."""

    matter: str  # id
    action: MatterAction


MatterOrder = ImportOrder | ExportOrder | ActionOrder | MatterExtractionOrder


class Submission(Noun):
    """What a caller asks for."""

    tenant: str
    target: AskedTarget
    policy: Policy = Policy()
    files: tuple[UploadedFile, ...]
    priority: int = 0  # higher first
    idempotency_key: str | None = None
    request_hash: str = ""  # of the request's body: one key with another body is refused
    webhook: str | None = None  # told when the Job is finished
    import_order: ImportOrder | None = None  # what is asked for is an import: there is no target
    export_order: ExportOrder | None = None
    action_order: ActionOrder | None = None
    extraction_order: MatterExtractionOrder | None = None
    trace: str | None = None  # W3C traceparent of the request: the workers' spans hang under it

    @property
    def matter_order(self) -> MatterOrder | None:
        """Return what is to be done with a matter, where that is what is asked for."""
        return self.import_order or self.export_order or self.action_order or self.extraction_order


class Counts(Noun):
    """Tasks by state; they add up to `total`."""

    total: int = 0
    todo: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0


class Job(Noun):
    """One Submission and how far it has come, without its files and Results."""

    id: str  # sorts by time of creation; cannot be guessed
    tenant: str
    state: JobState  # finished: no Task is todo or running any more
    target: str  # name; of work on a matter: import, export, action or extraction
    fingerprint: str
    priority: int
    matter: str | None = None  # id of the matter that it works on; None: it extracts from uploads
    created: float  # seconds since 1970, UTC
    finished: float | None = None
    webhook: str | None = None
    counts: Counts = Counts()


class Progress(Noun):
    """How far a Job has come just now."""

    counts: Counts
    stages: dict[str, int] = Field(default_factory=dict)  # of the running Tasks, as their workers last told
    last_event: int = 0  # number of the newest Event


class Task(Noun):
    """One unit of work of a Job."""

    job: str
    number: int  # 0-based, in the order of the files
    files: tuple[UploadedFile, ...]
    state: TaskState
    attempts: int = 0  # claims so far, handed back ones left out
    deaths: int = 0  # processes that died while they had it
    stage: str = ""
    why: Note | None = None  # of the last failure
    worker: str | None = None  # who holds it, or held it last

    @property
    def id(self) -> str:
        """Return the id, unique among all Jobs; the log of calls names it."""
        return task_id(self.job, self.number)


class Claim(Noun):
    """A Task in the hands of one worker, until its lease ends."""

    job: str
    tenant: str
    number: int
    files: tuple[UploadedFile, ...]
    attempt: int  # 1 for the first
    deaths: int = 0  # processes that died while they had it: its work may be what kills them
    token: int  # grows with every claim: what an earlier holder still says is refused

    @property
    def id(self) -> str:
        """Return the id of the Task."""
        return task_id(self.job, self.number)


class Outcome(Noun):
    """One Result of a Task: a file gives one for each of its Units."""

    path: str  # of the Unit, as shown to people
    status: str  # of the Result
    body: str = Field(repr=False)  # the Result as JSON text


class KeptOutcome(Outcome):
    """An Outcome with its place in the Job."""

    task: int
    number: int  # 0-based within the Task


class JobEvent(Noun):
    """Something that happened to a Job."""

    number: int  # 1-based and without gaps within the Job
    at: float  # seconds since 1970, UTC
    kind: EventKind
    task: int | None = None
    detail: str = ""  # a status, or a failure's code


class TenantUsage(Noun):
    """What a tenant used: for quotas."""

    documents: int = 0
    bytes: int = 0
    usd: float = 0.0


class Purged(Noun):
    """What went, and what may go now."""

    jobs: int = 0
    results: int = 0
    calls: int = 0
    answers: int = 0
    uploads: tuple[str, ...] = ()  # addresses of contents that no Task names any more

    @classmethod
    def of(cls, some: Iterable[Purged]) -> Purged:
        """Add up several counts of deleted records.

        >>> Purged.of([Purged(jobs=1, uploads=("a", "b")), Purged(jobs=2, uploads=("b",))])
        Purged(jobs=3, results=0, calls=0, answers=0, uploads=('a', 'b'))
        """
        every = list(some)
        counts = {name: sum(getattr(p, name) for p in every) for name in ("jobs", "results", "calls", "answers")}
        return cls(**counts, uploads=tuple(dict.fromkeys(address for p in every for address in p.uploads)))


def task_id(job: str, number: int) -> str:
    """Return the id of a Task.

    >>> task_id("0192", 3)
    '0192.3'
    """
    return f"{job}.{number}"
