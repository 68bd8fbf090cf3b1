"""Build the descriptions for the model, with the constraints that a provider's dialect takes only as words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from thresher.service.formats.displayed_values import normal_text
from thresher.service.provider_schemas.dialects import Dialect
from thresher.service.targets.shapes import Schema, Shape

MAX_EXAMPLES = 3
MAX_LISTED_CHOICES = 60
MAX_LENGTH_MENTIONED = 1_000
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "pattern {}",
}
_FORMATS = {
    "date": "ISO 8601 date, YYYY-MM-DD",
    "date-time": "ISO 8601 date and time",
    "time": "ISO 8601 time",
    "duration": "ISO 8601 duration",
}
_LOOKS = re.compile(r"\(\?(?!:)|\\[1-9bBpPkK]")
_COUNTS = {"minItems": "at least {} items in the whole document", "maxItems": "at most {} items"}


def description_of(schema: Any, shapes: list[Shape], path: str, dialect: Dialect, aliases: tuple[str, ...]) -> str:
    """Return the description of a place, with the constraints that the dialect cannot express otherwise.

    >>> from thresher.service.provider_schemas.dialects import DIALECTS
    >>> shape = Shape({"type": "string", "maxLength": 3, "title": "Currency", "description": "ISO 4217"})
    >>> description_of(shape.schema, [shape], "/currency", DIALECTS["anthropic"], ("ccy",))
    'ISO 4217; also called ccy; at most 3 characters'
    """
    own = schema if isinstance(schema, dict) else {}
    real = [s.schema for s in shapes if s.type != "null"]
    description = _description(own, shapes)
    name = path.rsplit("/", 1)[-1]
    title = str(own.get("title") or "")
    pieces = [str(description).strip().removesuffix("."), *_hints(name, title, aliases, description)]
    examples = [_plain(e) for e in _examples(own, real)]
    pieces += [f"e.g. {', '.join(examples)}"] if examples else []
    for shape in real:
        pieces += [p for p in _constraints(shape, dialect) if p not in pieces]
    return "; ".join(p for p in pieces if p)


def _description(own: Schema, shapes: list[Shape]) -> str:
    """Return a place's own words, those of the scalar branches of a union, and when it is null.

    Branches that are objects or lists say theirs themselves (`branch_words`).
    """
    real = [s for s in shapes if s.type != "null"]
    several = len({s.words for s in real}) > 1
    first = next((s.schema["description"] for s in real if s.schema.get("description")), "")
    sentences = [str(own.get("description") or ("" if several else first))]
    sentences += [s.words for s in real if s.type not in {"object", "array"}]
    sentences += [f"null: {s.words}" for s in shapes if s.type == "null" and s.words and s.words not in sentences]
    return "; ".join(dict.fromkeys(w.strip().removesuffix(".") for w in sentences if w.strip()))


def branch_words(schema: Any, shapes: list[Shape], branch: Shape) -> str:
    """Return what a branch of a union that is an object or a list says of itself; "" where the place says it."""
    own = schema.get("description") if isinstance(schema, dict) else None
    if not own and len({s.words for s in shapes if s.type != "null"}) == 1:
        return ""
    return "" if branch.words == own else branch.words.strip().removesuffix(".")


def _hints(name: str, title: str, aliases: tuple[str, ...], description: Any) -> Iterator[str]:
    """Yield names that say more than the key does."""
    known = {_letters(name), _letters(str(description))}
    called = [w for w in dict.fromkeys((title, *aliases)) if w and _letters(w) not in known]
    if called:
        yield f"also called {', '.join(called)}"


def _letters(text: str) -> str:
    return "".join(c for c in normal_text(text) if c.isalnum())


def _examples(own: Schema, real: list[Schema]) -> list[Any]:
    found: Any = own.get("examples") or next((s["examples"] for s in real if s.get("examples")), [])
    return [e for e in found if not isinstance(e, (dict, list))][:MAX_EXAMPLES] if isinstance(found, list) else []


def _constraints(schema: Schema, dialect: Dialect) -> Iterator[str]:
    for keyword, words in {**_BOUNDS, **_COUNTS}.items():
        kept = keyword in dialect.keeps and fits_grammar(keyword, schema.get(keyword))
        if keyword in schema and not kept and not _goes_without_saying(keyword, schema):
            yield words.format(schema[keyword])
    if schema.get("uniqueItems"):
        yield "no repeats"
    form = schema.get("format")
    if form in _FORMATS and form not in dialect.formats:
        yield _FORMATS[form]
    choices = schema.get("enum") or ()
    if len(choices) > dialect.most_choices:
        rest = ", …" if len(choices) > MAX_LISTED_CHOICES else ""
        yield f"one of {', '.join(_plain(c) for c in choices[:MAX_LISTED_CHOICES])}{rest}"


def fits_grammar(keyword: str, value: Any) -> bool:
    """Whether a grammar can express a constraint: patterns with lookahead, lookbehind or backreferences cannot.

    >>> fits_grammar("pattern", "^[A-Z]{3}$"), fits_grammar("pattern", "^(?!0)[0-9]+$")
    (True, False)
    """
    return keyword != "pattern" or not _LOOKS.search(str(value))


def _goes_without_saying(keyword: str, schema: Schema) -> bool:
    """Whether a length or count limit need not be said: at most 1, very large, or a tuple's own."""
    size = schema[keyword]
    if keyword in {"minLength", "maxLength"}:
        return isinstance(size, int) and not 1 < size < MAX_LENGTH_MENTIONED
    return keyword in _COUNTS and "prefixItems" in schema


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
