"""Choose the effects of a run: its store of answers, and where spans go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from thresher.schemas.errors import SetupProblem
from thresher.service.settings import Settings
from thresher.service.storage.answers.base import DurableStore
from thresher.service.telemetry.tracing import Tracer

log = logging.getLogger(__name__)


def tracer_of(settings: Settings) -> Tracer | None:
    """Return where spans go; None where no address for traces is set, or the extra `otel` is not installed."""
    if not settings.traces:
        return None
    try:
        from thresher.service.telemetry.otel import Otel  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        log.warning(
            "no traces: pip install 'thresher[otel]'", extra={"action": "traces.extra_missing", "why": error.name}
        )
        return None
    return Otel()


def _log_waiting(_: Path) -> None:
    log.warning("another run uses this folder; waiting", extra={"action": "store.waiting", "why": "locked"})


@asynccontextmanager
async def opened_store(folder: Path, waiting: Callable[[Path], None] = _log_waiting) -> AsyncIterator[DurableStore]:
    """Open the answer store of a run's folder: shared in this event loop, and waited for while another process has it.

    `waiting` is called once with the folder where it has to wait. Raises SetupProblem(store_failed).
    """
    hidden = folder / ".thresher"
    if link := next((p for p in (hidden, hidden / "store.sqlite") if p.is_symlink()), None):
        raise SetupProblem("store_failed", f"{link} is a link, which is not followed: others may have put it there")
    hidden.mkdir(parents=True, exist_ok=True, mode=0o700)
    hidden.chmod(0o700)
    from thresher.service.storage.answers.sharing import shared_store  # noqa: PLC0415 - the Python door may use memory alone

    file = await asyncio.to_thread((hidden / "store.sqlite").absolute)
    async with shared_store(file, lambda: waiting(folder)) as store:
        yield store
