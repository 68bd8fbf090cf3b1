"""What a request may ask for: a target and a Policy, bounded before anything works on them.

A target is a name (ready-made, the operator's or one registered before) or a JSON Schema. Python targets, files and
modules can not be named from here: they would run code.
"""

from __future__ import annotations

import asyncio
import json
import re
import warnings
from functools import lru_cache
from typing import Any, NoReturn

from pydantic import ValidationError

from schemas.errors import InputProblem
from schemas.library import LIBRARY
from schemas.policy import Policy
from schemas.target import Target
from schemas.work import AskedTarget
from service.api.schema_cost import dearest
from service.api.service import Offer
from service.flights import Flights
from service.targets.loading import load_target, target_from_schema

DEEPEST = 32  # objects and lists inside one another
MOST_VALUES = 20_000  # names and values in one schema
MOST_STEPS = 5_000  # subschemas that are looked at for one value, references followed
LONGEST_PATTERN = 500  # characters
CHOICES = frozenset(
    {
        "model",
        "unit",
        "stance",
        "read",
        "chunker",
        "max_cost",
        "ungrounded",
        "quotes",
        "conflict",
        "fuzzy",
        "repairs",
        "images",
    }
)
READING = frozenset({"ocr", "passwords", "inline", "hidden_text"})
HIGHEST_REPAIRS = 5
REMEMBERED = 64  # judged targets
_JUDGED: dict[tuple[str | bytes, str | None], AskedTarget] = {}
_JUDGING: Flights[tuple[str | bytes, str | None], AskedTarget] = Flights()
CLOSED = 64  # times: a repetition of no more can not run away


def known_target(name: str, offer: Offer) -> AskedTarget | None:
    """A target by a name that the operator or Thresher itself gives; None for any other."""
    if name in offer.targets:
        return asked(offer.targets[name], known_as=name)
    return _ready_made(name) if name in LIBRARY else None


@lru_cache(maxsize=64)
def _ready_made(name: str) -> AskedTarget:
    return asked(load_target(name), known_as=name)


def asked(target: Target, known_as: str | None = None) -> AskedTarget:
    """A target as it travels."""
    return AskedTarget(name=target.name, fingerprint=target.fingerprint, json_schema=target.schema, known_as=known_as)


async def judged(text: bytes | str, name: str | None = None) -> AskedTarget:
    """See schema_target. The judging takes milliseconds, so the last ones are remembered."""
    found = _JUDGED.get((text, name))
    if found is None:
        found = await _JUDGING.of((text, name), lambda: asyncio.to_thread(schema_target, text, name))
        while len(_JUDGED) >= REMEMBERED:
            del _JUDGED[next(iter(_JUDGED))]
        _JUDGED[text, name] = found
    return found


def schema_target(text: bytes | str, name: str | None = None) -> AskedTarget:
    """The target of a JSON Schema from outside. Raises InputProblem(target_invalid)."""
    schema = bounded(text)
    if name is not None:
        schema["title"] = name
    target = target_from_schema(schema)
    if dearest(target.schema) > MOST_STEPS:
        _refuse(f"more than {MOST_STEPS} subschemas for one value, references followed")
    made = asked(target)
    return made.model_copy(update={"json_schema": schema})


def bounded(text: bytes | str) -> dict[str, Any]:
    """A JSON Schema that is safe to work on. Raises InputProblem(target_invalid).

    Bounded in depth and number of values; a $ref stays inside it; a pattern can not run away.
    """
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        _refuse(f"not JSON ({type(error).__name__})")
    if not isinstance(schema, dict):
        _refuse("a JSON Schema is an object")
    _check(schema)
    return schema


def policy_of(text: bytes | str, offer: Offer) -> Policy:
    """The operator's Policy with a caller's choices over it. Raises InputProblem(policy_invalid)."""
    try:
        given = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        raise InputProblem("policy_invalid", "not JSON") from None
    if not isinstance(given, dict):
        raise InputProblem("policy_invalid", "a policy is an object")
    _may_choose(given, offer)
    base = offer.policy.model_dump()
    read = {**base["read"], **given.pop("read", {})}
    try:
        return Policy.model_validate({**base, **given, "read": read})
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputProblem("policy_invalid", places) from None


def _may_choose(given: dict[str, Any], offer: Offer) -> None:
    """Raises where a choice is the operator's alone, or would cost more than the operator allows."""
    reading = given.get("read", {})
    if not isinstance(reading, dict):
        raise InputProblem("policy_invalid", "read: an object is expected")
    closed = sorted((given.keys() - CHOICES) | {f"read.{k}" for k in reading.keys() - READING})
    if closed:
        raise InputProblem("policy_invalid", f"{', '.join(closed)}: not a caller's choice")
    models = {offer.policy.model, *offer.models}
    if given.get("model", offer.policy.model) not in models:
        raise InputProblem("policy_invalid", f"model: one of {', '.join(sorted(filter(None, models)))}")
    most, asked_for = offer.policy.max_cost, given.get("max_cost")
    if "max_cost" in given and most is not None and not (isinstance(asked_for, int | float) and asked_for <= most):
        raise InputProblem("policy_invalid", f"max_cost: at most {most:g}")
    repairs = given.get("repairs", 0)
    if isinstance(repairs, int) and repairs > HIGHEST_REPAIRS:
        raise InputProblem("policy_invalid", f"repairs: at most {HIGHEST_REPAIRS}")


def _check(schema: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(schema, 1)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > DEEPEST:
            _refuse(f"nested deeper than {DEEPEST}")
        if seen > MOST_VALUES:
            _refuse(f"more than {MOST_VALUES} values")
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
    named = schema.get("patternProperties")
    patterns = [schema.get("pattern"), *(named if isinstance(named, dict) else ())]
    for pattern in patterns:
        if isinstance(pattern, str) and runs_away(pattern):
            _refuse(f"pattern {pattern[:80]!r} is too long, not valid, or repeats a repetition")


def runs_away(pattern: str) -> bool:
    """Whether matching a pattern could take time beyond all bounds: a repetition or a choice inside an open repetition.

    >>> runs_away("(a+)+$"), runs_away("(a|aa)+$"), runs_away("^[A-Z]{2}-[0-9]+$"), runs_away("(")
    (True, True, False, True)
    """
    if len(pattern) > LONGEST_PATTERN:
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from re import _parser as parser  # noqa: PLC0415 - the only reader of patterns there is

            return bool(_nested(parser.parse(pattern), 0))
    except (re.error, RecursionError, OverflowError):
        return True


def _nested(parsed: Any, inside: int) -> bool:
    """Whether parsed parts hold an open repetition that stands inside another one."""
    for operation, argument in parsed:
        repeats = str(operation) in {"MAX_REPEAT", "MIN_REPEAT"}
        opens = repeats and argument[1] > CLOSED
        if inside and (opens or str(operation) == "BRANCH"):
            return True
        if any(_nested(part, inside + opens) for part in _bodies(argument)):
            return True
    return False


def _bodies(argument: Any) -> list[Any]:
    """Parsed parts among an operation's arguments, however they are packed."""
    if hasattr(argument, "data") and hasattr(argument, "state"):
        return [argument]
    if isinstance(argument, tuple | list):
        return [body for part in argument for body in _bodies(part)]
    return []


def _refuse(reason: str) -> NoReturn:
    raise InputProblem("target_invalid", reason)
