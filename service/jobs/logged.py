"""The log of a Job's calls, for its tenant alone."""

from __future__ import annotations

from schemas.extraction import Attempt
from schemas.job import LoggedCall
from service.jobs.rows import job_of
from service.store.session import Session


def calls(session: Session, tenant: str, job: str, after: int, limit: int) -> list[tuple[int, LoggedCall]]:
    """See Jobs."""
    job_of(session, tenant, job)
    sql = "SELECT id, at, unit, attempt, task FROM calls WHERE job = :job AND id > :after ORDER BY id LIMIT :limit"
    rows = session.all(sql, job=job, after=after, limit=limit)
    return [
        (id_, LoggedCall(at=at, unit=unit, attempt=Attempt.model_validate_json(attempt), task=task))
        for id_, at, unit, attempt, task in rows
    ]
