"""Map a load file's columns to canonical fields, and tell a header from a first row of values."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from thresher.service.discovery.loadfiles.dates import DATE_LIKE

HEADER_MAX_CHARS = 300  # of one name; a longer cell is a value
_IGNORED = re.compile(r"[\s_\-.#()]+")
_REDACTION = re.compile(r"(?<!UN)(?<!NON)REDACT")  # REDACTION REASON, REDACTED YN
_VALUE_LIKE = (
    DATE_LIKE,
    re.compile(r"[+-]?\d[\d.,]*"),  # a number
    re.compile(r"(?:\.?[\\/]|[A-Za-z]:\\).*|.*\\.*\.\w{1,5}", re.DOTALL),  # a path
)


@dataclass(frozen=True, slots=True)
class FieldName:
    """A canonical field of a load file."""

    name: str
    type: str
    time: str | None = None  # the field that holds the time of day of this date


@cache
def dictionary() -> dict[str, FieldName]:
    """Return the canonical fields by name, as `fields.toml` lists them."""
    return {name: FieldName(name, row["type"], row.get("time")) for name, row in _table().items()}


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files(__package__) / "fields.toml").read_text("utf-8"))


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """Return canonical names by verbatim spelling, and by normal spelling; a canonical name goes before an alias."""
    verbatim = {alias: name for name, row in _table().items() for alias in row.get("verbatim", [])}
    aliases = {_normal(alias): name for name, row in _table().items() for alias in row["aliases"]}
    return verbatim, aliases | {_normal(name): name for name in _table()}


def _normal(header: str) -> str:
    return _IGNORED.sub("", header).upper()


def canonical(header: str) -> str | None:
    """Return the canonical name of a column; None for one that is not in the dictionary.

    >>> canonical("Beg_Doc #"), canonical("FILE_PATH"), canonical("File Path"), canonical("Deal Team")
    ('BEGBATES', 'NATIVELINK', 'FILEPATH', None)
    """
    verbatim, names = _names()
    return verbatim.get(header.strip().upper()) or names.get(_normal(header))


def is_header(cells: list[str]) -> bool:
    """Whether a first row names columns: every cell is a known name, or none looks like a date, a number or a path."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if any(len(cell) > HEADER_MAX_CHARS for cell in filled):
        return False
    if all(canonical(cell) for cell in filled):
        return bool(filled)
    return not any(pattern.fullmatch(cell) for cell in filled for pattern in _VALUE_LIKE)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column holds which field; positions are 0-based."""

    headers: tuple[str, ...]
    positions: dict[str, int]  # canonical name to its first column, a name spelled as in the dictionary going first
    second: dict[int, str]  # further columns of a field that has one already, and their field
    unknown: tuple[int, ...]  # columns of no known field: kept verbatim
    redactions: tuple[int, ...] = ()  # columns that tell of redactions, under whatever name

    def value(self, row: list[str], name: str) -> str:
        """Return the trimmed text of a field in a row; empty without such a column."""
        position = self.positions.get(name)
        return row[position].strip() if position is not None else ""

    def values(self, row: list[str], name: str) -> list[str]:
        """Return the trimmed texts of all columns of a field."""
        further = [i for i, field in self.second.items() if field == name]
        return [self.value(row, name), *(row[i].strip() for i in further)]


def map_columns(headers: list[str], chosen: dict[str, str] | None = None) -> ColumnMap:
    """Return the map of named columns; `chosen` names the field of a header, where the job says so."""
    picked = {header.casefold(): name for header, name in (chosen or {}).items()}
    names = [picked.get(header.casefold()) or canonical(header) for header in headers]
    exact = sorted(range(len(headers)), key=lambda i: (_normal(headers[i]) != names[i], i))
    positions: dict[str, int] = {}
    for i in exact:
        if name := names[i]:
            positions.setdefault(name, i)
    second = {i: name for i, name in enumerate(names) if name and positions[name] != i}
    unknown = tuple(i for i, name in enumerate(names) if name is None)
    told = (i for i, header in enumerate(headers) if names[i] == "REDACTED" or _REDACTION.search(_normal(header)))
    return ColumnMap(tuple(headers), positions, second, unknown, tuple(told))
