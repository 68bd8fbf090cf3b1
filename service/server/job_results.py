"""The Results of a job as a collection for review.

A Result's number is that of its Task plus the Tasks of the job times its own number within the Task: it never changes,
in whatever order Tasks end, and where each file gives one Result it is the file's number.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.schemas.work import Job, KeptOutcome, Submission, Task
from thresher.service.backend.resources import ServiceResources
from thresher.service.backend.worker import shown_names, target_of
from thresher.service.jobs.base import Jobs
from thresher.service.pages.page_pictures import opened_views
from thresher.service.reviews.base import ResultPlace
from thresher.service.reviews.collections import ResultSummary, root_path, summary_of
from thresher.service.reviews.review_service import ReviewService
from thresher.service.reviews.sql import SqlReviews
from thresher.service.reviews.stored_result import StoredResult, head_of
from thresher.service.storage.uploads.base import Uploads

DRAWING_PROCESSES = 2  # beside those that read: a page is drawn while long files are read
PAGE_RESULTS = 100  # Results read in one query
CACHED = 64  # targets, and jobs whose summaries are cached
CACHED_SUMMARIES = 50_000  # of all those jobs: a job of archives may have 100,000 Results


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResults:
    """The Results of one job."""

    maker: JobCollections
    job: Job
    order: Submission

    @property
    def name(self) -> str:
        """Return the job's id."""
        return self.job.id

    @property
    def target_name(self) -> str:
        """Return the name of the job's target."""
        return self.job.target

    @property
    def tells(self) -> bool:
        """Whether the job has a webhook."""
        return self.job.webhook is not None

    @property
    def options(self) -> ReadOptions:
        """Return how the documents were read."""
        return self.order.policy.read

    def _place(self, outcome: KeptOutcome) -> ResultPlace:
        number = outcome.number * self.job.counts.total + outcome.task
        key = f"{outcome.task}.{outcome.number}"
        return ResultPlace(tenant=self.job.tenant, collection=self.job.id, key=key, number=number)

    async def summaries(self) -> list[ResultSummary]:
        """Return all Results that are there, by number."""
        counts = self.job.counts
        known = self.maker.summaries.get(self.job.id)
        if known is None or known[0] != counts.done:
            found = [s async for s in self._summaries()]
            known = counts.done, sorted(found, key=lambda s: s.place.number)
            held = self.maker.summaries
            _keep(held, self.job.id, known)
            while len(held) > 1 and sum(len(some) for _, some in held.values()) > CACHED_SUMMARIES:
                held.popitem(last=False)
        return known[1]

    async def _summaries(self) -> AsyncIterator[ResultSummary]:
        after = (-1, -1)
        while some := await self.maker.jobs.results(self.job.tenant, self.job.id, after=after, limit=PAGE_RESULTS):
            after = (some[-1].task, some[-1].number)
            for outcome, body in zip(some, await asyncio.to_thread(_heads, some), strict=True):
                yield summary_of(self._place(outcome), body)

    async def result(self, number: int) -> tuple[ResultPlace, StoredResult]:
        """Return one Result as the machine gave it."""
        within, task = divmod(number, max(self.job.counts.total, 1))
        found = await self.maker.jobs.results(self.job.tenant, self.job.id, after=(task, within - 1), limit=1)
        if not found or (found[0].task, found[0].number) != (task, within):
            raise InputProblem("not_found", f"the job has no Result with the number {number}, or not yet")
        return self._place(found[0]), StoredResult(found[0].body)

    async def target(self, result: Result[Any]) -> Target | None:
        """Return the job's target; None where it is the operator's and was changed since."""
        del result
        asked, targets = self.order.target, self.maker.targets
        if asked.fingerprint not in targets:
            try:
                made = await asyncio.to_thread(target_of, asked, self.maker.own_targets)
            except Problem:
                return None
            _keep(targets, asked.fingerprint, made)
        return targets[asked.fingerprint]

    @asynccontextmanager
    async def original(self, place: ResultPlace, path: str) -> AsyncIterator[Source]:
        """Provide the upload that holds a source of a Result."""
        task = await self._task(int(place.key.split(".", maxsplit=1)[0]))
        wanted = root_path(path)
        file = next((f for f, n in zip(task.files, shown_names(task.files), strict=True) if n == wanted), None)
        if file is None:
            raise InputProblem("original_missing", wanted)
        async with self.maker.uploads.local(file.sha256) as local:
            yield Source(path=wanted, blob=str(local), sha256=file.sha256, size=file.size, name=file.name)

    async def _task(self, number: int) -> Task:
        found = await self.maker.jobs.tasks(self.job.tenant, self.job.id, after=number - 1, limit=1)
        if not found:
            raise InputProblem("not_found", f"the job has no Task {number}")
        return found[0]


@dataclass(slots=True, kw_only=True)
class JobCollections:
    """Makes the collections of a service's jobs; what takes long to make is cached."""

    jobs: Jobs
    uploads: Uploads
    own_targets: dict[str, Target]  # the operator's, by name
    targets: OrderedDict[str, Target] = field(default_factory=OrderedDict)
    summaries: OrderedDict[str, tuple[int, list[ResultSummary]]] = field(default_factory=OrderedDict)

    async def of(self, tenant: str, name: str) -> JobResults:
        """Return the collection of a tenant's job. Raises JobProblem(job_not_found, job_gone)."""
        job = await self.jobs.job(tenant, name)
        return JobResults(maker=self, job=job, order=await self.jobs.order(job.id))


@asynccontextmanager
async def opened_review_service(
    resources: ServiceResources, targets: dict[str, Target]
) -> AsyncIterator[ReviewService]:
    """Open the ReviewService of a server, with processes of its own that draw pages, started when first needed."""
    collections = JobCollections(jobs=resources.jobs, uploads=resources.uploads, own_targets=targets)
    async with opened_views(resources.scratch, DRAWING_PROCESSES) as views:
        yield ReviewService(reviews=SqlReviews(resources.store), views=views, collection=collections.of)


def _keep(held: OrderedDict[str, Any], key: str, made: Any) -> None:
    """Cache something in place of the oldest."""
    held[key] = made
    while len(held) > CACHED:
        held.popitem(last=False)


def _heads(outcomes: list[KeptOutcome]) -> list[dict[str, Any]]:
    return [head_of(o.body) for o in outcomes]
