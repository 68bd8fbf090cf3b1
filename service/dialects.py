"""Dialects: what each kind of provider takes of JSON Schema. What it does not take is said in words instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal["plain", "openai_strict", "gemini", "anthropic", "llama", "lenient"]

_TEXT = frozenset({"pattern", "minLength", "maxLength"})
_NUMBER = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_FORMATS = frozenset({"date", "date-time", "time", "email", "uuid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What may stand in a schema. Limits of one request are for the planner, who splits a target to keep them."""

    keeps: frozenset[str] = _TEXT | _NUMBER  # constraints on scalars
    formats: frozenset[str] = _FORMATS
    recursion: bool = True  # a $ref that meets itself; else cut after one repetition
    maps: bool = True  # additionalProperties with a schema
    closed: bool = True  # additionalProperties: false
    type_lists: bool = True  # ["string", "null"]; else anyOf
    tuples: bool = True  # prefixItems
    most_choices: int = 500  # of one enum; beyond it they are words
    most_properties: int | None = None  # of one request
    most_nullable: int | None = None  # of one request
    most_depth: int | None = None  # levels of objects and lists


DIALECTS: dict[Name, Dialect] = {
    "plain": Dialect(),
    # developers.openai.com/api/docs/guides/structured-outputs: 5,000 properties, 10 levels, enums over 250 in 15,000 characters
    "openai_strict": Dialect(
        keeps=frozenset({"pattern"}) | _NUMBER,
        maps=False,
        tuples=False,
        most_choices=250,
        most_properties=5_000,
        most_depth=10,
    ),
    # ai.google.dev/gemini-api/docs/structured-output: an OpenAPI subset, sent on by litellm in that form
    "gemini": Dialect(
        keeps=frozenset({"minimum", "maximum"}),
        formats=frozenset({"date-time"}),
        recursion=False,
        maps=False,
        closed=False,
        type_lists=False,
        tuples=False,
        most_choices=100,
    ),
    # platform.claude.com/docs/en/build-with-claude/structured-outputs: no recursion, no bounds; few unions in strict mode
    "anthropic": Dialect(
        keeps=frozenset(), recursion=False, maps=False, tuples=False, most_choices=250, most_nullable=16
    ),
    # llama.cpp's grammar from JSON Schema: any pattern must be anchored, so patterns are words
    "llama": Dialect(keeps=frozenset({"minLength", "maxLength"}), formats=_FORMATS - {"email"}),
    # what a partial answer is checked against: types, choices and formats; bounds are for the strict judge of the whole
    "lenient": Dialect(keeps=frozenset(), most_choices=100_000),
}
