"""Show a command's operator log lines on standard error, and traces where an address for them is set."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from thresher.service.settings import Settings
from thresher.service.telemetry import logs, masks, tracing
from thresher.service.wiring.effects import tracer_of

log = logging.getLogger(__name__)


@contextmanager
def observed(settings: Settings, form: str) -> Iterator[None]:
    """Write logs and traces while the block runs; the remaining traces are sent at its end."""
    masks.add_secrets(settings.secrets)
    wanted = logs.LogOptions(level=settings.log, form=form, content=settings.log_content)  # type: ignore[arg-type]
    logs.configure(wanted)
    tracer = tracer_of(settings)
    tracing.install(tracer)
    try:
        yield
    finally:
        tracing.install(None)
        if tracer is not None:
            tracer.close()
