"""Decide whether work is tried again whose process died: a pure function of its deaths."""

from __future__ import annotations

import signal

RETRY_PAUSES_SECONDS = (0.0, 2.0, 8.0)  # before another try; only the first where the work itself may have killed
_UNKNOWN = 255  # what multiprocessing says of a process whose server died: nobody could wait for it
_NOT_ITS_WORK = {-signal.SIGKILL, _UNKNOWN}  # by a system that is short of memory, or by an operator


def pause_after_death(death: int, exitcode: int | None) -> float | None:
    """Return the seconds to wait after death number `death` (1-based); None: the work seems to kill.

    >>> [pause_after_death(n, -11) for n in (1, 2)], [pause_after_death(n, -9) for n in (1, 2, 3, 4)]
    ([0.0, None], [0.0, 2.0, 8.0, None])
    """
    most = len(RETRY_PAUSES_SECONDS) if exitcode in _NOT_ITS_WORK else 1
    return RETRY_PAUSES_SECONDS[death - 1] if death <= most else None
