"""Delete Jobs with their Results, reviews and calls; an answer goes with the last call that used it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thresher.schemas.work import Purged
from thresher.service.jobs.caller_queries import cancel
from thresher.service.jobs.job_rows import job_of
from thresher.service.storage.answers.session import Session

DUE = """SELECT id FROM jobs WHERE finished < :before AND webhook_due IS NULL AND (tenant = :tenant OR :every = 1)
    AND NOT EXISTS (SELECT 1 FROM task_files AS mine JOIN task_files AS theirs ON theirs.sha256 = mine.sha256
        JOIN jobs AS other ON other.id = theirs.job WHERE mine.job = jobs.id AND other.state = 'open')
    ORDER BY finished LIMIT :limit"""
UNUSED = "DELETE FROM answers WHERE key = :key AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.key = answers.key)"


@dataclass(frozen=True, slots=True)
class PurgeRequest:
    """What to purge."""

    before: float  # Jobs that ended before; seconds since 1970, UTC
    limit: int
    tenant: str | None = None
    dry: bool = False


class DryRunEnded(Exception):  # noqa: N818 - no error: it rolls the transaction back and carries the counts
    """Ends the transaction of a dry run, so that nothing stays of it."""

    def __init__(self, purged: Purged) -> None:
        """Take the counts of what would have gone."""
        super().__init__()
        self.purged = purged


def delete(session: Session, tenant: str, job: str) -> Purged:
    """Cancel and delete a tenant's Job."""
    job_of(session, tenant, job)
    cancel(session, tenant, job)
    return forget(session, job)


def forget(session: Session, job: str) -> Purged:
    """Delete one Job that has ended. A row in `used` keeps its usage, and that it existed."""
    session.run(
        """INSERT INTO used (job, tenant, created, documents, bytes, usd)
        SELECT id, tenant, created, total + within, bytes, usd FROM jobs WHERE id = :job ON CONFLICT DO NOTHING""",
        job=job,
    )
    calls, answers = _delete_calls(session, job)
    uploads = _free_uploads(session, job)
    results = session.run("DELETE FROM outcomes WHERE job = :job", job=job)
    session.run("DELETE FROM events WHERE job = :job", job=job)
    session.run("DELETE FROM review_events WHERE collection = :job", job=job)  # they hold what documents say
    session.run("DELETE FROM reviews WHERE collection = :job", job=job)
    session.run("DELETE FROM tasks WHERE job = :job", job=job)
    jobs = session.run("DELETE FROM jobs WHERE id = :job", job=job)
    return Purged(jobs=jobs, results=results, calls=calls, answers=answers, uploads=uploads)


def _delete_calls(session: Session, job: str) -> tuple[int, int]:
    """Delete a Job's calls and the answers that no call names any more; return both counts."""
    keys = session.all("SELECT DISTINCT key FROM calls WHERE job = :job ORDER BY key", job=job)
    calls = session.run("DELETE FROM calls WHERE job = :job", job=job)
    return calls, sum(session.run(UNUSED, key=key) for (key,) in keys)


def _free_uploads(session: Session, job: str) -> tuple[str, ...]:
    """Unlink a Job's uploads; return the addresses that no other Task names."""
    hashes = session.all("SELECT DISTINCT sha256 FROM task_files WHERE job = :job ORDER BY sha256", job=job)
    session.run("DELETE FROM task_files WHERE job = :job", job=job)
    kept = named(session, [sha256 for (sha256,) in hashes])
    return tuple(sha256 for (sha256,) in hashes if sha256 not in kept)


def named(session: Session, uploads: Sequence[str]) -> set[str]:
    """Return those of some uploads that a Task names."""
    sql = "SELECT 1 FROM task_files WHERE sha256 = :sha256 LIMIT 1"
    return {sha256 for sha256 in uploads if session.one(sql, sha256=sha256) is not None}


def purge(session: Session, asked: PurgeRequest) -> Purged:
    """Delete Jobs that are due. Raises DryRunEnded where it is a dry run."""
    facts = {"before": asked.before, "limit": asked.limit, "tenant": asked.tenant or ""}
    due = session.all(f"{DUE}{session.skip}", **facts, every=int(asked.tenant is None))
    purged = Purged.of([forget(session, job) for (job,) in due])
    if asked.dry:
        raise DryRunEnded(purged)
    return purged
