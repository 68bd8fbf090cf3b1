"""Read JSON bodies whole, within a limit of bytes and only once it is known who sends them.

FastAPI reads a body of any length before it looks for a key; so no route has a body among its parameters.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from thresher.schemas.errors import InputProblem
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.target_schema import plain_json
from thresher.service.server.api.upload import body_of

JSON_MAX_BYTES = 1 << 20
KINDS = frozenset({"application/json"})
Asked = TypeVar("Asked")


def described_body(model: Any, example: Any) -> dict[str, Any]:
    """Return how OpenAPI shows a body that is read here."""
    schema = _adapter(model).json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}


async def json_of(parts: AppState, tenant: str, request: Request, model: type[Asked]) -> Asked:
    """Return a body's JSON as a model.

    Raises InputProblem(media_type_wrong, too_large, upload_incomplete, request_invalid, field_invalid).
    """
    return parsed(await bytes_of(parts, tenant, request, JSON_MAX_BYTES), model)


async def bytes_of(parts: AppState, tenant: str, request: Request, most: int, kinds: frozenset[str] = KINDS) -> bytes:
    """Return a body of one of some media types whole. Raises InputProblem as `json_of`, but for what is in it."""
    check_kind(request, kinds)
    return b"".join([piece async for piece in body_of(parts, tenant, request, most)])


def check_kind(request: Request, kinds: frozenset[str] = KINDS) -> None:
    """Raise InputProblem(media_type_wrong) for a body of another media type."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() not in kinds:
        raise InputProblem("media_type_wrong", "application/json is expected")


def parsed(text: bytes, model: type[Asked]) -> Asked:
    """Return JSON as a model. Raises InputProblem(request_invalid; field_invalid, which names the places)."""
    try:
        found = plain_json(text)
    except ValueError as error:
        raise InputProblem("request_invalid", f"the body is {error}") from None
    try:
        made: Asked = _adapter(model).validate_python(found)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputProblem("field_invalid", places[:500]) from None
    return made


@lru_cache(maxsize=64)
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)
