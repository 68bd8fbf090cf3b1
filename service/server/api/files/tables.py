"""Routes of a job's tables: its finished Results as XLSX and CSV, made when asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from thresher.schemas.errors import InputProblem, JobProblem
from thresher.schemas.nearest_name import suggestion
from thresher.schemas.work import Job
from thresher.service.base.temp_folder import temp_folder
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.extractions import PROBLEMS, JobId
from thresher.service.server.api.files.originals import INERT
from thresher.service.server.api.files.table_writing import write_tables

routes = APIRouter(prefix="/v1/extractions/{id}", tags=["files"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
Partial = Annotated[bool, Query(description="also while the job goes on; what is not finished stands there as such")]
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "a sheet for the documents, one for each list of the target, one for all reasons",
        "content": {XLSX: {"schema": {"type": "string", "format": "binary"}, "example": "(XLSX)"}},
    },
    **PROBLEMS,
}
TABLE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "one table; the header X-Tables names all, by commas, percent-encoded",
        "content": {CSV: {"schema": {"type": "string"}, "example": "source,status\nb.pdf,complete\n"}},
        "headers": {"X-Tables": {"schema": {"type": "string"}, "description": "names of all tables of the job"}},
    },
    **PROBLEMS,
}


class TableFile(Response):
    """A response with one table, made when the answer begins and deleted at its end."""

    def __init__(self, parts: AppState, job: Job, form: Literal["csv", "xlsx"], table: str, *, bom: bool) -> None:
        """Take what is wanted. `table` "": the one of documents."""
        super().__init__(media_type=CSV if form == "csv" else XLSX)
        self._parts, self._job, self._form, self._table, self._bom = parts, job, form, table, bom

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make and send it. Raises InputProblem(not_found) and what reading Results raises, before anything is sent."""
        async with self._made() as files:
            names = {file.stem: file for file in files}
            file = names.get(self._table or files[0].stem)
            if file is None:
                known = f"{suggestion(self._table, names)}; there are {', '.join(names)}"
                raise InputProblem("not_found", f"no table {self._table}{known}")
            headers = {**INERT, "X-Tables": ",".join(map(quote, names))}
            whole = {**scope, "headers": [h for h in scope["headers"] if h[0] not in {b"range", b"if-range"}]}
            shown = f"{self._job.id}-{file.name}"
            await FileResponse(file, 200, headers, self.media_type, filename=shown)(whole, receive, send)

    @asynccontextmanager
    async def _made(self) -> AsyncIterator[list[Path]]:
        with temp_folder() as folder:
            async with self._parts.table_turns.of(self._job.tenant):
                files = await write_tables(self._parts, self._job, self._form, folder, bom=self._bom)
            yield files


@routes.get("/export.xlsx", operation_id="export_xlsx", response_class=Response, responses=WORKBOOK)
async def xlsx(
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    id: JobId,  # noqa: A002 - as in the path
    partial: Partial = False,  # noqa: FBT002 - as in the address
) -> Response:
    """The Results of a job as a workbook, as people have corrected them."""
    return TableFile(parts, await _ended(parts, tenant, request, id, partial=partial), "xlsx", "", bom=False)


@routes.get("/export.csv", operation_id="export_csv", response_class=Response, responses=TABLE)
async def csv(  # noqa: PLR0913, PLR0917 - the parameters of the address
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    id: JobId,  # noqa: A002 - as in the path
    table: Annotated[str, Query(max_length=100, description="its name; default: the documents")] = "",
    bom: Annotated[bool, Query(description="mark it as UTF-8 for Excel")] = False,  # noqa: FBT002 - as in the address
    partial: Partial = False,  # noqa: FBT002 - as in the address
) -> Response:
    """One table of the Results of a job, as people have corrected them: the documents, a list, or all reasons."""
    return TableFile(parts, await _ended(parts, tenant, request, id, partial=partial), "csv", table, bom=bom)


async def _ended(parts: AppState, tenant: str, request: Request, id: str, *, partial: bool) -> Job:  # noqa: A002 - as above
    """Return a job that has ended, or goes on where that is asked for. Raises JobProblem(result_not_ready)."""
    request.state.job = id
    job = await parts.jobs.job(tenant, id)
    if job.state == "open" and not partial:
        raise JobProblem("result_not_ready")
    return job
