"""Run work in a process of its own that is ended at a moment of its processor time, as `kill -9` would end it."""

from __future__ import annotations

import os
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
