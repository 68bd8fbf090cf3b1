"""Decide when a Task is tried again: pure functions of the attempt or death."""

from __future__ import annotations

FIRST_WAIT_SECONDS = 2.0  # before the second try
LONGEST_WAIT_SECONDS = 600.0  # between two tries at most
LONGEST_DEATH_WAIT_SECONDS = 60.0  # at most, after a death: the other Tasks of the dead worker need not be to blame
DEATHS_WITHOUT_WAIT = 2  # deaths that are blamed on the worker alone: the Task is claimed again at once
TRIES = 5
TRIES_BY_CODE = {"storage_full": 9, "storage_away": 9}  # tries for faults that an operator must mend: within the hour


def after_failure(attempt: int, code: str = "") -> float | None:
    """Return the seconds to wait after attempt `attempt` (1-based) failed for a transient reason; None: give up.

    >>> [after_failure(n) for n in (1, 2, 3, 4, 5)]
    [2.0, 8.0, 32.0, 128.0, None]
    >>> [after_failure(n, "storage_full") for n in (4, 5, 6, 8, 9)]
    [128.0, 512.0, 600.0, 600.0, None]
    """
    if attempt >= TRIES_BY_CODE.get(code, TRIES):
        return None
    return min(FIRST_WAIT_SECONDS * 4.0 ** (attempt - 1), LONGEST_WAIT_SECONDS)


def after_death(death: int, most: int, number: int = 0) -> float | None:
    """Return the seconds to wait after a Task's death number `death` (1-based) of a worker.

    None: its own work seems to kill.

    The wait is multiplied by 0.5 to 1.5, depending on the Task's `number`: Tasks that one worker held at its death
    spread out, so that a Task that kills does not take the same others with it each time.

    >>> [after_death(n, 6, 4) for n in (1, 2, 3, 4, 5, 6)]
    [0.0, 0.0, 2.0, 8.0, 32.0, None]
    >>> after_death(4, 6, 0), after_death(4, 6, 8)
    (4.0, 12.0)
    """
    if death >= most:
        return None
    if death <= DEATHS_WITHOUT_WAIT:
        return 0.0
    wait = min(FIRST_WAIT_SECONDS * 4.0 ** (death - DEATHS_WITHOUT_WAIT - 1), LONGEST_DEATH_WAIT_SECONDS)
    return wait * (0.5 + number % 9 / 8)
