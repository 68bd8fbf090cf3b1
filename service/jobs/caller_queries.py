"""Run what a server asks for its callers, each as work in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from thresher.schemas.errors import InputProblem, JobProblem
from thresher.schemas.work import Counts, Job, JobEvent, JobState, KeptOutcome, Progress, Submission, Task, TenantUsage
from thresher.service.jobs.base import RESULTS_MAX_CHARS
from thresher.service.jobs.completion import JobChange, end, note, tell
from thresher.service.jobs.job_rows import (
    FACTS,
    JOB,
    TASK,
    from_files,
    in_tasks,
    job_of,
    job_row,
    to_job,
    to_outcome,
    to_task,
)
from thresher.service.storage.answers.session import Session
from thresher.service.storage.encryption.base import encrypt_text

PIECE_BYTES = 4 << 20  # of stored Outcomes that are selected at once
NEW_JOB = """INSERT INTO jobs (id, tenant, state, target, fingerprint, priority, matter, created, finished, webhook, webhook_due,
    asked, idempotency_key, request_hash, bytes, total, events)
    VALUES (:id, :tenant, :state, :target, :fingerprint, :priority, :matter, :created, :finished, :webhook, :webhook_due,
    :asked, :idempotency_key, :request_hash, :bytes, :total, 1) ON CONFLICT DO NOTHING"""
NEW_TASK = """INSERT INTO tasks (job, number, tenant, files, state, priority, due)
    VALUES (:job, :number, :tenant, :files, 'todo', :priority, :due)"""
NEW_FILE = "INSERT INTO task_files (sha256, job, task) VALUES (:sha256, :job, :task) ON CONFLICT DO NOTHING"


def submit(session: Session, asked: Submission, id: str) -> tuple[Job, bool]:  # noqa: A002 - the field's own name
    """Insert a Job and its Tasks. The caller makes `id`, so that work done twice makes no second Job."""
    tasks = in_tasks(asked)
    row = job_row(asked, id, len(tasks), session)
    if not session.run(NEW_JOB, **row):
        return _earlier_job(session, asked, id)
    both = {"job": id, "tenant": asked.tenant, "priority": asked.priority, "due": session.now}
    lists = (encrypt_text(session.cipher, from_files(files), f"files {id}.{n}") for n, files in enumerate(tasks))
    session.many(NEW_TASK, ({**both, "number": n, "files": files} for n, files in enumerate(lists)))
    name = session.cipher.name
    named = ({"job": id, "task": n, "sha256": name(f.sha256)} for n, files in enumerate(tasks) for f in files)
    session.many(NEW_FILE, named)
    note(session, JobChange(job=id, kind="submitted"), 1)
    session.notify()
    facts = {name: row[name] for name in FACTS}
    return Job(**facts, webhook=asked.webhook, counts=Counts(total=len(tasks), todo=len(tasks))), False


def _earlier_job(session: Session, asked: Submission, id: str) -> tuple[Job, bool]:  # noqa: A002 - as above
    row = session.one(
        "SELECT id, request_hash FROM jobs WHERE tenant = :tenant AND (idempotency_key = :key OR id = :id)",
        tenant=asked.tenant,
        key=asked.idempotency_key,
        id=id,
    )
    if row is None or row[1] not in session.cipher.names(asked.request_hash):
        raise InputProblem("idempotency_mismatch", asked.idempotency_key or "")
    return job_of(session, asked.tenant, row[0]), row[0] != id


def job(session: Session, tenant: str, id: str, matter: str | None) -> Job:  # noqa: A002 - as above
    """Select one Job. Raises JobProblem(job_not_found) for one of another matter, or of none."""
    found = job_of(session, tenant, id)
    if found.matter != matter:
        raise JobProblem("job_not_found", id[:64])
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which Jobs are wanted: in a state, of a matter or of none, with a target; None in state and target: any."""

    state: JobState | None
    matter: str | None
    target: str | None


def jobs(session: Session, tenant: str, before: str | None, limit: int, wanted: Wanted) -> list[Job]:
    """Select Jobs, newest first."""
    given = {"state": wanted.state, "matter": wanted.matter, "target": wanted.target}
    named = {name: value for name, value in given.items() if value is not None}
    tests = "".join(f" AND {name} = :{name}" for name in named) + (
        " AND matter IS NULL" if wanted.matter is None else ""
    )
    sql = f"SELECT {JOB} FROM jobs WHERE tenant = :tenant AND id < :before{tests} ORDER BY id DESC LIMIT :limit"  # noqa: S608 - columns of this package
    last = "g" if before is None else before  # ids are hexadecimal: "g" is after them all
    rows = session.all(sql, tenant=tenant, before=last, limit=limit, **named)
    return [to_job(row, session.cipher) for row in rows]


def tasks(session: Session, tenant: str, job: str, after: int, limit: int, *, ended: bool) -> list[Task]:
    """Select Tasks by number."""
    job_of(session, tenant, job)
    wanted = "AND state NOT IN ('todo', 'running')" if ended else ""
    sql = f"SELECT {TASK} FROM tasks WHERE job = :job AND number > :after {wanted} ORDER BY number LIMIT :limit"  # noqa: S608 - as above
    return [to_task(row, session.cipher) for row in session.all(sql, job=job, after=after, limit=limit)]


def statuses(session: Session, tenant: str, job: str, after: int, last: int) -> dict[int, list[str]]:
    """Select the statuses of Results by Task."""
    job_of(session, tenant, job)
    sql = """SELECT task, status FROM outcomes WHERE job = :job AND task > :after AND task <= :last
        ORDER BY task, number"""
    found: dict[int, list[str]] = {}
    for task, status in session.all(sql, job=job, after=after, last=last):
        found.setdefault(task, []).append(status)
    return found


def results(session: Session, tenant: str, job: str, after: tuple[int, int], limit: int) -> list[KeptOutcome]:
    """Select Outcomes by Task and number. Behind RESULTS_MAX_CHARS of JSON none is read, but two at least."""
    job_of(session, tenant, job)
    sql = """SELECT task, number, path, status, body FROM outcomes WHERE job = :job AND (task, number) > (:task, :number)
        AND (task, number) <= (:last_task, :last_number) ORDER BY task, number"""
    found, total = list[KeptOutcome](), 0
    for last in _piece_ends(session, job, after, limit):
        start = {"task": after[0], "number": after[1]}
        for row in session.all(sql, job=job, **start, last_task=last[0], last_number=last[1]):
            found.append(to_outcome(row, job, session.cipher))
            total += len(found[-1].body)
            if total > RESULTS_MAX_CHARS and len(found) > 1:
                return found
        after = last
    return found


def _piece_ends(session: Session, job: str, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
    """Return the last Task and number of each piece of Outcomes: as many as PIECE_BYTES hold, one at least."""
    sql = """SELECT task, number, length(body) FROM outcomes WHERE job = :job AND (task, number) > (:task, :number)
        ORDER BY task, number LIMIT :limit"""
    ends, held = list[tuple[int, int]](), 0
    for task, number, size in session.all(sql, job=job, task=after[0], number=after[1], limit=limit):
        if ends and held + size <= PIECE_BYTES:
            ends[-1], held = (task, number), held + size
        else:
            ends.append((task, number))
            held = size
    return ends


def progress(session: Session, tenant: str, job: str) -> Progress:
    """Count Tasks by state and stage."""
    counts = job_of(session, tenant, job).counts
    stages = session.all(
        "SELECT stage, count(*) FROM tasks WHERE job = :job AND state = 'running' GROUP BY stage", job=job
    )
    last = session.one("SELECT events FROM jobs WHERE id = :job", job=job)
    return Progress(counts=counts, stages=dict(stages), last_event=last[0] if last else 0)


def events(session: Session, tenant: str, job: str, after: int, limit: int) -> list[JobEvent]:
    """Select Events by number."""
    job_of(session, tenant, job)
    sql = """SELECT number, at, kind, task, detail FROM events WHERE job = :job AND number > :after
        ORDER BY number LIMIT :limit"""
    names = ("number", "at", "kind", "task", "detail")
    found = session.all(sql, job=job, after=after, limit=limit)
    return [JobEvent(**dict(zip(names, row, strict=True))) for row in found]


def cancel(session: Session, tenant: str, job: str) -> Job:
    """Cancel waiting and running Tasks, and end the Job."""
    known = job_of(session, tenant, job)
    if known.state != "open":
        return known
    _lock_tasks(session, job)
    sql = "UPDATE tasks SET state = 'cancelled' WHERE job = :job AND state IN ('todo', 'running')"
    stopped = session.run(sql, job=job)
    row = session.one("SELECT state FROM jobs WHERE id = :job", job=job)
    if row is not None and row[0] == "open":
        session.run("UPDATE jobs SET state = 'cancelled' WHERE id = :job", job=job)
        tell(session, JobChange(job=job, kind="cancelled", ended=stopped))
        end(session, job, "cancelled")
    return job_of(session, tenant, job)


def _lock_tasks(session: Session, job: str) -> None:
    """Lock the Tasks that may change hands, in the order in which every transaction locks them."""
    if session.skip:
        sql = "SELECT 1 FROM tasks WHERE job = :job AND state IN ('todo', 'running') ORDER BY number FOR UPDATE"
        session.all(sql, job=job)


def retry(session: Session, tenant: str, job: str) -> int:
    """Put failed Tasks back to todo, and reopen the Job."""
    if job_of(session, tenant, job).state == "cancelled":
        return 0
    sql = """UPDATE tasks SET state = 'todo', attempts = 0, due = :now, deaths = CASE WHEN deaths > 0 THEN 1 ELSE 0 END
        WHERE job = :job AND state = 'failed'"""
    back = session.run(sql, job=job, now=session.now)
    if back:
        session.run(
            """UPDATE jobs SET failed = failed - :back, state = 'open', finished = NULL, webhook_due = NULL
            WHERE id = :job""",
            job=job,
            back=back,
        )
        tell(session, JobChange(job=job, kind="again", detail="retry"))
        session.notify()
    return back


def usage(session: Session, tenant: str, since: float) -> TenantUsage:
    """Sum what present and deleted Jobs used since a time."""
    sql = """SELECT coalesce(sum(n), 0), coalesce(sum(b), 0), coalesce(sum(u), 0) FROM (
        SELECT total + within AS n, bytes AS b, usd AS u FROM jobs WHERE tenant = :tenant AND id >= :first
        UNION ALL SELECT documents, bytes, usd FROM used WHERE tenant = :tenant AND created >= :since) AS both_of_them"""
    first = f"{max(int(since * 1000), 0):012x}"
    row = session.one(sql, tenant=tenant, since=since, first=first)
    documents, size, usd = row if row is not None else (0, 0, 0.0)
    return TenantUsage(documents=int(documents), bytes=int(size), usd=float(usd))


def put(session: Session, kind: str, tenant: str, key: str, body: dict[str, Any] | None) -> None:
    """Insert, replace or delete a record."""
    where = {"kind": kind, "tenant": tenant, "key": key}
    if body is None:
        session.run("DELETE FROM shelf WHERE kind = :kind AND tenant = :tenant AND key = :key", **where)
        return
    sql = """INSERT INTO shelf (kind, tenant, key, body) VALUES (:kind, :tenant, :key, :body)
        ON CONFLICT (kind, tenant, key) DO UPDATE SET body = excluded.body"""
    session.run(sql, **where, body=json.dumps(body))


def once(session: Session, kind: str, tenant: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    """Insert a record if there is none yet, and return the stored one."""
    where = {"kind": kind, "tenant": tenant, "key": key}
    sql = "INSERT INTO shelf (kind, tenant, key, body) VALUES (:kind, :tenant, :key, :body) ON CONFLICT DO NOTHING"
    session.run(sql, **where, body=json.dumps(body))
    return records(session, kind, tenant, key)[0]


def records(session: Session, kind: str, tenant: str | None, key: str | None) -> list[dict[str, Any]]:
    """Select records by kind, tenant and key."""
    sql = """SELECT body FROM shelf WHERE kind = :kind AND (:any_tenant = 1 OR tenant = :tenant)
        AND (:any_key = 1 OR key = :key) ORDER BY tenant, key"""
    rows = session.all(
        sql,
        kind=kind,
        tenant=tenant or "",
        key=key or "",
        any_tenant=int(tenant is None),
        any_key=int(key is None),
    )
    return [json.loads(body) for (body,) in rows]
