"""Select the webhooks that are to be called: at least once, by one caller at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from thresher.schemas.errors import SetupProblem
from thresher.schemas.work import Job
from thresher.service.jobs.job_rows import JOB, to_job
from thresher.service.storage.answers.session import Row, Session

log = logging.getLogger(__name__)


def due(session: Session, limit: int, lease: float, full: Sequence[str] = ()) -> list[Job]:
    """Return Jobs whose webhook is due, and lease them.

    Tenants take turns: the first of each, then the second of each. An address that cannot be read holds up no other: a
    damaged one is given up, one whose key is missing is tried again.
    """
    names = {f"full{n}": tenant for n, tenant in enumerate(full)}
    others = f"AND tenant NOT IN ({', '.join(f':{name}' for name in names)})" if names else ""
    sql = f"""SELECT {JOB} FROM jobs WHERE webhook_due <= :now AND id IN (
        SELECT id FROM (
            SELECT id, webhook_due AS due, row_number() OVER (PARTITION BY tenant ORDER BY webhook_due) AS turn
            FROM jobs WHERE webhook_due <= :now {others}) AS waiting
        ORDER BY turn, due LIMIT :limit){session.skip}"""  # noqa: S608 - columns of this package, names of this function
    found = list[Job]()
    for row in session.all(sql, now=session.now, limit=limit, **names):
        job = _readable(row, session)
        found += [job] if job is not None and job.webhook else []
        later = None if job is not None and not job.webhook else session.now + lease
        session.run("UPDATE jobs SET webhook_due = :later WHERE id = :id", later=later, id=row[0])
    return found


def _readable(row: Row, session: Session) -> Job | None:
    """Return a Job, without an address where that is damaged; None where its key is missing."""
    try:
        job = to_job(row, session.cipher)
        code = "" if job.webhook else "storage_damaged"
    except SetupProblem as problem:
        job, code = None, problem.code
    if code:
        log.error("no address can be read", extra={"action": "webhook.unreadable", "job": row[0], "code": code})
    return job


def attempted(session: Session, job: str, again_in: float | None) -> int:
    """Record an attempt to call a webhook; return the attempts so far."""
    row = session.one(
        """UPDATE jobs SET webhook_attempts = webhook_attempts + 1, webhook_due = :due WHERE id = :job
        RETURNING webhook_attempts""",
        job=job,
        due=None if again_in is None else session.now + again_in,
    )
    return 0 if row is None else int(row[0])
