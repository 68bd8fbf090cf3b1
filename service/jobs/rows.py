"""Rows to nouns, and nouns to rows."""

from __future__ import annotations

import json
import secrets
import zlib
from typing import Any

from schemas.errors import JobProblem, Note
from schemas.work import Claim, Counts, Job, KeptOutcome, Submission, Task, UploadedFile
from service.store.session import Row, Session

JOB = """id, tenant, state, target, fingerprint, priority, created, finished, webhook,
    total, done, failed, cancelled,
    (SELECT count(*) FROM tasks WHERE job = jobs.id AND state = 'running' AND stage >= '')"""  # leads to tasks_stages
TASK = "job, number, files, state, attempts, stage, why, worker"
CLAIM = "job, tenant, number, files, attempts, token"


def new_id(now: float) -> str:
    """An id that sorts by time (milliseconds) and can not be guessed (80 bits of chance)."""
    return f"{int(now * 1000):012x}{secrets.token_hex(10)}"


def job_of(session: Session, tenant: str, job: str) -> Job:
    """A tenant's Job. Raises JobProblem(job_not_found)."""
    row = session.one(f"SELECT {JOB} FROM jobs WHERE id = :job AND tenant = :tenant", job=job, tenant=tenant)  # noqa: S608 - columns of this module
    if row is None:
        raise JobProblem("job_not_found", job[:64])
    return to_job(row)


def to_job(row: Row) -> Job:
    """From the columns JOB."""
    names = ("id", "tenant", "state", "target", "fingerprint", "priority", "created", "finished", "webhook")
    total, done, failed, cancelled, running = row[len(names) :]
    ended = done + failed + cancelled
    counts = Counts(
        total=total, todo=total - ended - running, running=running, done=done, failed=failed, cancelled=cancelled
    )
    return Job(**dict(zip(names, row, strict=False)), counts=counts)


def to_task(row: Row) -> Task:
    """From the columns TASK."""
    job, number, files, state, attempts, stage, why, worker = row
    note = None if why is None else Note.model_validate_json(why)
    return Task(
        job=job,
        number=number,
        files=to_files(files),
        state=state,
        attempts=attempts,
        stage=stage,
        why=note,
        worker=worker,
    )


def to_claim(row: Row) -> Claim:
    """From the columns CLAIM, as they were before the claim."""
    job, tenant, number, files, attempts, token = row
    return Claim(job=job, tenant=tenant, number=number, files=to_files(files), attempt=attempts + 1, token=token + 1)


def to_outcome(row: Row) -> KeptOutcome:
    """From task, number, path, status, body."""
    task, number, path, status, body = row
    return KeptOutcome(task=task, number=number, path=path, status=status, body=zlib.decompress(body).decode())


def to_files(text: str) -> tuple[UploadedFile, ...]:
    """From JSON."""
    return tuple(UploadedFile(sha256=s, name=n, size=z) for s, n, z in json.loads(text))


def from_files(files: tuple[UploadedFile, ...]) -> str:
    """As JSON, in ASCII: a name may hold anything."""
    return json.dumps([[f.sha256, f.name, f.size] for f in files])


def in_tasks(asked: Submission) -> list[tuple[UploadedFile, ...]]:
    """The files of each Task."""
    return [asked.files] if asked.policy.unit == "folder" else [(file,) for file in asked.files]


def job_row(asked: Submission, job: str, now: float, total: int) -> dict[str, Any]:
    """A new Job's columns."""
    return {
        "id": job,
        "tenant": asked.tenant,
        "state": "open" if total else "finished",
        "target": asked.target.name,
        "fingerprint": asked.target.fingerprint,
        "priority": asked.priority,
        "created": now,
        "finished": None if total else now,
        "webhook": asked.webhook,
        "webhook_due": now if asked.webhook and not total else None,
        "asked": json.dumps(asked.model_copy(update={"files": ()}).model_dump(mode="json")),
        "idempotency_key": asked.idempotency_key,
        "request_hash": asked.request_hash,
        "bytes": sum(f.size for f in asked.files),
        "total": total,
    }
