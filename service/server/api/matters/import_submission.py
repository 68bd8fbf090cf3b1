"""Read what is asked of an import: JSON alone for sources on the server, or a multipart body with an `order` and files."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import aclosing
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.work import AskedTarget, ImportOrder, Submission, UploadedFile
from thresher.service.backend.matters.import_roots import allowed_path
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.matters.models import EXAMPLE_ORDER, ImportRequest
from thresher.service.server.api.multipart import Part, parts
from thresher.service.server.api.upload import FILE, body_of, idempotency_key, read_field, stored_file

ORDER = "order"  # name of the part that says what is to be done with the files
TARGET = AskedTarget(name="import", fingerprint="", json_schema={})  # of every import: nothing is extracted
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": ImportRequest.model_json_schema(ref_template="#/components/schemas/{model}"),
            "example": EXAMPLE_ORDER,
        },
        "multipart/form-data": {
            "schema": {
                "title": "ImportUpload",
                "type": "object",
                "required": ["file", ORDER],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                        "description": "one part for each source, all called `file`",
                    },
                    ORDER: {"type": "string", "description": "an ImportRequest as JSON, without `paths`"},
                },
            },
            "example": {"file": ["(bytes of lay.pst)"], ORDER: '{"custodian": "Lay, Kenneth"}'},
        },
    },
}


async def read_import(service: AppState, tenant: str, matter: str, request: Request) -> Submission:
    """Read a request to its end; return its Submission. Raises InputProblem, SetupProblem(store_failed)."""
    key, files = idempotency_key(request), list[UploadedFile]()
    kind = request.headers.get("content-type", "")
    with service.refused_uploads.counted(tenant, files, service.bounds.refused):
        async with aclosing(body_of(service, tenant, request, service.bounds.upload)) as pieces:
            if kind.partition(";")[0].strip().lower() == "application/json":
                asked = _request(await _json(pieces, service.bounds.field))
            else:
                async with aclosing(parts(pieces, kind)) as found:
                    asked = await _from_parts(service, found, files)
        await _check(service, tenant, asked, files)
    return _submission(tenant, matter, asked, files, key)


async def _json(pieces: Any, most: int) -> str:
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > most:
            raise InputProblem("too_large", f"more than {most} bytes of JSON")
    return body.decode("utf-8", "replace")


async def _from_parts(service: AppState, found: Any, files: list[UploadedFile]) -> ImportRequest:
    asked: ImportRequest | None = None
    part: Part
    async for part in found:
        if part.name == FILE:
            files.append(await stored_file(service, files, part))
        elif part.name == ORDER and asked is None:
            asked = _request(await read_field(part, service.bounds.field))
        else:
            raise InputProblem("request_invalid", f"part {part.name[:80]!r}: `file` as often as needed, `order` once")
    if asked is None:
        raise InputProblem("request_invalid", "no part called `order`: an ImportRequest as JSON")
    return asked


def _request(text: str) -> ImportRequest:
    try:
        return ImportRequest.model_validate_json(text)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputProblem("request_invalid", places[:500]) from None


async def _check(service: AppState, tenant: str, asked: ImportRequest, files: list[UploadedFile]) -> None:
    """Raise InputProblem where the sources are not such as can be imported."""
    if bool(files) == bool(asked.paths):
        raise InputProblem("request_invalid", "give files, or `paths` on the server; not both, and not neither")
    if asked.kind == "production" and len(files) + len(asked.paths) != 1:
        raise InputProblem("request_invalid", "one production at a time")
    for path in (*asked.paths, *asked.denist):
        await asyncio.to_thread(allowed_path, path, tenant, service.import_roots)


def _submission(
    tenant: str, matter: str, asked: ImportRequest, files: list[UploadedFile], key: str | None
) -> Submission:
    order = ImportOrder(
        matter=matter,
        **{**asked.model_dump(exclude={"passwords"}), "paths": tuple(asked.paths), "denist": tuple(asked.denist)},
    )
    whole = [[[f.name, f.sha256] for f in files], order.model_dump(), asked.passwords]
    return Submission(
        tenant=tenant,
        target=TARGET,
        policy=Policy(read=ReadOptions(passwords=tuple(asked.passwords))),
        files=tuple(files),
        import_order=order,
        idempotency_key=key,
        request_hash=hashlib.sha256(json.dumps(whole).encode()).hexdigest(),
    )
