"""Complete data that does not validate with defaults and nulls."""

from __future__ import annotations

from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.result import FieldError
from thresher.schemas.target import Target


def with_defaults_and_nulls(target: Target, found: dict[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    """Return data that does not validate, with the target's defaults and a null for each missing value."""
    data: dict[str, Any] = json_pointer.copied(found)
    for error in errors:
        if error.path and json_pointer.get(data, error.path) is None:
            json_pointer.put(data, error.path, None)
    missing = {e.path for e in errors}
    for field_ in target.fields:
        if "default" in field_.schema and not field_.nullable:
            for path in _nulls(data, field_.path):
                if path not in missing:
                    json_pointer.put(data, path, field_.schema["default"])
    return data


def _nulls(data: Any, pattern: str) -> list[str]:
    """Return paths of a pattern without a value, in objects that are there."""
    places = [""]
    for key in json_pointer.parts(pattern):
        if key != "*":
            places = [json_pointer.join(p, key) for p in places if isinstance(json_pointer.get(data, p), dict)]
        else:
            members = {p: json_pointer.get(data, p) for p in places}
            places = [json_pointer.join(p, i) for p, m in members.items() if isinstance(m, list) for i in range(len(m))]
    return [p for p in places if json_pointer.get(data, p) is None]
