"""Serve waits and event streams, which end with the job, the client or the service."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from thresher.schemas.errors import JobProblem, SetupProblem
from thresher.schemas.work import Job, JobEvent, Progress
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.files.job_files import file_names

POLL_SECONDS = 1.0  # after which a listener looks again without news
KEEPALIVE_SECONDS = 15.0  # of silence after which a comment keeps the stream alive


@contextmanager
def listener_slot(service: AppState, tenant: str) -> Iterator[None]:
    """Hold a listener's slot while the block lasts.

    Raises JobProblem(too_many_listeners) if the tenant may have no more.
    """
    if not service.listener_slots.free(tenant, service.bounds.listeners):
        raise JobProblem("too_many_listeners")
    with service.listener_slots.taken(tenant):
        yield


class EventStream(StreamingResponse):
    """Events of one listener, which has a slot while they are sent. A stream that is never sent takes none."""

    media_type = "text/event-stream"

    def __init__(self, found: AsyncGenerator[str], slot: AbstractContextManager[None]) -> None:
        """Take the events, and the `slot` that is entered when the answer begins."""
        super().__init__(found, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._events, self._slot = found, slot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the job ends, the listener goes or the service stops.

        Raises what `slot` raises before anything is sent, so that a refusal is still answered with a Problem.
        """
        try:
            with self._slot:
                await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()  # a listener who goes may leave it between two events


async def wait_until_ended(service: AppState, request: Request, job: Job, seconds: float) -> Job:
    """Wait until the job has ended, for some seconds, or until the caller goes or the service stops; return the job.

    Without a free slot it is returned at once: a job that exists is never lost to its caller.
    """
    if seconds <= 0 or not service.listener_slots.free(job.tenant, service.bounds.listeners):
        return job
    with service.listener_slots.taken(job.tenant):
        return await _wait_for_end(service, request, job, seconds)


async def _wait_for_end(service: AppState, request: Request, job: Job, seconds: float) -> Job:
    until = time.monotonic() + seconds
    while job.state == "open" and not service.stopping.is_set() and (left := until - time.monotonic()) > 0:
        await service.jobs.wait(min(left, POLL_SECONDS))
        if await request.is_disconnected():
            break
        with suppress(SetupProblem):  # a database that is away may be back in time
            job = await service.jobs.job(job.tenant, job.id, matter=job.matter)
    return job


async def events(service: AppState, job: Job, after: int) -> AsyncGenerator[str]:
    """Yield a job's events as server-sent ones, with file names, counts and stages; `progress` events report changes between."""
    shown: Progress | None = None
    last_sent = time.monotonic()
    while not service.stopping.is_set():
        try:
            ended = (
                await service.jobs.job(job.tenant, job.id, matter=job.matter)
            ).state != "open"  # read first, so that no event is missed
            found = await service.jobs.events(job.tenant, job.id, after=after)
            now = await service.jobs.progress(job.tenant, job.id)
            names = await file_names(service.jobs, job, {e.task for e in found if e.task is not None})
        except SetupProblem:
            yield ": the database is away\n\n"
            await service.jobs.wait(POLL_SECONDS)
            continue
        for event in found:
            yield _event(event, None if event.task is None else names.get(event.task), now)
        after = found[-1].number if found else after
        if ended and not found:
            return
        if not found and now != shown:
            yield f"event: progress\ndata: {_data(now, {})}\n\n"
        elif not found and time.monotonic() - last_sent > KEEPALIVE_SECONDS:
            yield ": still here\n\n"
        else:
            if not found:
                await service.jobs.wait(POLL_SECONDS)
            continue
        shown, last_sent = now, time.monotonic()


def _event(event: JobEvent, file: str | None, progress: Progress) -> str:
    facts: dict[str, object] = {"at": event.at, "task": event.task, "file": file, "detail": event.detail}
    return f"id: {event.number}\nevent: {event.kind}\ndata: {_data(progress, facts)}\n\n"


def _data(progress: Progress, facts: dict[str, object]) -> str:
    return json.dumps({**facts, "counts": progress.counts.model_dump(), "stages": progress.stages})
