"""Join stored Results to a page; only those of an earlier form are converted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from thresher.schemas.errors import FACTS, Note
from thresher.schemas.result import AnyResult
from thresher.schemas.work import Job, KeptOutcome, Task
from thresher.service.jobs.base import RESULTS_MAX_CHARS, CallerJobs
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.long_responses import PIECE_BYTES
from thresher.service.server.api.response_models import FailedFile

EARLIER = '{"thresher":"0.1.'  # begins Results of the first form


class ResultPage(Response):
    """A page of Results, joined when the answer begins: a long one is in its file before the tenant's next is joined."""

    def __init__(
        self, parts: AppState, job: Job, cursor: str, limit: int, headers: Mapping[str, str] | None = None
    ) -> None:
        """Take what is wanted, as `result_page` does."""
        super().__init__(None, 200, headers, "application/json")
        self._parts, self._job, self._wanted, self._given = parts, job, (cursor, limit), headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make and send it. Raises what reading Results raises, before anything is sent."""
        async with self._parts.page_turns.of(self._job.tenant):
            body = await result_page(self._parts.jobs, self._job, *self._wanted)
            made = Response(body, 200, self._given, "application/json")
            if len(body) > PIECE_BYTES:
                await made(scope, receive, send)
                return
        await made(scope, receive, send)


async def result_page(jobs: CallerJobs, job: Job, cursor: str, limit: int) -> bytes:
    """Return Results after a cursor ("task.number", "" for the first page) as JSON."""
    after = (int(cursor.split(".", maxsplit=1)[0]), int(cursor.split(".")[1])) if cursor else (-1, -1)
    found = await jobs.results(job.tenant, job.id, after=after, limit=limit + 1)
    shown = _fitting(found[:limit])
    more = len(shown) < len(found)
    failed = [] if cursor else await failures(jobs, job)
    head = json.dumps({"id": job.id, "state": job.state})[:-1]
    tail = json.dumps({"failed": [f.model_dump() for f in failed], "next": _cursor(shown[-1]) if more else None})[1:]
    return await asyncio.to_thread(_page, head, shown, tail)


def _page(head: str, shown: list[KeptOutcome], tail: str) -> bytes:
    return f'{head}, "results": [{",".join(in_current_form(o.body) for o in shown)}], {tail}'.encode()


def in_current_form(body: str) -> str:
    """Return a stored Result in today's form."""
    return AnyResult.model_validate_json(body).model_dump_json() if body.startswith(EARLIER) else body


def public_failure(why: Note | None) -> Note | None:
    """Return a failure as callers may see it: of a fault of the operator's machine or set-up only code and remedy."""
    fact = None if why is None else FACTS.get(why.code)
    return why if why is None or fact is None or fact.fault != "machine" else Note(code=why.code, message=fact.remedy)


async def failures(jobs: CallerJobs, job: Job) -> list[FailedFile]:
    """Return the files of a job that gave no Result, or not all: failed and cancelled ones."""
    if not job.counts.failed + job.counts.cancelled:
        return []
    found: list[Task] = []
    after = -1
    while some := await jobs.tasks(job.tenant, job.id, after=after, limit=500):
        found += [t for t in some if t.state in {"failed", "cancelled"}]
        after = some[-1].number
    return [
        FailedFile(file=f.name, number=t.number, state=t.state, problem=public_failure(t.why))
        for t in found
        for f in t.files
    ]


def _fitting(found: list[KeptOutcome]) -> list[KeptOutcome]:
    """Return the first Outcomes, as many as a page may hold: the first is included however long."""
    total = 0
    for i, outcome in enumerate(found):
        total += len(outcome.body)
        if i and total > RESULTS_MAX_CHARS:
            return found[:i]
    return found


def _cursor(outcome: KeptOutcome) -> str:
    return f"{outcome.task}.{outcome.number}"
