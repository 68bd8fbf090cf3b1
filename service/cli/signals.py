"""End a run as Ctrl-C does where the process is told to end: what was paid for comes home, and the counts are written."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cancelled_by_sigterm() -> Iterator[None]:
    """Cancel the present task at SIGTERM while the block runs, where nobody else handles the signal."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    is_free = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if task is None or not is_free or threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    except NotImplementedError:  # on Windows
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
