"""Warn at the start of a service of models that it offers and cannot ask: otherwise the first upload would find out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from thresher.service.settings import Settings
from thresher.service.wiring.endpoints import missing_keys

log = logging.getLogger(__name__)


async def warn_of_missing_keys(models: Iterable[str], settings: Settings) -> None:
    """Warn of each hosted model without a key."""
    for name in models:
        if wanted := await asyncio.to_thread(missing_keys, name, settings):
            log.warning("no key", extra={"action": "serve.no_key", "model": name, "why": "set " + ", ".join(wanted)})
