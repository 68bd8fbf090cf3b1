"""When a Task is tried again: a decision from a pure function."""

from __future__ import annotations

FIRST = 2.0  # seconds before the second try
MOST = 600.0  # seconds between two tries at most
PUT_OFF = 15.0  # seconds at most, after a death: what was in the same dead hands need not be to blame
DEATHS = 2  # deaths of workers that are blamed on the worker alone: the Task is taken over at once


TRIES = 5
OPERATORS = {"storage_full": 9, "storage_away": 9}  # tries where a person has to come first: within the hour


def after_failure(attempt: int, code: str = "") -> float | None:
    """Seconds to wait after attempt number `attempt` (1-based) failed for a reason that may pass; None: no more.

    >>> [after_failure(n) for n in (1, 2, 3, 4, 5)]
    [2.0, 8.0, 32.0, 128.0, None]
    >>> [after_failure(n, "storage_full") for n in (4, 5, 6, 8, 9)]
    [128.0, 512.0, 600.0, 600.0, None]
    """
    return None if attempt >= OPERATORS.get(code, TRIES) else min(FIRST * 4.0 ** (attempt - 1), MOST)


def after_death(death: int, most: int, number: int = 0) -> float | None:
    """Seconds to wait after a Task's death number `death` (1-based) of a worker; None: the file itself seems to kill.

    By the Task's `number` the wait is a half to one and a half of what it would be: those that were in the same hands
    come apart, so that the one that kills does not take the same others with it each time.

    >>> [after_death(n, 6, 4) for n in (1, 2, 3, 4, 5, 6)]
    [0.0, 0.0, 2.0, 8.0, 15.0, None]
    >>> after_death(4, 6, 0), after_death(4, 6, 8)
    (4.0, 12.0)
    """
    if death >= most:
        return None
    share = 0.5 + number % 9 / 8
    return 0.0 if death <= DEATHS else share * min(FIRST * 4.0 ** (death - DEATHS - 1), PUT_OFF)
