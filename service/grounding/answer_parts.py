"""Take an answer apart: its single values, and its lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thresher.schemas import json_pointer


def scalars(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of an object and of the objects in it, without those of its lists."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from scalars(member, json_pointer.join(path, key))
    elif value is not None and not isinstance(value, list):
        yield path, value


def lists(value: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of an object and of the objects in it."""
    if isinstance(value, list):
        yield path, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from lists(member, json_pointer.join(path, key))
