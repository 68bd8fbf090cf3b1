"""The typed value of a cell: whole numbers, flags, hashes, several values, times; None where the text is not of the type."""

from __future__ import annotations

import re
from collections.abc import Iterable

from thresher.service.discovery.loadfiles.delimiters import Delimiters

_INTEGER = re.compile(r"[+-]?\d{1,18}|[+-]?\d{1,3}(?:,\d{3}){1,5}")
HASH_LENGTHS = frozenset({32, 40, 64})  # hex digits of MD5, SHA-1, SHA-256
_HASH_LENGTHS_OR_NONE = HASH_LENGTHS | {0}
_TRUE = frozenset({"yes", "y", "1", "true", "t", "x"})
_FALSE = frozenset({"no", "n", "0", "false", "f", "none", "n/a", "na", "-", ""})
RANGE_MAX_CHARS = 300
_RANGE = re.compile(r"\s+-\s+|\s*–\s*")


def integer(text: str) -> int | None:
    """Return a whole number; thousands may be parted by commas."""
    return int(text.replace(",", "")) if _INTEGER.fullmatch(text) and text.isascii() else None


def flag(text: str) -> bool | None:
    """Return a yes or no; empty is no, a number above 0 is yes.

    >>> flag("Yes"), flag(""), flag("3"), flag("perhaps")
    (True, False, True, None)
    """
    folded = text.strip().casefold()
    if folded.isascii() and folded.isdecimal():
        return bool(folded.strip("0"))
    return True if folded in _TRUE else False if folded in _FALSE else None


def hash_digest(text: str) -> str | None:
    """Return a digest in lower case; None for "null", nothing, and what is none."""
    return text.lower() if len(text) in HASH_LENGTHS and _is_hex(text) else None


def _is_hex(text: str) -> bool:
    """Whether a text is pairs of hexadecimal digits."""
    try:
        return 2 * len(bytes.fromhex(text)) == len(text)
    except ValueError:
        return False


def several(text: str, delimiters: Delimiters) -> list[str]:
    """Return the values of a multi-value cell, trimmed; never parted at commas, for names have them.

    >>> from thresher.service.discovery.loadfiles.delimiters import CONCORDANCE
    >>> several("Doe, Jane; Roe, Bo <bo@example.com>;", CONCORDANCE)
    ['Doe, Jane', 'Roe, Bo <bo@example.com>']
    """
    return [value.strip() for value in text.split(delimiters.multi) if value.strip()]


def bates_range(text: str) -> tuple[str, str]:
    """Return begin and end of a range in one cell; a hyphen parts them only between spaces, or where both halves are alike.

    >>> bates_range("ABC-0001 - ABC-0005"), bates_range("ABC0001–ABC0005"), bates_range("ABC0001-ABC0005"), bates_range("ABC-0001")
    (('ABC-0001', 'ABC-0005'), ('ABC0001', 'ABC0005'), ('ABC0001', 'ABC0005'), ('ABC-0001', 'ABC-0001'))
    """
    if len(text) > RANGE_MAX_CHARS:
        return text, text
    parts = _RANGE.split(text.strip(), maxsplit=1)
    middle = len(text) // 2
    if len(parts) == 1 and len(text) % 2 and text[middle] == "-":
        halves = text[:middle], text[middle + 1 :]
        if re.sub(r"\d", "0", halves[0]) == re.sub(r"\d", "0", halves[1]):
            return halves
    return parts[0], parts[-1]


def line_ends(text: str, delimiters: Delimiters) -> str:
    """Return a value with line ends for the character that stands for them."""
    return text.replace(delimiters.newline, "\n") if delimiters.newline else text


def bad_values(kind: str, values: Iterable[str]) -> set[str]:
    """Return the values of a column, trimmed, that are not of its type; empty ones are of every type."""
    check = {"integer": _bad_integers, "flag": _bad_flags, "hash": _bad_hashes}.get(kind)
    return check(values) if check else set()


def _bad_integers(values: Iterable[str]) -> set[str]:
    joined = "".join(values)
    if joined.isascii() and (not joined or joined.isdigit()):
        return set()
    return {v for v in {value.strip() for value in values} if v and integer(v) is None}


def _bad_flags(values: Iterable[str]) -> set[str]:
    return {v for v in {value.strip() for value in values} if flag(v) is None}


def _bad_hashes(values: Iterable[str]) -> set[str]:
    if set(map(len, values)) <= _HASH_LENGTHS_OR_NONE and _is_hex("".join(values)):
        return set()
    trimmed = {value.strip() for value in values}
    return {v for v in trimmed if v and v.casefold() != "null" and hash_digest(v) is None}
