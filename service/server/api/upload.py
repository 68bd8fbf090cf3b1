"""Read an upload: stream the parts of its multipart body to the Uploads, and build a Submission.

Parts: `file` (one or more), `target` (a name or a JSON Schema), `policy` (JSON), `webhook` (URL), `priority`. Order is
free; a field is checked when it arrives, so that a bad one ends the upload at once. A field may be sent as a file
(`curl -F target=@schema.json`); a part of any other name is refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request

from thresher.schemas.errors import InputProblem
from thresher.schemas.library import library_names
from thresher.schemas.nearest_name import suggestion
from thresher.schemas.policy import Policy
from thresher.schemas.work import AskedTarget, Submission, TenantUsage, UploadedFile
from thresher.service.server.api.app_state import AppState, Bounds
from thresher.service.server.api.multipart import Part, parts
from thresher.service.server.api.request_validation import known_target, policy_of
from thresher.service.tenants.webhook_signing import check_address

FILE = "file"  # name of the parts that are files; any other part is a field, also where it was sent as a file
FIELDS = ("target", "policy", "webhook", "priority")
KEY_MAX_CHARS = 255  # characters of an Idempotency-Key
MAX_PRIORITY = 9  # priority
PRIORITY = re.compile(rf"[+-]?0*[0-{MAX_PRIORITY}]")
PIECE_BYTES = 1 << 18  # bytes that are decompressed at once
SPEED_GRACE_SECONDS = 60.0  # seconds before the speed of an upload is checked


@dataclass(slots=True, kw_only=True)
class Received:
    """What has arrived of a request so far."""

    files: list[UploadedFile] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)  # names of the plain fields
    target: AskedTarget | None = None
    policy: Policy | None = None
    webhook: str | None = None
    priority: int = 0


async def read_submission(service: AppState, tenant: str, request: Request) -> Submission:
    """Read a request to its end; return its Submission. Raises InputProblem, SetupProblem(store_failed)."""
    key, got = idempotency_key(request), Received()
    kind = request.headers.get("content-type", "")
    with service.refused_uploads.counted(tenant, got.files, service.bounds.refused):
        async with (
            aclosing(body_of(service, tenant, request, service.bounds.upload)) as pieces,
            aclosing(parts(pieces, kind)) as found,
        ):
            async for part in found:
                if part.name == FILE:
                    got.files.append(await stored_file(service, got.files, part))
                else:
                    await _field(service, tenant, got, part)
        return _submission(service, tenant, got, key)


def idempotency_key(request: Request) -> str | None:
    """Return a request's Idempotency-Key; None where it has none. Raises InputProblem(request_invalid)."""
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= KEY_MAX_CHARS and key.isprintable()):
        raise InputProblem("request_invalid", f"Idempotency-Key: 1 to {KEY_MAX_CHARS} printable characters")
    return key


def usage_of(asked: Submission) -> TenantUsage:
    """Return what a Submission counts against a quota at once."""
    return TenantUsage(documents=len(asked.files), bytes=sum(f.size for f in asked.files))


async def stored_file(service: AppState, before: list[UploadedFile], part: Part) -> UploadedFile:
    """Store the file of a part; its name differs from those before. Raises InputProblem(too_large)."""
    if len(before) >= service.bounds.files:
        raise InputProblem("too_large", f"more than {service.bounds.files} files in one request")
    name = _unique(part.file or "unnamed", {f.name for f in before})
    return await service.uploads.put(name, part.data, most=service.bounds.file)


async def _field(service: AppState, tenant: str, got: Received, part: Part) -> None:
    if part.name not in FIELDS:
        known = (FILE, *FIELDS)
        raise InputProblem(
            "request_invalid",
            f"unknown part {part.name[:80]!r}{suggestion(part.name[:80], known)}; there are {', '.join(known)}",
        )
    text = await read_field(part, service.bounds.field)
    if part.name in got.fields:
        raise InputProblem("field_invalid", f"{part.name}: sent twice; which one is meant?")
    got.fields.add(part.name)
    if part.name == "target":
        got.target = await target_of(service, tenant, text)
    elif part.name == "policy":
        got.policy = policy_of(text, service.offer)
    elif part.name == "webhook":
        got.webhook = await check_address(
            text, tenant=tenant, private=service.offer.private_webhooks, ports=service.offer.webhook_ports
        )
    else:
        got.priority = _priority(text)


async def target_of(service: AppState, tenant: str, text: str) -> AskedTarget:
    """Return the target that a field names or holds. Raises InputProblem(target_invalid)."""
    if text.lstrip().startswith("{"):
        return await service.schema_checker.judged(tenant, text)
    name = text.strip()
    registered = await service.accounts.target(tenant, name) if name else None
    if registered is not None:
        return await service.schema_checker.judged(tenant, json.dumps(registered.json_schema), registered.name)
    found = known_target(name, service.offer)
    if found is None:
        like = suggestion(name, [*service.offer.targets, *library_names()])
        raise InputProblem(
            "target_invalid", f"{name[:80]!r} is no target here{like}; see /v1/targets, or send a JSON Schema"
        )
    return found


async def read_field(part: Part, most: int) -> str:
    """Read a plain field. Raises InputProblem(too_large, field_invalid)."""
    body = bytearray()
    async for data in part.data:
        body += data
        if len(body) > most:
            raise InputProblem("too_large", f"{part.name}: more than {most} bytes")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise InputProblem("field_invalid", f"{part.name}: not UTF-8") from None


def _priority(text: str) -> int:
    if not PRIORITY.fullmatch(text.strip()):
        raise InputProblem("field_invalid", f"priority: a whole number from -{MAX_PRIORITY} to {MAX_PRIORITY}")
    return int(text)


def _unique(name: str, taken: set[str]) -> str:
    """Return a name that no other file of the request has.

    >>> _unique("a.pdf", {"a.pdf"}), _unique("b.pdf", {"a.pdf"})
    ('2-a.pdf', 'b.pdf')
    """
    if name not in taken:
        return name
    return next(made for n in range(2, len(taken) + 3) if (made := f"{n}-{name}") not in taken)


def _submission(service: AppState, tenant: str, got: Received, key: str | None) -> Submission:
    if not got.files:
        raise InputProblem("request_invalid", "no file: send at least one part called `file` with a file name")
    if got.target is None:
        raise InputProblem("request_invalid", "no target: send a part called `target`, a name or a JSON Schema")
    policy = got.policy or service.offer.policy
    whole = [[[f.name, f.sha256] for f in got.files], got.target.fingerprint, policy.model_dump_json()]
    text = json.dumps([*whole, got.webhook, got.priority])
    return Submission(
        tenant=tenant,
        target=got.target,
        policy=policy,
        files=tuple(got.files),
        priority=got.priority,
        idempotency_key=key,
        request_hash=hashlib.sha256(text.encode()).hexdigest(),
        webhook=got.webhook,
    )


async def body_of(service: AppState, tenant: str, request: Request, most: int) -> AsyncGenerator[bytes]:
    """Yield a body when it is its turn, decompressed where it is gzip, no more than `most` bytes either way.

    Raises InputProblem(too_large, upload_incomplete, media_type_wrong, request_invalid).
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise InputProblem("media_type_wrong", f"Content-Encoding {encoding[:40]!r}: gzip or none is expected")
    turn = service.body_turn(tenant, most, _declared(request) if encoding == "identity" else None)
    async with turn, aclosing(limited_body(service.bounds, request, most)) as pieces:
        async for piece in pieces if encoding == "identity" else decompressed(pieces, most):
            yield piece


async def decompressed(pieces: AsyncIterator[bytes], most: int) -> AsyncGenerator[bytes]:
    """Yield decompressed pieces of gzip; a small piece that holds much is given in parts."""
    total, unpack = 0, zlib.decompressobj(wbits=31)
    async for packed in pieces:
        waiting = packed
        while waiting and not unpack.eof:
            try:
                piece = unpack.decompress(waiting, PIECE_BYTES)
            except zlib.error:
                raise InputProblem("request_invalid", "the body is not gzip") from None
            waiting, total = unpack.unconsumed_tail, total + len(piece)
            if total > most:
                raise InputProblem("too_large", f"more than {most} bytes in one request, unpacked")
            yield piece
    if not unpack.eof:
        raise InputProblem("upload_incomplete", "the gzip body ends early")


async def limited_body(bounds: Bounds, request: Request, most: int) -> AsyncGenerator[bytes]:
    """Yield a body, at most `most` bytes and not too slow. Raises InputProblem(too_large, upload_incomplete)."""
    _check_length(request, most)
    total, begun, stream = 0, time.monotonic(), request.stream()
    while True:
        try:
            async with asyncio.timeout(bounds.idle):
                piece = await anext(stream, None)
        except TimeoutError:
            raise InputProblem("upload_incomplete", f"nothing came for {bounds.idle:g} s") from None
        except ClientDisconnect:
            raise InputProblem("upload_incomplete", "the connection was cut") from None
        if piece is None:
            return
        total += len(piece)
        if total > most:
            raise InputProblem("too_large", f"more than {most} bytes in one request")
        if (passed := time.monotonic() - begun) > SPEED_GRACE_SECONDS and total < passed * bounds.slowest:
            raise InputProblem("upload_incomplete", f"slower than {bounds.slowest} bytes a second")
        yield piece


def _check_length(request: Request, most: int) -> None:
    """Refuse a body whose Content-Length is too large, before it is sent."""
    if (_declared(request) or 0) > most:
        raise InputProblem("too_large", f"more than {most} bytes in one request")


def _declared(request: Request) -> int | None:
    """Return the Content-Length of a request; None where it has none, or says that it comes in chunks."""
    length = request.headers.get("content-length", "")
    return int(length[:20]) if length.isdecimal() and "transfer-encoding" not in request.headers else None
