"""Hold the Tasks of tenants whose budget is used up until its next period, or until it is raised."""

from __future__ import annotations

from collections.abc import Container

from thresher.service.storage.answers.session import Session

HOLD_MAX_TASKS = 500  # Tasks that one call moves at most, so that none takes long
EVERYBODY = "*"
LATER = "UPDATE tasks SET due = :until, stage = 'held' WHERE job = :job AND number = :number"


def hold(session: Session, held: dict[str, float]) -> int:
    """Move held tenants' Tasks at the head of the queue to the time (by tenant; "*": all) when they may go on.

    Return how many.
    """
    sql = f"""SELECT job, number, tenant FROM tasks WHERE state = 'todo' AND due <= :now
        ORDER BY priority DESC, due, job, number LIMIT {HOLD_MAX_TASKS}{session.skip}"""  # noqa: S608 - a number of this module
    moved = [
        {"job": job, "number": number, "until": max(held.get(tenant, 0.0), held.get(EVERYBODY, 0.0))}
        for job, number, tenant in session.all(sql, now=session.now)
        if tenant in held or EVERYBODY in held
    ]
    if moved:
        session.many(LATER, moved)
    return len(moved)


def release(session: Session, held: Container[str]) -> int:
    """Release the held Tasks of all but these tenants; return how many."""
    if EVERYBODY in held:
        return 0
    sql = "SELECT DISTINCT tenant FROM tasks WHERE state = 'todo' AND stage = 'held'"
    free = [tenant for (tenant,) in session.all(sql) if tenant not in held]
    sql = "UPDATE tasks SET due = :now, stage = '' WHERE state = 'todo' AND stage = 'held' AND tenant = :tenant"
    gone = sum(session.run(sql, now=session.now, tenant=tenant) for tenant in free)
    if gone:
        session.notify()
    return gone
