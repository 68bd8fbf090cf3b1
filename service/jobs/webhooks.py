"""Which webhooks are to be called: at least once, by one caller at a time."""

from __future__ import annotations

from schemas.work import Job
from service.jobs.rows import JOB, to_job
from service.store.session import Session


def due(session: Session, limit: int, lease: float) -> list[Job]:
    """See Jobs."""
    sql = f"""SELECT {JOB} FROM jobs WHERE webhook_due <= :now ORDER BY webhook_due LIMIT :limit{session.skip}"""  # noqa: S608 - columns of this package
    found = [to_job(row, session.seal) for row in session.all(sql, now=session.now, limit=limit)]
    for job in found:
        session.run("UPDATE jobs SET webhook_due = :later WHERE id = :id", later=session.now + lease, id=job.id)
    return found


def told(session: Session, job: str, again_in: float | None) -> int:
    """See Jobs."""
    row = session.one(
        """UPDATE jobs SET webhook_attempts = webhook_attempts + 1, webhook_due = :due WHERE id = :job
        RETURNING webhook_attempts""",
        job=job,
        due=None if again_in is None else session.now + again_in,
    )
    return 0 if row is None else int(row[0])
