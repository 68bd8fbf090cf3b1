"""What happens to a Job when one of its Tasks comes to an end: counters, Events, the Job's own end.

Whoever comes here holds the Tasks it changed; the Job's row is taken last, Jobs in the order of their ids: no two
transactions wait for each other. Events are numbered under the Job's row, so that no number is seen before a lower one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from thresher.schemas.work import EventKind
from thresher.service.storage.answers.session import Session

Ended = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What is to be told of a Job."""

    job: str
    kind: EventKind
    task: int | None = None
    detail: str = ""
    ended: int = 0  # Tasks that came to an end of this kind
    usd: float = 0.0
    within: int = 0  # Documents that were read beside one for each Task


def tell(session: Session, what: Happened) -> None:
    """Count and note one thing; end the Job with its last Task."""
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
    if row is None:  # forgotten meanwhile
        return
    number, state, left = row
    note(session, what, number)
    if state == "open" and left == 0:
        end(session, what.job, "finished")


def end(session: Session, job: str, state: Literal["finished", "cancelled"]) -> None:
    """Set a Job's end, note it, and let its webhook be called."""
    row = session.one(
        """UPDATE jobs SET state = :state, finished = :now, events = events + 1,
        webhook_due = CASE WHEN webhook IS NULL THEN NULL ELSE :now END, webhook_attempts = 0
        WHERE id = :job RETURNING events""",
        job=job,
        state=state,
        now=session.now,
    )
    if row is not None:
        note(session, Happened(job=job, kind="finished", detail=state), row[0])
        session.notify()


def note(session: Session, what: Happened, number: int) -> None:
    """Write an Event under a number that was just taken."""
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
