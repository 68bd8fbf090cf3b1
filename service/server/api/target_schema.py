"""Bound a caller's JSON Schema before anything works on it, then check it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from thresher.schemas.errors import InputProblem
from thresher.schemas.target import Target
from thresher.schemas.work import AskedTarget
from thresher.service.server.api.schema_cost import most_steps
from thresher.service.targets.linear_patterns import is_linear, patterns
from thresher.service.targets.loading import target_from_schema

MAX_DEPTH = 32  # levels of objects and lists
MAX_VALUES = 20_000  # names and values in one schema
MAX_STEPS = 5_000  # subschemas that are applied to one value, references followed
PATTERN_MAX_CHARS = 500  # characters


def requested_target(target: Target, known_as: str | None = None) -> AskedTarget:
    """Return a target as it is stored with a job."""
    return AskedTarget(name=target.name, fingerprint=target.fingerprint, json_schema=target.schema, known_as=known_as)


def schema_target(text: bytes | str, name: str | None = None) -> AskedTarget:
    """Return the target of a caller's JSON Schema. Raises InputProblem(target_invalid)."""
    schema = parsed_schema(text)
    _check_steps(schema)
    _check_patterns(schema)
    if name is not None:
        schema["title"] = name
    target = target_from_schema(schema)
    _check_steps(target.schema)  # again, as converted to the newest draft
    made = requested_target(target)
    return made.model_copy(update={"json_schema": schema})


def plain_json(text: bytes | str) -> Any:
    """Parse JSON; refuse NaN, infinities and lone surrogates. Raises ValueError with the reason."""
    try:
        found = json.loads(text, parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise ValueError("not JSON (half a character: a lone surrogate)") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({type(error).__name__})") from None
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def parsed_schema(text: bytes | str) -> dict[str, Any]:
    """Parse a JSON Schema that is safe to work on. Raises InputProblem(target_invalid).

    Its depth and number of values are bounded, and each $ref stays inside it.
    """
    try:
        schema = plain_json(text)
    except ValueError as error:
        _refuse(str(error))
    if not isinstance(schema, dict):
        _refuse("a JSON Schema is an object")
    _check(schema)
    return schema


def _check(schema: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(schema, 1)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH:
            _refuse(f"nested deeper than {MAX_DEPTH}")
        if seen > MAX_VALUES:
            _refuse(f"more than {MAX_VALUES} values")
        if isinstance(value, dict):
            _check_words(value)
            waiting += [(v, depth + 1) for v in value.values()]
        elif isinstance(value, list):
            waiting += [(v, depth + 1) for v in value]


def _check_words(schema: dict[str, Any]) -> None:
    for word in ("$ref", "$dynamicRef", "$recursiveRef"):
        target = schema.get(word)
        if isinstance(target, str) and not target.startswith("#"):
            _refuse(f"{word} {target[:80]!r} leads out of the schema; only references that begin with # are followed")
    if "patternProperties" in schema and "unevaluatedProperties" in schema:
        _refuse("unevaluatedProperties beside patternProperties is not supported; use additionalProperties")


def _check_steps(schema: dict[str, Any]) -> None:
    if most_steps(schema) > MAX_STEPS:
        _refuse(f"more than {MAX_STEPS} subschemas for one value, references followed")


def _check_patterns(schema: dict[str, Any]) -> None:
    """Refuse a schema with a pattern that cannot be matched in linear time, and name the pattern."""
    for place, pattern in patterns(schema):
        if len(pattern) > PATTERN_MAX_CHARS or not is_linear(pattern):
            why = "it is too long, too large, not valid, or looks around or back"
            _refuse(f"{place or '/'}: the pattern {pattern[:80]!r} is not taken: {why}")


def _refuse(reason: str) -> NoReturn:
    raise InputProblem("target_invalid", reason)
