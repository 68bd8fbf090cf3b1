"""Validate whole documents with the user's pydantic class, or with the jsonschema library and linear-time patterns.

Both speak of places by the keys of the target's JSON Schema. For a pydantic field that is its validation alias (or
alias) where it has one, else its name: the keys that are asked for, that the class reads, and that the result has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import date, datetime, time
from functools import cache, lru_cache
from typing import Any

import jsonschema
from pydantic import AliasChoices, AliasPath, BaseModel, RootModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from thresher.schemas import json_pointer
from thresher.schemas.numbers import Number
from thresher.schemas.result import FieldError
from thresher.schemas.target import Validation
from thresher.service.targets.linear_keywords import linear_validator
from thresher.service.targets.linear_patterns import PatternTimeoutError
from thresher.service.targets.time_limit import interrupted_after

Judge = Callable[[Any], Validation]
MAX_ERRORS = 100
STEPS, STEPS_A_VALUE = 100_000, 300  # keywords that are looked at in one judgement: at all, and for each value in it
MESSAGE_MAX_CHARS = 240
VALIDATION_TIMEOUT_SECONDS = 10.0  # for one judgement by the user's own code, its patterns and validators
_steps: ContextVar[list[int]] = ContextVar("steps")  # how many are left


def model_validator_of(adapter: TypeAdapter[Any]) -> Judge:
    """Build the validator of a pydantic type. It returns the class's own JSON, with defaults and computed fields."""

    def judge(value: Any) -> Validation:
        try:
            with interrupted_after(VALIDATION_TIMEOUT_SECONDS):
                typed, data = _typed(adapter, value, value)
                exact = with_exact_decimals(value, data)
                typed, data = (typed, data) if exact is value else _typed(adapter, exact, value)
        except ValidationError as error:
            return Validation(data=None, errors=tuple(_model_errors(error, value)))
        except Exception as error:  # noqa: BLE001 - a validator is the user's code and may raise anything
            broken = FieldError(path="", message=f"the target's own code failed: {type(error).__name__}: {error}")
            return Validation(data=None, errors=(broken,))
        return Validation(data=data, typed=typed)

    return judge


def _typed(adapter: TypeAdapter[Any], value: Any, given: Any) -> tuple[Any, Any]:
    """Return a value as an instance of a pydantic type, and that as JSON. Raises ValidationError."""
    typed = adapter.validate_json(json.dumps(value), by_alias=True, by_name=True)
    return typed, with_json_keys(typed, adapter.dump_python(typed, mode="json", by_alias=False, warnings=False), given)


def with_exact_decimals(value: Any, data: Any) -> Any:
    """Return the value with numbers as text where its class keeps text (a Decimal); itself where there are none.

    Pydantic reads a number through a float, so that 42.00 loses its decimals, and a long one its last digits.
    """
    if isinstance(value, dict) and isinstance(data, dict):
        changed = {k: with_exact_decimals(v, data[k]) for k, v in value.items() if k in data}
        return {**value, **changed} if any(v is not value[k] for k, v in changed.items()) else value
    if isinstance(value, list) and isinstance(data, list) and len(value) == len(data):
        members = [with_exact_decimals(v, d) for v, d in zip(value, data, strict=True)]
        return members if any(a is not b for a, b in zip(members, value, strict=True)) else value
    return value.text if isinstance(value, Number) and isinstance(data, str) else value


def _model_errors(error: ValidationError, value: Any) -> Iterator[FieldError]:
    for found in error.errors(include_url=False, include_context=False)[:MAX_ERRORS]:
        path = _place(found["loc"], value, missing=found["type"] == "missing")
        yield FieldError(path=path, message=_short(found["msg"]))


def _place(loc: tuple[int | str, ...], value: Any, *, missing: bool) -> str:
    """Return the pointer of an error: pydantic's place, without the names of the union branches that it tried."""
    path = ""
    for i, key in enumerate(loc):
        inside = (isinstance(value, dict) and key in value) or (isinstance(value, list) and isinstance(key, int))
        if inside and (isinstance(key, str) or key < len(value)):
            path, value = json_pointer.join(path, key), value[key]
        elif missing and i == len(loc) - 1:
            path = json_pointer.join(path, key)
    return path


def json_key(name: str, info: FieldInfo) -> str:
    """Return the JSON key of a pydantic field: its validation alias (or alias), else its name.

    >>> from pydantic import Field
    >>> json_key("due", Field(alias="DueDate")), json_key("due", Field(validation_alias=AliasChoices("Due", "Pay by")))
    ('DueDate', 'Due')
    """
    alias = info.validation_alias if info.validation_alias is not None else info.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    for choice in choices:
        if isinstance(choice, str):
            return choice
        if isinstance(choice, AliasPath) and len(choice.path) == 1:
            return str(choice.path[0])
    return name


def with_json_keys(value: Any, dumped: Any, given: Any = None) -> Any:
    """Return a dump by field names under JSON keys, its sets in the order `given`: the same bytes in every process."""
    if isinstance(value, RootModel):
        return with_json_keys(value.root, dumped, given)
    if isinstance(value, BaseModel) and isinstance(dumped, dict):
        return dict(_fields(value, dumped, given))
    if isinstance(value, dict) and isinstance(dumped, dict) and len(value) == len(dumped):
        pairs = zip(value.values(), dumped.items(), strict=True)
        return {k: with_json_keys(v, d, _member(given, k)) for v, (k, d) in pairs}
    if isinstance(value, (set, frozenset)) and isinstance(dumped, list):
        return sorted(dumped, key=lambda d: _rank(d, given))
    if isinstance(value, (list, tuple)) and isinstance(dumped, list) and len(value) == len(dumped):
        pairs = zip(value, dumped, strict=True)
        return [with_json_keys(v, d, _member(given, i)) for i, (v, d) in enumerate(pairs)]
    return dumped


def _fields(value: BaseModel, dumped: dict[str, Any], given: Any) -> Iterator[tuple[str, Any]]:
    known, computed = _json_keys(type(value)), type(value).model_computed_fields
    for name, member in dumped.items():
        if name in known:
            key, deep = known[name], isinstance(member, (dict, list))
            yield key, with_json_keys(getattr(value, name, None), member, _member(given, key)) if deep else member
        elif name in computed:
            yield computed[name].alias or name, with_json_keys(getattr(value, name, None), member)
        else:
            yield name, member


@lru_cache
def _json_keys(model: type[BaseModel]) -> dict[str, str]:
    return {name: json_key(name, info) for name, info in model.model_fields.items()}


def _member(given: Any, key: str | int) -> Any:
    if isinstance(given, dict):
        return given.get(str(key))
    return given[key] if isinstance(given, list) and isinstance(key, int) and key < len(given) else None


def _rank(dumped: Any, given: Any) -> tuple[int, str]:
    """Return the sort key of a set's member: where it was given, then how it is spelt."""
    places = given if isinstance(given, list) else []
    return places.index(dumped) if dumped in places else len(places), json.dumps(dumped, sort_keys=True)


def schema_validator_of(schema: dict[str, Any]) -> Judge:
    """Build the validator of a JSON Schema: jsonschema with formats checked, unchanged values, and bounded steps."""
    validator = _judging()(schema, format_checker=FORMATS)

    def judge(value: Any) -> Validation:
        _steps.set([STEPS + STEPS_A_VALUE * _count(value)])
        try:
            errors = tuple(schema_errors(validator, value))
        except _UNJUDGED as error:
            errors = (FieldError(path="", message=_why_not(error)),)
        return Validation(data=None if errors else value, errors=errors)

    return judge


class _TooManyError(Exception):
    """A validation that would take too many steps."""


_UNJUDGED = (RecursionError, _TooManyError, PatternTimeoutError)


def _why_not(error: Exception) -> str:
    if isinstance(error, PatternTimeoutError):
        return _short(f"the pattern {error} takes too long to be matched")
    why = "nested too deep" if isinstance(error, RecursionError) else "the target takes too many steps"
    return f"{why} to be judged"


@cache
def _judging() -> Any:
    """Return the class that validates JSON Schema, with its steps counted."""
    newest = linear_validator()
    return jsonschema.validators.extend(newest, {word: _counted(check) for word, check in newest.VALIDATORS.items()})


def _counted(check: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*arguments: Any) -> Any:
        left = _steps.get()
        left[0] -= 1
        if left[0] < 0:
            raise _TooManyError
        return check(*arguments)

    return counted


def _count(value: Any) -> int:
    """Count the values in a value, itself included."""
    waiting, count = [value], 0
    while waiting:
        one = waiting.pop()
        count += 1
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return count


def schema_errors(validator: Any, value: Any) -> Iterator[FieldError]:
    """Yield one short message for each place that does not fit, in document order."""
    found = sorted(validator.iter_errors(value), key=lambda e: [str(p) for p in e.absolute_path])
    told: dict[tuple[str, str], None] = {}
    for error in map(_closest, found):
        path = "".join(json_pointer.join("", p) for p in error.absolute_path)
        missing = error.validator == "required"
        paths = (
            [json_pointer.join(path, k) for k in error.validator_value if k not in error.instance]
            if missing
            else [path]
        )
        told |= {(p, _message(error)): None for p in paths}
    for path, message in list(told)[:MAX_ERRORS]:
        yield FieldError(path=path, message=message)


def _closest(error: Any) -> Any:
    """Return, for a union, the error of the closest branch: right type and tag, then the fewest errors."""
    while error.context:
        branches: dict[Any, list[Any]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        close = [found for found in branches.values() if not any(_is_other(e) for e in found)]
        if not close:
            return error
        error = min(close, key=len)[0]
    return error


def _is_other(error: Any) -> bool:
    """Whether an error says that another branch was meant."""
    return (error.validator == "type" and not error.path) or (
        error.validator in {"const", "enum"} and len(error.path) < 2
    )


def _message(error: Any) -> str:
    shown = _short(json.dumps(error.instance, ensure_ascii=False), 60)
    if error.validator == "required":
        return "is missing"
    if error.validator == "type":
        kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        return f"must be {' or '.join(kinds)}, not {shown}"
    if error.validator in {"anyOf", "oneOf"}:
        return _short(f"fits none of the {len(error.validator_value)} allowed forms: {shown}")
    if error.validator == "enum":
        return _short(f"must be one of {json.dumps(error.validator_value, ensure_ascii=False)}, not {shown}")
    if error.validator == "format":
        return f"is no valid {error.validator_value}: {shown}"
    return _short(error.message)


def _short(message: str, most: int = MESSAGE_MAX_CHARS) -> str:
    return message if len(message) <= most else f"{message[: most - 2]} …"


def _is_datetime(value: Any) -> bool:
    """Whether a text is ISO 8601, with or without zone: documents seldom print one. Raises ValueError if not."""
    if isinstance(value, str):
        date.fromisoformat(value[:10])
        datetime.fromisoformat(value)
        return len(value) > len("2024-03-03T")
    return True


def _is_time(value: Any) -> bool:
    return not isinstance(value, str) or time.fromisoformat(value) is not None


def _is_uri(value: Any) -> bool:
    """Whether a text is a URI (RFC 3986), or an address of the web as documents print it, without its scheme."""
    return not isinstance(value, str) or _URI.fullmatch(value) is not None


_URI = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?=[:/?#]|$))[^\s<>\"{}|\\^`]*(?<!:)")
FORMATS = jsonschema.FormatChecker(("date", "email", "idn-email", "ipv4", "ipv6", "uuid", "regex"))
FORMATS.checks("date-time", ValueError)(_is_datetime)
FORMATS.checks("time", ValueError)(_is_time)
FORMATS.checks("uri")(_is_uri)
