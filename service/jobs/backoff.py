"""When a Task is tried again: a decision from a pure function."""

from __future__ import annotations

FIRST = 2.0  # seconds before the second try
MOST = 600.0  # seconds between two tries at most
DEATHS = 2  # deaths of workers that are blamed on the worker alone: the Task is taken over at once


def after_failure(attempt: int, most: int = 5) -> float | None:
    """Seconds to wait after attempt number `attempt` (1-based) failed for a reason that may pass; None: no more.

    >>> [after_failure(n) for n in (1, 2, 3, 4, 5)]
    [2.0, 8.0, 32.0, 128.0, None]
    """
    return None if attempt >= most else min(FIRST * 4.0 ** (attempt - 1), MOST)


def after_death(attempt: int, most: int) -> float | None:
    """Seconds to wait after the worker that made attempt `attempt` died; None: the file itself seems to kill.

    >>> [after_death(n, 5) for n in (1, 2, 3, 4, 5)]
    [0.0, 0.0, 2.0, 8.0, None]
    """
    return None if attempt >= most else 0.0 if attempt <= DEATHS else min(FIRST * 4.0 ** (attempt - DEATHS - 1), MOST)
