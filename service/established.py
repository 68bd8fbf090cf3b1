"""Established: a whole that does not validate, as far as it goes."""

from __future__ import annotations

from typing import Any

from schemas.result import FieldError
from schemas.target import Target
from service import pointers


def established(target: Target, found: dict[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    """A whole that does not validate, as far as it goes: the target's defaults, and a null for each value that is missing."""
    data: dict[str, Any] = pointers.copied(found)
    for error in errors:
        if error.path and pointers.get(data, error.path) is None:
            pointers.put(data, error.path, None)
    missing = {e.path for e in errors}
    for field_ in target.fields:
        if "default" in field_.schema and not field_.nullable:
            for path in _nulls(data, field_.path):
                if path not in missing:
                    pointers.put(data, path, field_.schema["default"])
    return data


def _nulls(data: Any, pattern: str) -> list[str]:
    """Places of a pattern where nothing stands, in objects that are there."""
    places = [""]
    for key in pointers.parts(pattern):
        if key != "*":
            places = [pointers.join(p, key) for p in places if isinstance(pointers.get(data, p), dict)]
        else:
            members = {p: pointers.get(data, p) for p in places}
            places = [pointers.join(p, i) for p, m in members.items() if isinstance(m, list) for i in range(len(m))]
    return [p for p in places if pointers.get(data, p) is None]
