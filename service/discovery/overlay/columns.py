"""Lay out the columns of an overlay: the key, what is said of each document, and four columns for each leaf of the targets.

X_FIELD              the value; several values of a plain list; JSON for lists of objects
X_FIELD_CITE         where it stands: Bates number of the page and characters
X_FIELD_CONFIDENCE   HIGH, MEDIUM or LOW
X_FIELD_STATUS       FOUND, DOUBTFUL, CORRECTED, ABSENT, UNREAD, UNSUPPORTED, or that of the document
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from thresher.schemas import json_pointer
from thresher.schemas.errors import InputProblem
from thresher.service.exports.columns import NOTES, Column, Table, layout_of
from thresher.service.exports.target_fields import TargetFields

NAME_MAX_CHARS = 50  # of a column, as Relativity takes it
SUFFIXES = ("CITE", "CONFIDENCE", "STATUS")
_PREFIX = re.compile(r"[A-Za-z0-9_ -]*")
_LONGEST_SUFFIX = max(map(len, SUFFIXES)) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayField:
    """One leaf of a target, or a whole list of objects."""

    name: str  # of its value's column
    fingerprint: str  # of the target
    path: str  # JSON Pointer
    column: Column

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return its four columns."""
        return (
            self.column,
            Column(name=f"{self.name}_CITE", many=True),
            Column(name=f"{self.name}_CONFIDENCE"),
            Column(name=f"{self.name}_STATUS"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayColumns:
    """All columns, in order."""

    key: str
    own: tuple[Column, ...]
    fields: tuple[OverlayField, ...]

    @property
    def all(self) -> tuple[Column, ...]:
        """Return the columns of a row."""
        return (*self.own, *(column for field in self.fields for column in field.columns))

    @property
    def table(self) -> Table:
        """Return them as a table of the exports, which has a column of notes at its end."""
        return Table(name="overlay", columns=(*self.all, NOTES))


def overlay_columns(targets: Sequence[TargetFields], *, key: str, prefix: str) -> OverlayColumns:
    """Return the columns for these targets. Raises InputProblem(field_invalid) for a prefix that no column may have."""
    if not _PREFIX.fullmatch(prefix) or len(prefix) > NAME_MAX_CHARS // 3:
        raise InputProblem("field_invalid", f"--prefix {prefix!r}: letters, digits and _ alone, 16 at most")
    named = ("STATUS", "CONFIDENCE", "TARGET", "REASONS", "RUNID", "DUPOF")
    own = (
        Column(name=key),
        *(Column(name=f"{prefix}{name}") for name in named),
        Column(name=f"{prefix}EXCEPTIONS", many=True),
    )
    taken = {column.name.casefold() for column in own}
    fields = tuple(_fields(targets, prefix, taken))
    return OverlayColumns(key=key, own=own, fields=fields)


def _fields(targets: Sequence[TargetFields], prefix: str, taken: set[str]) -> Iterable[OverlayField]:
    for target in targets:
        above = f"{prefix}{_word(target.name)}_" if len(targets) > 1 else prefix
        for column in _leaves(target):
            path = column.path or ""
            name = _unused(above, "_".join(_word(p) for p in json_pointer.parts(path)) or "VALUE", taken)
            made = Column(name=name, kind=column.kind, path=path, many=column.many)
            yield OverlayField(name=name, fingerprint=target.fingerprint, path=path, column=made)


def _leaves(target: TargetFields) -> Iterable[Column]:
    """Yield the leaves outside lists of objects, then each outer list of objects as one column of JSON."""
    yield from (column for _, column in layout_of([target]).tables[0].fields)
    yield from (Column(name=path, kind="any", path=path) for path in target.lists if "/*" not in path)


def _word(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_").upper() or "_"


def _unused(above: str, name: str, taken: set[str]) -> str:
    """Return a name that no column has, short enough for its longest suffix, and take it and those with suffixes."""
    room = NAME_MAX_CHARS - _LONGEST_SUFFIX
    made, number = f"{above}{name}"[:room], 2
    while not taken.isdisjoint(_all_names(made)):
        end = f"_{number}"
        made, number = f"{above}{name}"[: room - len(end)] + end, number + 1
    taken.update(_all_names(made))
    return made


def _all_names(name: str) -> set[str]:
    return {name.casefold(), *(f"{name}_{suffix}".casefold() for suffix in SUFFIXES)}
