"""Repair an answer that is no valid JSON with a library, and find what the library changed; find keys that stand twice.

The text and its repair are compared word by word, punctuation aside. A list item (of the innermost list)
in which words were lost, added or moved, or which has a key that nobody asked for, or text that looks like JSON, is
broken: it is taken out and must be asked for again, for it may hold what belongs to its neighbour.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, SupportsIndex

from thresher.schemas import json_pointer
from thresher.schemas.result import FieldError

_BARE_KEY = re.compile(r'\\.|"(?:[^"\\]|\\.)*"|([{,]\s*)([^\W\d]\w*)\s*:')
_WORD = re.compile(r"""[^\s"'{}\[\],:\\]+""")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrtbf/]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_STRUCTURE = re.compile(r'"\s*[,:}\]]|[{\[,:]\s*"')
_LITERALS = {"none": "null"}
MOST_CHARACTERS = 1 << 20  # of a text that is repaired; several times the longest answer that models give
READS = 20  # of each character by the library, on average; ordinary answers take 2 or 3, one that repeats itself without end thousands
_FREE_READS = 100_000
_MOST_PAIRS = 1 << 30  # of words compared, each a bit of memory: 128 MiB
_LOST = "\0lost"  # the member of a _Doubled that names its lost keys
Word = tuple[str, str]  # a word, and the place that it stands in: a list's item, or a single value


@dataclass(frozen=True, slots=True)
class RepairedJson:
    """The library's repair of a text."""

    data: Any  # without what is broken
    broken: tuple[FieldError, ...] = ()  # places of what was taken out, as they were before


def repaired_json(text: str, keys: frozenset[str] | None = None) -> RepairedJson:
    """Return what can be had of malformed JSON. `keys`: all that may be in it, by their `letters`; None: not known.

    >>> found = repaired_json('{"rows": [{"a": 1}, {"a: 2, "b": 3}, {"a": 3}]}')
    >>> found.data, [e.path for e in found.broken]
    ({'rows': [{'a': 1}, {'a': 3}]}, ['/rows/1'])
    """
    if len(text) > MOST_CHARACTERS:
        return RepairedJson(None)
    try:
        found = _repaired(text)
        broken = sorted({*_changed(text, found), *_strange(found, keys)}, key=_order) if found else []
    except (WorkError, RecursionError):
        return RepairedJson(None)
    if found is None:
        return RepairedJson(None)
    errors = tuple(FieldError(path=path, message="this was no valid JSON; give it again") for path in broken)
    return RepairedJson(without(found, broken), errors)


class WorkError(Exception):
    """A text can not be repaired in a time that grows with its length."""


class _Counted(str):
    """A text that counts how much of it is read, its slices and sums too: the library looks ahead from each quotation mark."""

    __slots__ = ("left",)
    left: list[int]  # characters that may be read yet; one count for all texts made of this one

    def __getitem__(self, place: SupportsIndex | slice) -> str:
        read = str.__getitem__(self, place)
        self.left[0] -= len(read)
        if self.left[0] < 0:
            raise WorkError("too much to repair")
        return _counted(read, self.left) if isinstance(place, slice) else read

    def __add__(self, other: str) -> str:
        return _counted(str.__add__(self, other), self.left)


def _counted(text: str, left: list[int]) -> _Counted:
    counted = _Counted(text)
    counted.left = left
    return counted


def _repaired(text: str) -> dict[str, Any] | None:
    """Return the object that the library makes of a text. Raises WorkError."""
    from json_repair import repair_json  # noqa: PLC0415 - few answers need it

    found = repair_json(_counted(_BARE_KEY.sub(_quoted, text), [_FREE_READS + READS * len(text)]), return_objects=True)
    return found if isinstance(found, dict) else None


class _Doubled(dict[str, Any]):
    """An object of which one member was written twice, with different values."""


def doubled_keys(text: str) -> list[str]:
    """Return the places of a valid JSON text in which a key stands twice with different values: of two records made one.

    >>> doubled_keys('{"n": 1, "rows": [{"a": 1, "a": 2}, {"a": 3, "a": 3}]}'), doubled_keys('{"n": 1, "n": 2}')
    (['/rows/0'], ['/n'])
    """
    found = json.loads(text, object_pairs_hook=_object_of)
    return list(_doubled(found, "", ""))


def _object_of(members: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(members)
    lost = [key for key, value in members if value != whole[key]]
    return _Doubled(whole, **{_LOST: lost}) if lost else whole


def _doubled(value: Any, path: str, place: str) -> Iterator[str]:
    """Yield the innermost list items that have such an object, or the members outside lists."""
    if isinstance(value, _Doubled):
        yield from [place] if place else [json_pointer.join(path, key) for key in value.pop(_LOST)]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        below = json_pointer.join(path, key)
        yield from _doubled(member, below, below if isinstance(value, list) else place)


def without(data: Any, places: list[str]) -> Any:
    """Return a value without some places: items of lists go, members become null."""
    found = json_pointer.copied(data)
    for path in sorted(places, key=_order, reverse=True):
        above, _, last = path.rpartition("/")
        home = json_pointer.get(found, above) if above else found
        if isinstance(home, list) and last.isdigit():
            del home[int(last)]
        elif isinstance(home, dict):
            json_pointer.put(found, path, None)
    return found


def _changed(text: str, found: Any) -> Iterator[str]:
    """Yield the places in which what was made of a text differs from it."""
    from rapidfuzz.distance import LCSseq  # noqa: PLC0415 - few answers need it

    begin, end = text.find("{"), text.rfind("}") + 1
    written = list(_words(_ESCAPE.sub(_unescaped, text[begin : end or len(text)])))
    made = list(_told(found, "", ""))
    told = [word for word, _ in made]
    if len(written) * len(told) > _MOST_PAIRS:
        raise WorkError("too many words to compare")
    for step in LCSseq.opcodes(written, told) if written != told else ():
        left, right = _slack(written, step.src_start, step.src_end) if step.tag == "delete" else (0, 0)
        if step.tag != "equal":
            yield from (place for _, place in made[max(step.dest_start - left - 1, 0) : step.dest_end + right + 1])


def _slack(words: list[str], start: int, end: int) -> tuple[int, int]:
    """Return how many words earlier or later what was lost may as well have stood: one among equals is not known."""
    left = right = 0
    while start - left > 0 and words[start - left - 1] == words[end - left - 1]:
        left += 1
    while end + right < len(words) and words[start + right] == words[end + right]:
        right += 1
    return left, right


def _told(value: Any, path: str, place: str) -> Iterator[Word]:
    """Yield the words of a value with their places."""
    if isinstance(value, dict):
        for key, member in value.items():
            below = json_pointer.join(path, key)
            home = place or below
            yield from ((word, home) for word in _words(key))
            yield from _told(member, below, home)
    elif isinstance(value, list):
        for i, member in enumerate(value):
            below = json_pointer.join(path, i)
            yield from _told(member, below, below)
    else:
        yield from ((word, place) for word in _words("null" if value is None else str(value)))


def _strange(found: Any, keys: frozenset[str] | None) -> Iterator[str]:
    """Yield the places that have a key that nobody asked for, or text that looks like JSON."""
    for path, place, key, value in _members(found, "", ""):
        is_unknown = keys is not None and letters(key) not in keys
        if is_unknown or _STRUCTURE.search(key) or (isinstance(value, str) and _STRUCTURE.search(value)):
            yield place or path


def _members(value: Any, path: str, place: str) -> Iterator[tuple[str, str, str, Any]]:
    """Yield (path, place, key, value) of every member of an object, and of texts in lists."""
    if isinstance(value, dict):
        for key, member in value.items():
            below = json_pointer.join(path, key)
            yield below, place, key, member
            yield from _members(member, below, place)
    elif isinstance(value, list):
        for i, member in enumerate(value):
            below = json_pointer.join(path, i)
            if isinstance(member, str) and _STRUCTURE.search(member):
                yield below, below, "", member
            yield from _members(member, below, below)


def letters(key: str) -> str:
    """Return what makes two spellings of a key one: its letters and digits, in lower case."""
    return "".join(c for c in key.casefold() if c.isalnum())


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text as they compare: case aside, numbers by their value."""
    for word in _WORD.findall(text):
        low = word.casefold()
        yield str(Decimal(word).normalize()) if _NUMBER.fullmatch(word) else _LITERALS.get(low, low)


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else match[0][1] if match[0] == r"\/" else " "


def _quoted(match: re.Match[str]) -> str:
    """Quote a bare key: the library misreads the sign of a number behind one. Strings are unchanged."""
    return f'{match[1]}"{match[2]}":' if match[2] else match[0]


def _order(path: str) -> list[tuple[int, str]]:
    """Return the sort key of a pointer, with indices as numbers."""
    return [(int(p), "") if p.isdigit() else (-1, p) for p in path.split("/")]
