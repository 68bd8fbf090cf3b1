"""Models of what the client returns. Unknown fields of a newer service are ignored."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.errors import Note
from thresher.schemas.extraction import Attempt
from thresher.schemas.result import Status
from thresher.schemas.tenants import budget as budgets
from thresher.schemas.tenants import calls
from thresher.schemas.tenants.account import Quota as AccountQuota
from thresher.schemas.work import Counts, JobState, TaskState
from thresher.schemas.work import TenantUsage as WorkUsage


class ServiceProblem(Exception):  # noqa: N818 - as Problem
    """A problem that the service answered with."""

    def __init__(self, status: int, code: str, detail: str, retry_after: float | None = None) -> None:
        """Take the fields of `application/problem+json`. `retry_after`: seconds; None where trying again is no use."""
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class FinishedFile(BaseModel):
    """A file of a job that nothing more happens to, unless it is tried again."""

    number: int  # 0-based, in the order of the upload
    name: str
    sha256: str
    size: int  # bytes
    state: TaskState
    results: list[Status] = Field(default_factory=list)  # of its Results
    problem: Note | None = None  # why it failed


class Extraction(BaseModel):
    """A job and how far it has come. Times are seconds since 1970, UTC."""

    id: str
    state: JobState
    target: str
    created: float
    finished: float | None = None
    counts: Counts
    stages: dict[str, int] = Field(default_factory=dict)


class Event(BaseModel):
    """One event of a job."""

    number: int | None = None  # None: progress between two events
    kind: str
    task: int | None = None
    file: str | None = None  # name of the task's file; None where it has several
    detail: str = ""
    counts: Counts
    stages: dict[str, int] = Field(default_factory=dict)


class Target(BaseModel):
    """A target that can be named."""

    name: str
    fingerprint: str
    origin: str  # ready-made, operator or registered
    json_schema: dict[str, Any]


class Call(BaseModel):
    """One call of a model: what it was made for, and what it cost."""

    at: float  # seconds since 1970, UTC
    tenant: str | None = None
    job: str | None = None
    task: str | None = None
    document: str | None = None  # id: the first 16 digits of the content's sha256
    unit: str | None = None  # path of the Unit or Document it was made for, as in the Result's source
    attempt: Attempt


class CallSums(calls.CallSums):
    """Sums over the calls of one group. Latencies are within 2.5 %."""

    model_config = ConfigDict(extra="ignore")


class Budget(budgets.Budget):
    """The limits for one day or month, in UTC."""

    model_config = ConfigDict(extra="ignore")


class BudgetState(BaseModel):
    """How far a budget is used up in its present period. Times are seconds since 1970, UTC."""

    budget: Budget
    spent: budgets.Spent
    percent: float  # of the limit that is nearer
    began: float
    ends: float


class Quota(AccountQuota):
    """The most that a tenant may use in a month, or what is left of it; None: as much as it likes."""

    model_config = ConfigDict(extra="ignore")


class TenantUsage(WorkUsage):
    """What a tenant has used in a month."""

    model_config = ConfigDict(extra="ignore")


class QuotaState(BaseModel):
    """A tenant's quota of the present calendar month (UTC), and what is left. Times are seconds since 1970, UTC."""

    tenant: str
    quota: Quota
    used: TenantUsage
    left: Quota
    began: float
    ends: float


class Key(BaseModel):
    """An API key, never its secret. Times are seconds since 1970, UTC."""

    id: str
    tenant: str
    note: str = ""
    admin: bool = False
    created: float
    expires: float | None = None
    revoked: float | None = None


class CreatedKey(Key):
    """A key that was just made, with its text."""

    key: str = Field(repr=False)
