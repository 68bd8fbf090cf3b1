"""Find values that stand inside another value of their record, as where two cells were printed without a gap.

A record lacks a value that others have in one format (T2246796), and another of its values contains a word of that
format, which that field usually does not. Which field the word belongs to is unknown; the result is only a warning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from thresher.schemas.result import FieldError
from thresher.schemas.target import Target
from thresher.service.base.gc_pause import gc_paused

MIN_VALUES = 8  # values of a field that show its format
FORMAT_MIN_SHARE = 0.5  # share of the values that must have such a format
RARE_SHARE = 0.02  # share of the records with a value whose other field may contain such a word, too
FORMAT_MIN_CHARS = 6  # characters that a format must have
FORMAT_MIN_DIGITS = 4  # digits that a format must have
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")
_ISO = "0000-00-00"
_MARKS = ".,;:()"

Item = tuple[str, dict[str, Any]]


class _Format(NamedTuple):
    """The formats of the values of a field: their characters, with each digit as 0."""

    masks: frozenset[str]

    def word(self, text: str) -> str | None:
        """Return the first word of a text in one of these formats; None where there is none."""
        words = (word.strip(_MARKS) for word in text.split())
        return next((word for word in words if self._matches(word)), None)

    def _matches(self, word: str) -> bool:
        if _DIGIT.sub("0", word) in self.masks:
            return True
        return _ISO in self.masks and _DATE.fullmatch(word) is not None


@gc_paused()
def contained_value_errors(target: Target, data: dict[str, Any]) -> list[FieldError]:
    """Return a FieldError for each lacking value that seems to stand in another value, in the order of the lists."""
    found: list[FieldError] = []
    for pattern in target.lists:
        items = list(_items(data, pattern.split("/")[1:], ""))
        lacking = {name for _, item in items for name, value in item.items() if value is None}
        for name in sorted(lacking):
            found += _of_field(items, name)
    return found


def _items(value: Any, parts: list[str], path: str) -> Iterator[Item]:
    """Yield the records of one list with their pointers, wherever the list stands."""
    if not parts:
        for i, item in enumerate(value if isinstance(value, list) else []):
            if isinstance(item, dict):
                yield f"{path}/{i}", item
    elif parts[0] == "*":
        for i, item in enumerate(value if isinstance(value, list) else []):
            yield from _items(item, parts[1:], f"{path}/{i}")
    elif isinstance(value, dict):
        yield from _items(value.get(parts[0]), parts[1:], f"{path}/{parts[0]}")


def _of_field(items: list[Item], name: str) -> Iterator[FieldError]:
    make = _format_of([item[name] for _, item in items if isinstance(item.get(name), str)])
    if make is None:
        return
    with_one = [item for _, item in items if item.get(name) is not None]
    usual = Counter(other for item in with_one for other, _ in _holders(item, name, make))
    for path, item in items:
        for other, word in _holders(item, name, make) if item.get(name) is None else ():
            if usual[other] <= RARE_SHARE * len(with_one):
                yield FieldError(path=f"{path}/{name}", message=f"not sure: {other} holds {word!r}, which reads as one")


def _format_of(values: list[str]) -> _Format | None:
    """Return the formats of the values of a field, where most are codes or dates; None otherwise."""
    if len(values) < MIN_VALUES:
        return None
    masks = Counter(_DIGIT.sub("0", value) for value in values)
    known = frozenset(
        m
        for m, n in masks.items()
        if n >= MIN_VALUES and len(m) >= FORMAT_MIN_CHARS and m.count("0") >= FORMAT_MIN_DIGITS and " " not in m
    )
    return _Format(known) if sum(masks[m] for m in known) >= FORMAT_MIN_SHARE * len(values) else None


def _holders(item: dict[str, Any], name: str, make: _Format) -> Iterator[tuple[str, str]]:
    """Yield (field, word) of other texts of a record that contain a word in such a format.

    A text of a single word is a value of its own, and not considered.
    """
    for other, value in item.items():
        if other != name and isinstance(value, str) and " " in value and (word := make.word(value)):
            yield other, word
