"""The verbs of Thresher, and its doors. The Python door is `extract`, or `aextract` where a loop already runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from pydantic import BaseModel

    from thresher.schemas.policy import Policy
    from thresher.schemas.result import Result

    T = TypeVar("T", bound=BaseModel)

__all__ = ["aextract", "extract"]
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else onnxruntime notes its uses in the home and reports them


@overload
async def aextract(
    document: str | Path | bytes, target: type[T], policy: Policy | None = ..., *, store: Path | None = ...
) -> Result[T]: ...
@overload
async def aextract(
    document: str | Path | bytes, target: str | dict[str, Any], policy: Policy | None = ..., *, store: Path | None = ...
) -> Result[Any]: ...
async def aextract(
    document: str | Path | bytes,
    target: type[Any] | str | dict[str, Any],
    policy: Policy | None = None,
    *,
    store: Path | None = None,
) -> Result[Any]:
    """Extract one validated value from a document, with evidence.

    `document` is a path or the bytes themselves; `target` a pydantic class, a JSON Schema, or what `--target` takes.
    With a class, `Result.data` is an instance of it, or None when the whole does not validate; `Result.values` is always
    the tree of what was found, and `Result.reasons` says what keeps it from being complete. `store` is a folder that keeps every model answer, so that
    none is paid for twice.
    Raises a Problem (see `thresher.schemas.errors`) when the document or the target cannot be read at all.
    """
    from thresher.service.runs.python_api import aextract as run  # noqa: PLC0415 - importing `service` stays free of every engine

    return await run(document, target, policy, store=store)


@overload
def extract(
    document: str | Path | bytes, target: type[T], policy: Policy | None = ..., *, store: Path | None = ...
) -> Result[T]: ...
@overload
def extract(
    document: str | Path | bytes, target: str | dict[str, Any], policy: Policy | None = ..., *, store: Path | None = ...
) -> Result[Any]: ...
def extract(
    document: str | Path | bytes,
    target: type[Any] | str | dict[str, Any],
    policy: Policy | None = None,
    *,
    store: Path | None = None,
) -> Result[Any]:
    """`aextract`, where no event loop runs yet."""
    import asyncio  # noqa: PLC0415 - as above

    return asyncio.run(aextract(document, target, policy, store=store))
