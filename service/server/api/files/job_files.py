"""Find the files of a job: those already finished, page by page, and one by its number.

Files are numbered from 0 in the order of the upload. A Task is one file, or all files of the job where the Policy's unit
is "folder".
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.errors import InputProblem, Note
from thresher.schemas.result import Status
from thresher.schemas.work import Job, Progress, Task, TaskState, UploadedFile
from thresher.service.jobs.base import CallerJobs
from thresher.service.server.api.response_models import EXAMPLE_JOB, Extraction, extraction
from thresher.service.server.api.result_pages import public_failure

EXAMPLE_FILE: dict[str, Any] = {
    "number": 0,
    "name": "order.txt",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 4711,
    "state": "done",
    "results": ["partial"],
    "problem": None,
    "original": "/v1/extractions/019a8c1e7f3b4d2c/files/0/original",
}


class FinishedFile(BaseModel):
    """A file of a job that nothing more happens to, unless it is tried again."""

    number: int = Field(description="0-based, in the order of the upload")
    name: str
    sha256: str
    size: int = Field(description="bytes")
    state: TaskState
    results: list[Status] = Field(description="statuses of its Results; of a job with unit `folder` those of the whole")
    problem: Note | None = Field(default=None, description="why it failed")
    original: str = Field(description="address of its bytes")


class ExtractionProgress(Extraction):
    """A job, how far it has come, and a page of its finished files by number."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**EXAMPLE_JOB, "files": [EXAMPLE_FILE], "next": None}]})

    files: list[FinishedFile]
    next: str | None = Field(default=None, description="cursor of the next page; null on the last")


async def progress_of(jobs: CallerJobs, job: Job, progress: Progress, cursor: str, limit: int) -> ExtractionProgress:
    """Return a job with the finished files after a cursor (the number of a Task, "" for the first page)."""
    after = int(cursor) if cursor else -1
    found = await jobs.tasks(job.tenant, job.id, after=after, limit=limit + 1, ended=True)
    shown = found[:limit]
    statuses: dict[int, list[str]] = {}
    if shown:
        statuses = await jobs.statuses(job.tenant, job.id, after=after, last=shown[-1].number)
    files = [one for task in shown for one in _views(task, statuses.get(task.number, []))]
    more = str(shown[-1].number) if len(found) > limit else None
    return ExtractionProgress(**dict(extraction(job, progress)), files=files, next=more)


def _views(task: Task, results: list[Any]) -> list[FinishedFile]:
    """Return the files of a Task as they are shown."""
    return [
        FinishedFile(
            number=number,
            name=file.name,
            sha256=file.sha256,
            size=file.size,
            state=task.state,
            results=results,
            problem=public_failure(task.why) if task.state == "failed" else None,
            original=f"/v1/extractions/{task.job}/files/{number}/original",
        )
        for number, file in enumerate(task.files, start=task.number)
    ]


async def file_of(jobs: CallerJobs, job: Job, number: int) -> UploadedFile:
    """Return a file of a job by its number. Raises InputProblem(not_found)."""
    found = await jobs.tasks(job.tenant, job.id, limit=1)
    if found and len(found[0].files) > number:
        return found[0].files[number]
    found = await jobs.tasks(job.tenant, job.id, after=number - 1, limit=1)
    if not found or found[0].number != number:
        raise InputProblem("not_found", f"no file {number} in this job")
    return found[0].files[0]


async def file_names(jobs: CallerJobs, job: Job, tasks: set[int]) -> dict[int, str]:
    """Return the file names of some Tasks by number; a Task of several files has none."""
    if not tasks:
        return {}
    first, last = min(tasks), max(tasks)
    found = await jobs.tasks(job.tenant, job.id, after=first - 1, limit=last - first + 1)
    return {task.number: task.files[0].name for task in found if len(task.files) == 1}
