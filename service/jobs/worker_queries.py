"""Run what a worker asks, each as work in one transaction."""

from __future__ import annotations

import logging
import random
from collections.abc import Collection, Mapping, Sequence

from pydantic import ValidationError

from thresher.schemas.errors import JobProblem, Note, SetupProblem, note
from thresher.schemas.work import Claim, Outcome, Submission
from thresher.service.jobs.backoff import LONGEST_WAIT_SECONDS, after_death
from thresher.service.jobs.base import MOST_DEATHS, POISONED, LossReason
from thresher.service.jobs.completion import JobChange, tell
from thresher.service.jobs.job_rows import CLAIM, outcome_row, to_claim
from thresher.service.storage.answers.session import Row, Session
from thresher.service.storage.encryption.base import decrypt_text, encrypt_text

log = logging.getLogger(__name__)

WAITING = """WITH RECURSIVE waiting (tenant) AS (
        SELECT min(tenant) FROM tasks WHERE state = 'todo'
        UNION ALL
        SELECT (SELECT min(tenant) FROM tasks WHERE state = 'todo' AND tenant > waiting.tenant)
        FROM waiting WHERE waiting.tenant IS NOT NULL)
    SELECT tenant FROM waiting WHERE tenant IS NOT NULL"""  # one step a tenant, however many Tasks it has
OWN = "WHERE job = :job AND number = :number AND token = :token"
UNREADABLE_TASKS = 100  # that one claim passes over
SWEEP_TASKS = 100  # Tasks of dead workers that one claim puts back
RENEWAL_SECONDS = 10.0  # after a database's return in which living workers renew their leases (every 2 s)


def claim(session: Session, worker: str, limit: int, lease: float, without: Collection[str]) -> list[Claim]:
    """Claim Tasks: one for each tenant in turn, then more of those that have more; none of the tenants `without`."""
    if session.up > min(lease, RENEWAL_SECONDS):  # else living workers may not have had the time to renew their leases
        sweep(session)
    claims: list[Claim] = []
    tenants = [tenant for tenant in in_turn(session) if tenant not in without]
    for most in (1, limit):  # one for each tenant, then the rest for tenants with more
        for tenant in tenants:
            if len(claims) < limit:
                claims += _claimed(session, tenant, min(most, limit - len(claims)), worker, lease)
    return claims


def in_turn(session: Session) -> list[str]:
    """Return the tenants with waiting Tasks: fewest Tasks in hand first, in random order among equals."""
    tenants = [tenant for (tenant,) in session.all(WAITING)]
    if len(tenants) < 2:
        return tenants
    counts = session.all("SELECT tenant, count(*) FROM tasks WHERE state = 'running' GROUP BY tenant")
    running: dict[str, int] = dict(counts)
    return sorted(tenants, key=lambda t: (running.get(t, 0), random.random()))  # noqa: S311 - a turn is no secret


def _claimed(session: Session, tenant: str, most: int, worker: str, lease: float) -> list[Claim]:
    """Claim a tenant's Tasks of the highest priority."""
    claims = _readable(session, tenant, most)
    taken = {"worker": worker, "lease": session.now + lease}
    if claims:
        session.many(
            """UPDATE tasks SET state = 'running', attempts = :attempts, token = :token, worker = :worker, stage = '',
            lease = :lease WHERE job = :job AND number = :number""",
            [{**taken, "attempts": c.attempt, "token": c.token, "job": c.job, "number": c.number} for c in claims],
        )
    return claims


def _readable(session: Session, tenant: str, most: int) -> list[Claim]:
    """Return a tenant's next Tasks. One that cannot be read, damaged or of a missing key, holds up no other."""
    claims, seen = list[Claim](), list[tuple[str, int]]()
    while (wanted := most - len(claims)) > 0 and len(seen) - len(claims) < UNREADABLE_TASKS:
        rows = _waiting_rows(session, tenant, wanted, seen)
        seen += [(row[0], row[2]) for row in rows]
        for row in rows:
            try:
                claims.append(to_claim(row, session.cipher))
            except SetupProblem as problem:
                _set_aside(session, row[0], row[2], problem)
        if len(rows) < wanted:
            break
    return claims


def _waiting_rows(session: Session, tenant: str, most: int, seen: Sequence[tuple[str, int]]) -> list[Row]:
    """Select a tenant's waiting Tasks of the highest priority, but for those seen."""
    names = {f"{kind}{n}": value for n, pair in enumerate(seen) for kind, value in zip("jn", pair, strict=True)}
    others = ", ".join(f"(:j{n}, :n{n})" for n in range(len(seen)))
    but = f"AND (job, number) NOT IN (VALUES {others})" if seen else ""
    sql = f"""SELECT {CLAIM} FROM tasks WHERE state = 'todo' AND tenant = :tenant AND due <= :now {but}
        ORDER BY priority DESC, due, job, number LIMIT :most{session.skip}"""  # noqa: S608 - columns of this package
    return session.all(sql, tenant=tenant, now=session.now, most=most, **names)


def _set_aside(session: Session, job: str, number: int, problem: SetupProblem) -> None:
    """End a damaged Task as failed. One whose key is missing stays: an operator may still give it."""
    facts = {"action": "task.unreadable", "task": f"{job}.{number}", "code": problem.code}
    log.error("a task cannot be read", extra=facts)
    if problem.code == "storage_damaged":
        _put_back(session, job, number, problem.note(), None)


def orphan(session: Session) -> None:
    """End every lease: for a process that has just become the only owner, so that no other can be at work.

    What is due later than any wait can be was stored while the clock was ahead: it is due now.
    """
    session.run("UPDATE tasks SET lease = 0 WHERE state = 'running'")
    sql = "UPDATE tasks SET due = :now WHERE state = 'todo' AND stage <> 'held' AND due > :latest"
    session.run(sql, now=session.now, latest=session.now + LONGEST_WAIT_SECONDS)


def sweep(session: Session) -> None:
    """Put the Tasks of dead workers back to todo; poison those with too many deaths."""
    sql = f"""SELECT job, number, deaths, worker FROM tasks WHERE state = 'running' AND lease < :now
        ORDER BY lease LIMIT {SWEEP_TASKS}{session.skip}"""  # noqa: S608 - a number of this module
    for job, number, earlier, worker in sorted(session.all(sql, now=session.now)):
        again_in = after_death(earlier + 1, MOST_DEATHS, number)
        why = note(POISONED if again_in is None else "worker_died", f"death {earlier + 1}, of worker {worker}")
        _put_back(session, job, number, why, again_in)


def _put_back(session: Session, job: str, number: int, why: Note, again_in: float | None, usd: float = 0.0) -> None:
    held = why.code == "budget_reached" and again_in is not None  # it waits for its budget: no attempt is used up
    session.run(
        """UPDATE tasks SET state = :state, due = :due, why = :why, stage = :stage, attempts = attempts - :unspent,
        deaths = deaths + :died WHERE job = :job AND number = :number""",
        state="failed" if again_in is None else "todo",
        stage="held" if held else "",
        unspent=int(held),
        died=int(why.code in {"worker_died", POISONED}),
        due=session.now + (again_in or 0.0),
        why=encrypt_text(session.cipher, why.model_dump_json(), f"why {job}.{number}"),
        job=job,
        number=number,
    )
    kind, ended = ("failed", 1) if again_in is None else ("again", 0)
    tell(session, JobChange(job=job, kind=kind, task=number, detail=why.code, ended=ended, usd=usd))  # type: ignore[arg-type]


def order(session: Session, job: str) -> Submission:
    """Return a Job's Submission without files.

    Raises SetupProblem: storage_damaged; store_failed, which is tried again, for what a newer version may have written that works beside this one.
    """
    row = session.one("SELECT asked FROM jobs WHERE id = :job", job=job)
    if row is None:
        raise JobProblem("job_not_found", job)
    try:
        return Submission.model_validate_json(decrypt_text(session.cipher, row[0], f"order {job}"))
    except ValidationError as error:
        is_json = all(one["type"] != "json_invalid" for one in error.errors(include_input=False))
        code, why = ("store_failed", "of a newer version") if is_json else ("storage_damaged", "no JSON")
        raise SetupProblem(code, f"order {job} ({why})") from None


def beat(session: Session, claims: Sequence[Claim], lease: float, stages: Mapping[str, str]) -> dict[str, LossReason]:
    """Renew leases and write stages; return the Tasks that are lost or cancelled."""
    sql = f"UPDATE tasks SET lease = :lease, stage = :stage {OWN} AND state = 'running'"  # noqa: S608 - text of this module
    gone: dict[str, LossReason] = {}
    for held in sorted(claims, key=lambda c: (c.job, c.number)):
        own = {"job": held.job, "number": held.number, "token": held.token}
        if not session.run(sql, lease=session.now + lease, stage=stages.get(held.id, ""), **own):
            gone[held.id] = "cancelled" if _state(session, held) == "cancelled" else "lost"
    return gone


def finish(session: Session, claim: Claim, outcomes: Sequence[Outcome], usd: float, read: int) -> None:
    """Insert the Outcomes of a Task and end it. Raises JobProblem(lease_lost).

    A Task that was put back to todo and not claimed again may still be finished by its last holder.
    """
    if not _leave(session, claim, "done"):
        if _state(session, claim) == "done":  # work done twice
            return
        raise JobProblem("lease_lost", claim.id)
    session.many(
        """INSERT INTO outcomes (job, task, number, path, status, body)
        VALUES (:job, :task, :number, :path, :status, :body)""",
        [outcome_row(outcome, claim, n, session.cipher) for n, outcome in enumerate(outcomes)],
    )
    status = ",".join(dict.fromkeys(o.status for o in outcomes))
    done = JobChange(job=claim.job, kind="done", task=claim.number, detail=status, ended=1, usd=usd, within=read - 1)
    tell(session, done)


def fail(session: Session, claim: Claim, why: Note, again_in: float | None, usd: float) -> None:
    """Put a failed Task back to todo, or end it. Raises JobProblem(lease_lost)."""
    if not _leave(session, claim, "failing"):
        if _state(session, claim) in {"todo", "failed"}:  # work done twice, or put back by `sweep`
            return
        raise JobProblem("lease_lost", claim.id)
    _put_back(session, claim.job, claim.number, why, again_in, usd)


def give_back(session: Session, claims: Sequence[Claim]) -> None:
    """Put running Tasks back to todo at no attempt."""
    sql = f"""UPDATE tasks SET state = 'todo', attempts = attempts - 1, stage = '' {OWN} AND state = 'running'"""  # noqa: S608 - as above
    for held in sorted(claims, key=lambda c: (c.job, c.number)):
        session.run(sql, job=held.job, number=held.number, token=held.token)


def _leave(session: Session, claim: Claim, state: str) -> int:
    """Take a Task from its holder; return whether it was the holder's."""
    sql = f"UPDATE tasks SET state = :state {OWN} AND state IN ('running', 'todo')"  # noqa: S608 - as above
    return session.run(sql, state=state, job=claim.job, number=claim.number, token=claim.token)


def _state(session: Session, claim: Claim) -> str | None:
    """Return the state of a claim's Task if no worker has claimed it since.

    None if it has another holder or is gone.
    """
    sql = f"SELECT state FROM tasks {OWN}"  # noqa: S608 - as above
    row = session.one(sql, job=claim.job, number=claim.number, token=claim.token)
    return None if row is None else row[0]
