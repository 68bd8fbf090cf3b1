"""Check, in linear time, the JSON Schema keywords for which the jsonschema library takes longer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema

from thresher.service.targets.linear_patterns import matches

Errors = Iterator[jsonschema.ValidationError]
_LIBRARY = jsonschema.Draft202012Validator.VALIDATORS


@cache
def linear_validator() -> Any:
    """Return the library's validator of 2020-12 with these keywords in place of its own."""
    own = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    return jsonschema.validators.extend(jsonschema.Draft202012Validator, own)


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Errors:
    if isinstance(value, str) and not matches(pattern, value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, named: dict[str, Any], value: Any, _: Any) -> Errors:
    for pattern, schema in named.items() if isinstance(value, dict) else ():
        for key in (k for k in value if matches(pattern, k)):
            yield from validator.descend(value[key], schema, path=key, schema_path=pattern)


def _additional_properties(validator: Any, extra: Any, value: Any, schema: dict[str, Any]) -> Errors:
    patterns = schema.get("patternProperties") or {}
    if patterns and isinstance(value, dict):
        known = schema.get("properties") or {}
        value = {k: v for k, v in value.items() if k not in known and not any(matches(p, k) for p in patterns)}
        schema = {}
    yield from _LIBRARY["additionalProperties"](validator, extra, value, schema)


def _unique_items(_: Any, asked: Any, value: Any, __: Any) -> Errors:
    if asked is True and isinstance(value, list) and len({_frozen(v) for v in value}) < len(value):
        yield jsonschema.ValidationError(f"{value!r:.200} has non-unique elements")


def _frozen(value: Any) -> Any:
    """Convert a JSON value to a hashable one; they are equal where JSON Schema says that the values are equal.

    >>> _frozen([1, {"a": True}]) == _frozen([1.0, {"a": True}]), _frozen(True) == _frozen(1)
    (True, False)
    """
    if isinstance(value, dict):
        return frozenset((key, _frozen(member)) for key, member in value.items())
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return (bool, value) if isinstance(value, bool) else value
