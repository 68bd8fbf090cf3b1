"""Run work in a process of its own that is ended at a moment of its processor time, as `kill -9` would end it."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable


def killed_after(seconds: float, work: Callable[[], object]) -> bool:
    """Do some work in a fork of this process; return whether it was killed before it ended.

    The signal of the timer is not handled, so that nothing is tidied up: no `finally`, no flush, no commit.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed"
    return False


def kills_until_done(seconds: float, work: Callable[[], object], draw: random.Random) -> int:
    """Do some work that goes on where it was killed, killed at random moments until it ends; return how often it was.

    `seconds` are those of processor time that the whole took here. A fork of a large process takes more, so that its
    moments lie in a time that grows with each kill: otherwise work that must end in one go might never do.
    """
    kills = 0
    while killed_after(draw.uniform(0.001, seconds * (1 + kills / 8)), work):
        kills += 1
    return kills
