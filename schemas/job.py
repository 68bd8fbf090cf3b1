"""What a run keeps of itself: the log of its calls, and the state of its Units."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from thresher.schemas.extraction import Attempt

State = Literal["running", "complete", "partial", "abstained", "failed", "cancelled"]


class LoggedCall(BaseModel):
    """One Attempt, when it was made and for whom."""

    model_config = ConfigDict(frozen=True)

    at: float  # seconds since 1970, UTC
    attempt: Attempt
    unit: str | None = None  # path of the Unit or Document it was made for
    task: str | None = None  # id of the Task, where it was made for a Job
    tenant: str | None = None  # who pays, in the service
    document: str | None = None  # id of the Document by its content: the first 16 digits of its sha256

    @property
    def job(self) -> str | None:
        """Return the id of the Job, None where there is none.

        >>> LoggedCall.model_construct(task="0192.3").job
        '0192'
        """
        return None if self.task is None else self.task.partition(".")[0]


class UnitState(BaseModel):
    """How far one Unit has come: what a rerun of the same command asks first."""

    model_config = ConfigDict(frozen=True)

    id: str  # of the Unit: holds the content, the target and the policy, so that a change of any is another Unit
    path: str  # as shown to people
    state: State
    result: str | None = None  # where the Result was written, relative to the run's folder
    detail: str = ""  # the reason of a failure, as "code: message"
    at: float = 0.0  # of the last change; seconds since 1970, UTC
