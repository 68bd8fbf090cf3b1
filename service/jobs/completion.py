"""Update a Job when one of its Tasks ends: counters, Events, the Job's own end.

Callers have locked the Tasks they changed. The Job's row is locked last, and Jobs in the order of their ids, so that no
two transactions wait for each other. Events are numbered under the Job's row, so that no number shows before a lower
one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from thresher.schemas.work import EventKind
from thresher.service.storage.answers.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChange:
    """Something to record of a Job."""

    job: str
    kind: EventKind
    task: int | None = None
    detail: str = ""
    ended: int = 0  # Tasks that ended in this way
    usd: float = 0.0
    within: int = 0  # Documents read beyond the first of each Task


def tell(session: Session, what: JobChange) -> None:
    """Count and record one event; end the Job with its last Task."""
    done, failed, cancelled = (what.ended if what.kind == kind else 0 for kind in ("done", "failed", "cancelled"))
    row = session.one(
        """UPDATE jobs SET done = done + :done, failed = failed + :failed, cancelled = cancelled + :cancelled,
        usd = usd + :usd, within = within + :within, events = events + 1 WHERE id = :job
        RETURNING events, state, total - done - failed - cancelled""",
        job=what.job,
        done=done,
        failed=failed,
        cancelled=cancelled,
        usd=what.usd,
        within=what.within,
    )
    if row is None:  # deleted meanwhile
        return
    number, state, left = row
    note(session, what, number)
    if state == "open" and left == 0:
        end(session, what.job, "finished")


def end(session: Session, job: str, state: Literal["finished", "cancelled"]) -> None:
    """End a Job, record that, and make its webhook due."""
    row = session.one(
        """UPDATE jobs SET state = :state, finished = :now, events = events + 1,
        webhook_due = CASE WHEN webhook IS NULL THEN NULL ELSE :now END, webhook_attempts = 0
        WHERE id = :job RETURNING events""",
        job=job,
        state=state,
        now=session.now,
    )
    if row is not None:
        note(session, JobChange(job=job, kind="finished", detail=state), row[0])
        session.notify()


def note(session: Session, what: JobChange, number: int) -> None:
    """Insert an Event under a number that was just taken."""
    session.run(
        """INSERT INTO events (job, number, at, kind, task, detail)
        VALUES (:job, :number, :now, :kind, :task, :detail)""",
        job=what.job,
        number=number,
        now=session.now,
        kind=what.kind,
        task=what.task,
        detail=what.detail,
    )
