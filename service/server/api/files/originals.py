"""Routes of a job's files: their bytes as they were sent, never as something that a browser runs, and their pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from thresher.schemas.errors import InputProblem
from thresher.schemas.source import Source
from thresher.schemas.work import UploadedFile
from thresher.service.pages.drawing import picture_type
from thresher.service.server.api.auth import AppStateDep, Tenant
from thresher.service.server.api.extractions import PROBLEMS, JobId
from thresher.service.server.api.files.job_files import file_of
from thresher.service.storage.uploads.base import Uploads

routes = APIRouter(prefix="/v1/extractions/{id}", tags=["files"])
FileNumber = Annotated[int, Path(ge=0, le=2**31 - 1, description="0-based, in the order of the upload", examples=[0])]
BYTES = "application/octet-stream"  # whatever the file is: no browser shows it, and none guesses (nosniff)
INERT = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
ORIGINAL: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the bytes as they were sent, as an attachment under the file's name; its ETag is their SHA-256",
        "content": {BYTES: {"schema": {"type": "string", "format": "binary"}, "example": "(bytes of invoice.pdf)"}},
    },
    **PROBLEMS,
}
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the page: PNG, or JPEG where it is a photograph",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}, "example": "(picture)"}
            for kind in ("image/png", "image/jpeg")
        },
    },
    **PROBLEMS,
}
UNCHANGING = "private, max-age=31536000, immutable"  # the page of a file that is known by its bytes


class StoredFile(Response):
    """A response with the bytes of an upload, held while they are sent."""

    def __init__(self, uploads: Uploads, file: UploadedFile) -> None:
        """Take the file; nothing is opened before the answer begins."""
        super().__init__(media_type=BYTES)
        self._uploads, self._file = uploads, file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the bytes whole. Raises InputProblem(file_not_found) before anything is sent."""
        headers = {**INERT, "ETag": f'"{self._file.sha256}"'}
        whole = {**scope, "headers": [h for h in scope["headers"] if h[0] not in {b"range", b"if-range"}]}
        async with self._uploads.local(self._file.sha256) as path:
            await FileResponse(path, 200, headers, BYTES, filename=self._file.name)(whole, receive, send)


@routes.get("/files/{number}/original", operation_id="get_original", response_class=Response, responses=ORIGINAL)
async def original(
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    id: JobId,  # noqa: A002 - as in the path
    number: FileNumber,
) -> Response:
    """A file as it was sent."""
    request.state.job = id
    job = await parts.jobs.job(tenant, id)
    return StoredFile(parts.uploads, await file_of(parts.jobs, job, number))


@routes.get("/files/{number}/pages/{page}", operation_id="get_page", response_class=Response, responses=PICTURE)
async def page_picture(  # noqa: PLR0913, PLR0917 - the parameters of the address
    parts: AppStateDep,
    tenant: Tenant,
    request: Request,
    id: JobId,  # noqa: A002 - as in the path
    number: FileNumber,
    page: Annotated[int, Path(ge=1, le=1_000_000, description="1-based", examples=[1])],
    scale: Annotated[float, Query(ge=0.5, le=4.0, description="pixels a point")] = 1.5,
) -> Response:
    """The picture of a page; a box in points, times the scale, is its place in pixels."""
    request.state.job = id
    job = await parts.jobs.job(tenant, id)
    file = await file_of(parts.jobs, job, number)
    if parts.review_service is None:
        raise InputProblem("not_found", "this service draws no pages")
    options = (await parts.jobs.order(job.id)).policy.read
    async with parts.uploads.local(file.sha256) as path:
        source = Source(path=file.name, blob=str(path), sha256=file.sha256, size=file.size, name=file.name)
        drawn = await parts.review_service.views.picture(source, page, scale, options)
    return Response(drawn, media_type=picture_type(drawn), headers={**INERT, "Cache-Control": UNCHANGING})
