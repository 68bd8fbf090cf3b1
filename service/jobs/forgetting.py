"""Forgetting: Jobs go with their Results and calls; an answer goes with the last call that used it."""

from __future__ import annotations

from schemas.work import Purged
from service.jobs.calling import cancel
from service.jobs.rows import job_of
from service.store.session import Session


def delete(session: Session, tenant: str, job: str) -> Purged:
    """See Jobs."""
    job_of(session, tenant, job)
    cancel(session, tenant, job)
    return forget(session, job)


def forget(session: Session, job: str) -> Purged:
    """One Job that has ended."""
    session.run(
        """INSERT INTO used (job, tenant, created, documents, bytes, usd)
        SELECT id, tenant, created, total, bytes, usd FROM jobs WHERE id = :job ON CONFLICT DO NOTHING""",
        job=job,
    )
    answers = _answers(session, job)
    uploads = _uploads(session, job)
    for table in ("outcomes", "events", "tasks"):
        session.run(f"DELETE FROM {table} WHERE job = :job", job=job)  # noqa: S608 - a name of this line
    return Purged(jobs=session.run("DELETE FROM jobs WHERE id = :job", job=job), answers=answers, uploads=uploads)


def _answers(session: Session, job: str) -> int:
    keys = session.all("SELECT DISTINCT key FROM calls WHERE job = :job ORDER BY key", job=job)
    session.run("DELETE FROM calls WHERE job = :job", job=job)
    sql = "DELETE FROM answers WHERE key = :key AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.key = answers.key)"
    return sum(session.run(sql, key=key) for (key,) in keys)


def _uploads(session: Session, job: str) -> tuple[str, ...]:
    hashes = session.all("SELECT DISTINCT sha256 FROM task_files WHERE job = :job ORDER BY sha256", job=job)
    session.run("DELETE FROM task_files WHERE job = :job", job=job)
    sql = "SELECT 1 FROM task_files WHERE sha256 = :sha256 LIMIT 1"
    return tuple(sha256 for (sha256,) in hashes if session.one(sql, sha256=sha256) is None)


def purge(session: Session, before: float, limit: int) -> Purged:
    """See Jobs. A webhook that is still to be called keeps its Job."""
    sql = """SELECT id FROM jobs WHERE finished < :before AND webhook_due IS NULL ORDER BY finished LIMIT :limit"""
    gone = [forget(session, job) for (job,) in session.all(f"{sql}{session.skip}", before=before, limit=limit)]
    uploads = dict.fromkeys(sha256 for one in gone for sha256 in one.uploads)
    return Purged(jobs=sum(g.jobs for g in gone), answers=sum(g.answers for g in gone), uploads=tuple(uploads))
