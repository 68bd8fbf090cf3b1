"""What a worker does, each as work in one transaction."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from thresher.schemas.errors import JobProblem, Note, note
from thresher.schemas.work import Claim, Outcome, Submission
from thresher.service.jobs.backoff import after_death
from thresher.service.jobs.base import MOST_DEATHS, POISONED, Gone
from thresher.service.jobs.completion import Happened, tell
from thresher.service.jobs.job_rows import CLAIM, outcome_row, to_claim
from thresher.service.storage.answers.session import Session
from thresher.service.storage.encryption.base import decrypt_text, encrypt_text

WAITING = """WITH RECURSIVE waiting (tenant) AS (
        SELECT min(tenant) FROM tasks WHERE state = 'todo'
        UNION ALL
        SELECT (SELECT min(tenant) FROM tasks WHERE state = 'todo' AND tenant > waiting.tenant)
        FROM waiting WHERE waiting.tenant IS NOT NULL)
    SELECT tenant FROM waiting WHERE tenant IS NOT NULL"""  # from tenant to tenant, however many Tasks one has
OWN = "WHERE job = :job AND number = :number AND token = :token"
SWEPT = 100  # Tasks of dead workers that one claim puts back
GATHERING = 10.0  # seconds after a database's return in which the living renew their leases (they beat every 2 s)


def claim(session: Session, worker: str, limit: int, lease: float) -> list[Claim]:
    """See Jobs."""
    if session.up > min(lease, GATHERING):  # else the living may not have had the time to renew their leases
        sweep(session)
    claims: list[Claim] = []
    tenants = in_turn(session)
    for most in (1, limit):  # one for each tenant, then what is left for whoever has more
        for tenant in tenants:
            if len(claims) < limit:
                claims += _taken(session, tenant, min(most, limit - len(claims)), worker, lease)
    return claims


def in_turn(session: Session) -> list[str]:
    """Tenants with waiting Tasks: who has the fewest in hand first, in no fixed order among equals."""
    tenants = [tenant for (tenant,) in session.all(WAITING)]
    if len(tenants) < 2:
        return tenants
    counts = session.all("SELECT tenant, count(*) FROM tasks WHERE state = 'running' GROUP BY tenant")
    running: dict[str, int] = dict(counts)
    return sorted(tenants, key=lambda t: (running.get(t, 0), random.random()))  # noqa: S311 - a turn is no secret


def _taken(session: Session, tenant: str, most: int, worker: str, lease: float) -> list[Claim]:
    """A tenant's Tasks of the highest priority, taken."""
    sql = f"""SELECT {CLAIM} FROM tasks WHERE state = 'todo' AND tenant = :tenant AND due <= :now
        ORDER BY priority DESC, due, job, number LIMIT :most{session.skip}"""  # noqa: S608 - columns of this package
    claims = [to_claim(row, session.seal) for row in session.all(sql, tenant=tenant, now=session.now, most=most)]
    taken = {"worker": worker, "lease": session.now + lease}
    if claims:
        session.many(
            """UPDATE tasks SET state = 'running', attempts = :attempts, token = :token, worker = :worker, stage = '',
            lease = :lease WHERE job = :job AND number = :number""",
            [{**taken, "attempts": c.attempt, "token": c.token, "job": c.job, "number": c.number} for c in claims],
        )
    return claims


def orphan(session: Session) -> None:
    """Let every lease run out: for one who has just become the only owner, so that nobody else can be at work."""
    session.run("UPDATE tasks SET lease = 0 WHERE state = 'running'")


def sweep(session: Session) -> None:
    """Put the Tasks of the dead back to todo; those that were in too many hands are poisoned."""
    sql = f"""SELECT job, number, deaths, worker FROM tasks WHERE state = 'running' AND lease < :now
        ORDER BY lease LIMIT {SWEPT}{session.skip}"""  # noqa: S608 - a number of this module
    for job, number, earlier, worker in sorted(session.all(sql, now=session.now)):
        again_in = after_death(earlier + 1, MOST_DEATHS, number)
        why = note(POISONED if again_in is None else "worker_died", f"death {earlier + 1}, of worker {worker}")
        _put_back(session, job, number, why, again_in)


def _put_back(session: Session, job: str, number: int, why: Note, again_in: float | None, usd: float = 0.0) -> None:
    held = why.code == "budget_reached" and again_in is not None  # it waits for money: no attempt is used up
    session.run(
        """UPDATE tasks SET state = :state, due = :due, why = :why, stage = :stage, attempts = attempts - :unspent,
        deaths = deaths + :died WHERE job = :job AND number = :number""",
        state="failed" if again_in is None else "todo",
        stage="held" if held else "",
        unspent=int(held),
        died=int(why.code in {"worker_died", POISONED}),
        due=session.now + (again_in or 0.0),
        why=encrypt_text(session.seal, why.model_dump_json(), f"why {job}.{number}"),
        job=job,
        number=number,
    )
    kind, ended = ("failed", 1) if again_in is None else ("again", 0)
    tell(session, Happened(job=job, kind=kind, task=number, detail=why.code, ended=ended, usd=usd))  # type: ignore[arg-type]


def order(session: Session, job: str) -> Submission:
    """See Jobs."""
    row = session.one("SELECT asked FROM jobs WHERE id = :job", job=job)
    if row is None:
        raise JobProblem("job_not_found", job)
    return Submission.model_validate_json(decrypt_text(session.seal, row[0], f"order {job}"))


def beat(session: Session, claims: Sequence[Claim], lease: float, stages: Mapping[str, str]) -> dict[str, Gone]:
    """See Jobs."""
    sql = f"UPDATE tasks SET lease = :lease, stage = :stage {OWN} AND state = 'running'"  # noqa: S608 - text of this module
    gone: dict[str, Gone] = {}
    for held in sorted(claims, key=lambda c: (c.job, c.number)):
        own = {"job": held.job, "number": held.number, "token": held.token}
        if not session.run(sql, lease=session.now + lease, stage=stages.get(held.id, ""), **own):
            gone[held.id] = "cancelled" if _state(session, held) == "cancelled" else "lost"
    return gone


def finish(session: Session, claim: Claim, outcomes: Sequence[Outcome], usd: float, read: int) -> None:
    """See Jobs. A Task that was put back to todo and not taken yet is still its last holder's to finish."""
    if not _leave(session, claim, "done"):
        if _state(session, claim) == "done":  # work done over
            return
        raise JobProblem("lease_lost", claim.id)
    session.many(
        """INSERT INTO outcomes (job, task, number, path, status, body)
        VALUES (:job, :task, :number, :path, :status, :body)""",
        [outcome_row(outcome, claim, n, session.seal) for n, outcome in enumerate(outcomes)],
    )
    status = ",".join(dict.fromkeys(o.status for o in outcomes))
    done = Happened(job=claim.job, kind="done", task=claim.number, detail=status, ended=1, usd=usd, within=read - 1)
    tell(session, done)


def fail(session: Session, claim: Claim, why: Note, again_in: float | None, usd: float) -> None:
    """See Jobs."""
    if not _leave(session, claim, "failing"):
        if _state(session, claim) in {"todo", "failed"}:  # work done over, or swept
            return
        raise JobProblem("lease_lost", claim.id)
    _put_back(session, claim.job, claim.number, why, again_in, usd)


def give_back(session: Session, claims: Sequence[Claim]) -> None:
    """See Jobs."""
    sql = f"""UPDATE tasks SET state = 'todo', attempts = attempts - 1, stage = '' {OWN} AND state = 'running'"""  # noqa: S608 - as above
    for held in sorted(claims, key=lambda c: (c.job, c.number)):
        session.run(sql, job=held.job, number=held.number, token=held.token)


def _leave(session: Session, claim: Claim, state: str) -> int:
    """Take a Task out of its holder's hands; gives whether it was in them."""
    sql = f"UPDATE tasks SET state = :state {OWN} AND state IN ('running', 'todo')"  # noqa: S608 - as above
    return session.run(sql, state=state, job=claim.job, number=claim.number, token=claim.token)


def _state(session: Session, claim: Claim) -> str | None:
    """State of a claim's Task where nobody has claimed it since; None for one that has another holder, or is gone."""
    sql = f"SELECT state FROM tasks {OWN}"  # noqa: S608 - as above
    row = session.one(sql, job=claim.job, number=claim.number, token=claim.token)
    return None if row is None else row[0]
