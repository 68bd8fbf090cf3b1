"""Check callers' schemas in processes of their own, under limits, one of each tenant at a time.

A small schema is checked in a thread, which takes milliseconds. Uploads, health and other tenants wait for none of
them.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from threading import Lock
from typing import TYPE_CHECKING

from thresher.schemas.errors import InputProblem, JobProblem
from thresher.schemas.work import AskedTarget
from thresher.service.base.single_flight import SingleFlight
from thresher.service.readers import process_start
from thresher.service.server.api.fair_slots import TenantQueues
from thresher.service.server.api.target_schema import schema_target

if TYPE_CHECKING:
    from pebble import ProcessPool

THREAD_MAX_CHARS = 4096  # characters of a schema that is checked in a thread
TIME_LIMIT_SECONDS = 10.0  # for one schema
MEMORY_BYTES = 1 << 30  # bytes of a checking process
PROCESSES = 2
CACHE_TARGETS = 64  # checked targets that are cached
Key = tuple[str, str | bytes, str | None]  # with the tenant: response times do not reveal what another tenant has sent


class SchemaChecker:
    """Checks schemas, and caches the last results."""

    def __init__(self) -> None:
        """Start no process yet: the first schema that is not small does."""
        self._pool: ProcessPool | None = None
        self._starting = Lock()
        self._turns = TenantQueues(PROCESSES)
        self._cache: dict[Key, AskedTarget] = {}
        self._flights: SingleFlight[Key, AskedTarget] = SingleFlight()

    async def judged(self, tenant: str, text: bytes | str, name: str | None = None) -> AskedTarget:
        """Return the target of a caller's JSON Schema. Raises InputProblem(target_invalid)."""
        key = (tenant, text, name)
        found = self._cache.get(key)
        if found is None:
            found = await self._flights.of(key, lambda: self._in_turn(tenant, text, name))
            while len(self._cache) >= CACHE_TARGETS:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = found
        return found

    async def close(self) -> None:
        """Stop the processes, whatever they are doing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            await asyncio.to_thread(pool.join)

    async def _in_turn(self, tenant: str, text: bytes | str, name: str | None) -> AskedTarget:
        async with self._turns.of(tenant):
            if len(text) <= THREAD_MAX_CHARS:
                return await asyncio.to_thread(schema_target, text, name)
            return await self._in_process(text, name)

    async def _in_process(self, text: bytes | str, name: str | None) -> AskedTarget:
        from pebble import ProcessExpired  # noqa: PLC0415 - most services never need it

        try:
            text_of_target: str = await asyncio.wrap_future(await asyncio.to_thread(self._schedule, text, name))
            return AskedTarget.model_validate_json(text_of_target)
        except TimeoutError:
            raise InputProblem("target_invalid", f"it takes longer than {TIME_LIMIT_SECONDS:g} s to judge") from None
        except (ProcessExpired, MemoryError):
            raise InputProblem("target_invalid", "it takes more memory to judge than there is for it") from None
        except BrokenProcessPool:  # closed, or broken and replaced by the next
            raise JobProblem("shutting_down") from None

    def _schedule(self, text: bytes | str, name: str | None) -> Future[str]:
        from pebble import ProcessPool as Pool  # noqa: PLC0415 - as above

        with self._starting:
            if self._pool is None or not self._pool.active:
                self._pool = Pool(PROCESSES, 0, _begin, context=process_start.context())
            try:
                return self._pool.schedule(_target_json, args=(text, name), timeout=TIME_LIMIT_SECONDS)
            except RuntimeError as error:  # the pool broke since
                raise BrokenProcessPool from error


def _begin() -> None:
    """Bound the memory of a checking process."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES if hard < 0 else min(MEMORY_BYTES, hard), hard))


def _target_json(text: bytes | str, name: str | None) -> str:
    """Return a target as JSON text, which crosses the border between processes."""
    return json.dumps(schema_target(text, name).model_dump(mode="json"))
