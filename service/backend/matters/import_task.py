"""Work on a Task that is an import, an export or another action on a matter: check what it may read, run it in a process of its own, and say what came out.

To cancel is to kill: an import can be killed at any moment, and goes on where it was if it is asked for again. So can a
worker: its Task's lease ends, another worker claims it, and finds in the matter what is done.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.discovery.matter_actions import ActionSummary
from thresher.schemas.discovery.matter_import import ImportSummary
from thresher.schemas.discovery.matter_jobs import ExportSummary
from thresher.schemas.errors import (
    CODES,
    INPUT_CODES,
    SETUP_CODES,
    InputProblem,
    JobProblem,
    Problem,
    SetupProblem,
    note,
)
from thresher.schemas.work import ActionOrder, Claim, ExportOrder, ImportOrder, Outcome, Submission
from thresher.service.backend.matters.import_process import ImportTask, Upload
from thresher.service.backend.matters.import_roots import allowed_path, roots_of
from thresher.service.backend.resources import ServiceResources
from thresher.service.base.child_python import child_environment
from thresher.service.jobs.loop import Stage, TaskOutcome
from thresher.service.settings import Settings

AT_ONCE = 2  # imports of one worker: each has processes of its own
AT_ONCE_OF_TENANT = 1  # of them: an import may take hours, and others wait for none of it
WAIT_SECONDS = 5.0  # times the attempt: until an import is tried again that found another under way
LONGEST_WAIT_SECONDS = 60.0
Order = ImportOrder | ExportOrder | ActionOrder
Summary = ImportSummary | ExportSummary | ActionSummary
_SUMMARIES: dict[type[Order], type[Summary]] = {
    ImportOrder: ImportSummary,
    ExportOrder: ExportSummary,
    ActionOrder: ActionSummary,
}
OUTCOME_PATH = "import"  # of the one Outcome
_COMMAND = (sys.executable, "-m", "thresher.service.backend.matters.import_process")
_LINE_BYTES = 1 << 24  # of a summary at most: a production's report is in it


@dataclass(slots=True, kw_only=True)
class Imports:
    """The imports of one worker."""

    resources: ServiceResources
    settings: Settings
    _running: Counter[str] = field(default_factory=Counter)  # by tenant

    async def work(self, claim: Claim, asked: Submission, stage: Stage) -> TaskOutcome:
        """Do an import. Raises Problem where it can not be done."""
        order = asked.import_order or asked.export_order or asked.action_order
        if order is None:
            raise JobProblem("internal_error", "no order to import, to export or to act")
        if self._running.total() >= AT_ONCE or self._running[claim.tenant] >= AT_ONCE_OF_TENANT:
            return later(claim)
        async with self._slot(claim.tenant), AsyncExitStack() as stack:
            task = await self._task(claim, asked, order, stack)
            try:
                summary = await _run(task, stage)
            except SetupProblem as problem:
                if problem.code == "store_locked":
                    return later(claim)
                raise
        outcome = Outcome(path=OUTCOME_PATH, status=summary.status, body=summary.model_dump_json())
        new = summary.new_documents if isinstance(summary, ImportSummary) else 0
        return TaskOutcome(outcomes=(outcome,), read=max(1, new))

    @asynccontextmanager
    async def _slot(self, tenant: str) -> AsyncIterator[None]:
        self._running[tenant] += 1
        try:
            yield
        finally:
            self._running[tenant] -= 1

    async def _task(self, claim: Claim, asked: Submission, order: Order, stack: AsyncExitStack) -> ImportTask:
        """Return what the process is told. Raises InputProblem(not_found, source_refused), SetupProblem."""
        if self.resources.matters is None:
            raise SetupProblem("setting_missing", "THRESHER_MATTERS, on every worker")
        folder = await asyncio.to_thread(self.resources.matters.folder, claim.tenant, order.matter)
        uploads = [
            Upload(blob=await stack.enter_async_context(self.resources.uploads.local(f.sha256)), name=f.name, sha256=f.sha256)
            for f in claim.files
        ]  # fmt: skip
        return ImportTask(
            folder=folder,
            job=claim.job,
            order=await asyncio.to_thread(self._with_paths, order, claim.tenant),
            roots=await asyncio.to_thread(roots_of, claim.tenant, self.settings.import_roots),
            passwords=asked.policy.read.passwords,
            uploads=tuple(uploads),
        )

    def _with_paths(self, order: Order, tenant: str) -> Order:
        """Return an order whose paths are such as the tenant may read. Raises InputProblem(source_refused, file_not_found)."""
        if not isinstance(order, ImportOrder):
            return order
        given = {"paths": order.paths, "denist": order.denist}
        found = {
            name: tuple(str(allowed_path(path, tenant, self.settings.import_roots)) for path in paths)
            for name, paths in given.items()
        }
        return order.model_copy(update=found)


def later(claim: Claim) -> TaskOutcome:
    """Return an outcome that puts the Task back for a while."""
    wait = min(WAIT_SECONDS * claim.attempt, LONGEST_WAIT_SECONDS)
    return TaskOutcome(outcomes=(), passing=note("import_waits"), again_in=wait)


async def _run(task: ImportTask, stage: Stage) -> Summary:
    """Run the process to its end. Raises what it reports; JobProblem(worker_died) where it died."""
    async with _process() as process:
        if process.stdin is None or process.stdout is None:
            raise JobProblem("internal_error", "no pipes")
        with suppress(ConnectionError):  # it died at its start, which its output will tell
            process.stdin.write(task.model_dump_json().encode() + b"\n")
            await process.stdin.drain()
        while line := await process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if "summary" in said:
                return _SUMMARIES[type(task.order)].model_validate(said["summary"])
            if "problem" in said:
                raise _problem(**said["problem"])
            stage(said["stage"])
        raise JobProblem("worker_died", f"the import's process ended with {await process.wait()}")


@asynccontextmanager
async def _process() -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the process; kill it, and all that it started, at the end of the block."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, stdin=pipe, stdout=pipe, start_new_session=True, limit=_LINE_BYTES, env=child_environment()
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _problem(code: str, detail: str) -> Problem:
    """Return the Problem that a process reported."""
    if code in INPUT_CODES:
        return InputProblem(code, detail)
    return (
        SetupProblem(code, detail)
        if code in SETUP_CODES
        else JobProblem(code if code in CODES else "internal_error", detail)
    )
