"""A run that is told to end (SIGTERM) ends as by Ctrl-C: what a service manager stops writes its counts."""

from __future__ import annotations

import asyncio
import signal

import pytest

from thresher.service.cli.signals import cancelled_by_sigterm


async def test_sigterm_cancels_the_run() -> None:
    """The run sees a cancellation, once; afterwards the signal is as it was."""
    before = signal.getsignal(signal.SIGTERM)

    async def run() -> str:
        try:
            with cancelled_by_sigterm():
                assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
                signal.raise_signal(signal.SIGTERM)
                await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "interrupted"
        return "went on"

    assert await asyncio.create_task(run()) == "interrupted"
    assert signal.getsignal(signal.SIGTERM) is before


async def test_a_system_without_such_handlers_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows an event loop hears no signals: a run begins there, and is ended by Ctrl-C alone."""

    def refused(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", refused, raising=False)
    with cancelled_by_sigterm():
        await asyncio.sleep(0)
