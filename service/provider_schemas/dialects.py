"""Define what each kind of provider takes of JSON Schema. What it does not take is said in words instead."""

from __future__ import annotations

from dataclasses import dataclass

from thresher.schemas.question import DialectName

Name = DialectName

_TEXT = frozenset({"pattern", "minLength", "maxLength"})
_NUMBER = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_FORMATS = frozenset({"date", "date-time", "time", "email", "uuid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a schema may contain, and how much of it in one request: for more, the planner splits a target."""

    keeps: frozenset[str] = _TEXT | _NUMBER  # constraints on scalars
    formats: frozenset[str] = _FORMATS
    recursion: bool = True  # a $ref that meets itself; else cut after one repetition
    maps: bool = True  # additionalProperties with a schema
    closed: bool = True  # additionalProperties: false
    type_lists: bool = True  # ["string", "null"]; else anyOf
    tuples: bool = True  # prefixItems
    first_keys: bool = True  # objects of one union may begin with the same property
    blanks: bool = False  # where more than `most_unions` places may be null, "" stands for null in scalar ones
    most_choices: int = 500  # of one enum; beyond it they are words
    most_choices_together: int | None = None  # of all enums
    most_letters: int | None = None  # code points of names and choices
    most_letters_of_one: int | None = None  # code points of the choices of a long enum
    most_properties: int | None = None
    most_unions: int | None = None  # places of several types, null among them
    most_depth: int | None = None  # levels of objects and lists


DIALECTS: dict[Name, Dialect] = {
    "plain": Dialect(),
    # developers.openai.com/api/docs/guides/structured-outputs, "Supported schemas": 5,000 properties, 10 levels, 120,000
    # characters of names and choices, 1,000 choices, 15,000 characters in one of more than 250; no maps, no tuples, no
    # lengths. That objects of one anyOf may not begin with the same property is told by the error message only.
    "openai_strict": Dialect(
        keeps=frozenset({"pattern"}) | _NUMBER,
        maps=False,
        tuples=False,
        first_keys=False,
        most_choices=250,
        most_choices_together=1_000,
        most_letters=120_000,
        most_letters_of_one=15_000,
        most_properties=5_000,
        most_depth=10,
    ),
    # ai.google.dev/api/generate-content (responseJsonSchema, which litellm sends from Gemini 2.0 on): a cyclic $ref only in
    # properties that are not required, and here all are. Bounds and formats are taken, but the guide names them among
    # what makes a schema too complex to serve; they are words. No limits in figures are published.
    "gemini": Dialect(
        keeps=frozenset(), formats=frozenset(), recursion=False, maps=False, tuples=False, most_choices=100
    ),
    # platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations" and "Schema complexity
    # limits": no recursion, no bounds, no lengths, no maps, no tuples; 16 parameters of several types in one request
    "anthropic": Dialect(
        keeps=frozenset(),
        recursion=False,
        maps=False,
        tuples=False,
        blanks=True,
        most_choices=250,
        most_unions=16,
    ),
    # llama.cpp's grammars/README.md: patterns must be anchored and plain, so they are words; no bounds on fractions. The
    # build that is shipped hands the schema to llguidance, which takes more (bench.targets).
    "llama": Dialect(keeps=frozenset({"minLength", "maxLength"}), formats=_FORMATS - {"email"}),
    # what a partial answer is checked against: types, choices and formats; bounds are for the strict validator of the whole
    "lenient": Dialect(keeps=frozenset(), most_choices=100_000),
}
