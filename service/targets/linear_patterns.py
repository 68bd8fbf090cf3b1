r"""Match a target's patterns in time linear in the text, or, where they need backtracking, within a time limit.

Patterns go to Rust's regex engine, which does not backtrack. What that does not take (look-around, back-references, a program
over SIZE) is refused where the schema comes from outside; in the user's own schema it is matched with backtracking, for a
limited time. `\d` and `$` are read as ECMA 262 reads them; `\w` stands for the letters and digits of every script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs
import regex

SUBSCHEMA_MAP_KEYWORDS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
MAX_PATTERN_BYTES = 1 << 21  # bytes of a compiled pattern
MATCH_TIMEOUT_SECONDS = 1.0  # for one match with backtracking
_WORD = re.compile(r"\\.|\[\^?\]?|\]", re.DOTALL)  # an escape, or where a class of characters begins or ends
_DATA = frozenset({"const", "enum", "default", "examples"})
_DECIMAL = re.compile(
    r"\(\?!\^\[-\+\.\]\*\$\)|\(\?=\[\\d\.\]\{\d+,\d+\}0\*\$\)"
)  # looks of pydantic's own, before 2.14
_LETTERS = r"\p{L}\p{M}\p{N}_"


class PatternTimeoutError(Exception):
    """A pattern that needs backtracking did not finish in time."""


def matches(pattern: str, text: str) -> bool:
    r"""Whether a pattern is found in a text; True for one that no engine takes. Raises PatternTimeoutError.

    >>> matches("^(a|a){1,64}$", "a" * 50 + "!"), matches(r"^\w+$", "Müller"), matches(r"^(?!0)\d+$", "07")
    (False, True, False)
    """
    engine = _linear(pattern)
    if engine is not None:
        return bool(engine.is_valid(text.encode("utf-8", "replace").decode()))
    slow = _backtracking(pattern)
    try:
        return slow is None or slow.search(text, timeout=MATCH_TIMEOUT_SECONDS) is not None
    except TimeoutError:
        raise PatternTimeoutError(pattern) from None


def is_linear(pattern: str) -> bool:
    r"""Whether a pattern is matched in linear time.

    >>> is_linear("^[A-Z]{2}-[0-9]+$"), is_linear("^(?!0)[0-9]+$"), is_linear("((a{0,64}){0,64}){0,64}")
    (True, False, False)
    >>> is_linear(r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$")  # a Decimal as pydantic wrote it; only "." is taken beside
    True
    """
    return _linear(pattern) is not None


def is_pattern(pattern: str) -> bool:
    """Whether some engine takes a pattern."""
    return is_linear(pattern) or _backtracking(pattern) is not None


def patterns(schema: Any) -> Iterator[tuple[str, str]]:
    """Yield (place, pattern) of each pattern in a schema, without recursion; none from data in it.

    >>> list(patterns({"properties": {"iban": {"pattern": "^[A-Z]+$", "default": {"pattern": "("}}}}))
    [('/properties/iban', '^[A-Z]+$')]
    """
    waiting: list[tuple[str, Any, bool]] = [("", schema, False)]
    while waiting:
        place, value, is_map = waiting.pop()
        if isinstance(value, dict):
            named = value.get("patternProperties")
            found = [] if is_map else [value.get("pattern"), *(named if isinstance(named, dict) else ())]
            yield from ((place, pattern) for pattern in found if isinstance(pattern, str))
            members = {k: v for k, v in value.items() if is_map or k not in _DATA}
            waiting += [(f"{place}/{k}", v, not is_map and k in SUBSCHEMA_MAP_KEYWORDS) for k, v in members.items()]
        elif isinstance(value, list):
            waiting += [(f"{place}/{i}", member, False) for i, member in enumerate(value)]


@lru_cache(maxsize=2048)
def _linear(pattern: str) -> jsonschema_rs.Validator | None:
    """Return the engine of a pattern, with letters of every script if not too large; None if it is not linear."""
    plain = _DECIMAL.sub("", pattern)
    for text in dict.fromkeys((_with_letters(plain), plain)):
        try:
            options = jsonschema_rs.RegexOptions(size_limit=MAX_PATTERN_BYTES, dfa_size_limit=MAX_PATTERN_BYTES)
            return jsonschema_rs.Draft202012Validator({"pattern": text}, pattern_options=options)
        except ValueError:
            continue
    return None


@lru_cache(maxsize=256)
def _backtracking(pattern: str) -> regex.Pattern[str] | None:
    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError):
        return None


def _with_letters(pattern: str) -> str:
    r"""Return a pattern whose `\w` stands for the letters and digits of every script.

    >>> print(_with_letters(r"^\w+[\w.-]*$"))
    ^[\p{L}\p{M}\p{N}_]+[\p{L}\p{M}\p{N}_.-]*$
    """
    inside = False

    def letters(found: re.Match[str]) -> str:
        nonlocal inside
        piece = found[0]
        if piece.startswith("[") and not inside:
            inside = True
        elif piece == "]":
            inside = False
        elif piece == r"\w":
            return _LETTERS if inside else f"[{_LETTERS}]"
        return piece

    return _WORD.sub(letters, pattern)
