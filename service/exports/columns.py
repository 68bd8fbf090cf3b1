"""Lay out the tables of a target: one for its documents, one for each list of objects, one for all reasons.

The columns are those of the schema, in its order, whatever the data holds. A column is named after the place of its field,
with points: `seller.name`. A name that a table has already for something else becomes `data.<name>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from thresher.schemas import json_pointer
from thresher.schemas.target import Field
from thresher.service.exports.target_fields import TargetFields

ColumnKind = Literal[
    "text", "integer", "number", "decimal", "boolean", "date", "datetime", "time", "any"
]  # number: a float


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `path` is a pointer within the document or the row; None for what the export itself fills in."""

    name: str
    kind: ColumnKind = "text"
    path: str | None = None
    many: bool = False  # a list of plain values in one cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. `list_path` is the pointer pattern of a list ("/lines", "/orders/*/lines"), "" for documents."""

    name: str
    columns: tuple[Column, ...]
    fingerprint: str = ""  # of the target; "": rows of all targets
    list_path: str = ""

    @property
    def fields(self) -> list[tuple[int, Column]]:
        """Return the columns that hold values of the data, with their positions."""
        return [(i, c) for i, c in enumerate(self.columns) if c.path is not None]


NOTES = Column(name="notes")
"""The last column of every table: what a cell can not hold as it is, and what no column is made for."""
REASONS = Table(
    name="reasons",
    columns=(
        Column(name="source"), Column(name="code"), Column(name="place"), Column(name="page", kind="integer"),
        Column(name="message"), Column(name="path"), NOTES,
    ),
)  # fmt: skip
DOCUMENT = tuple(Column(name=n) for n in ("source", "target", "status", "review", "reasons", "doubtful"))
"""The first columns of a table of documents."""


@dataclass(frozen=True, slots=True)
class Layout:
    """All tables of an export, in the order in which they are shown."""

    tables: tuple[Table, ...]

    def of(self, fingerprint: str) -> list[Table]:
        """Return the tables of values that a Result of this target has rows in, that of documents first."""
        return [t for t in self.tables if t.fingerprint == fingerprint and t.name != REASONS.name]


def layout_of(targets: Sequence[TargetFields]) -> Layout:
    """Return the tables for Results of these targets.

    Of one target: `results`, a table named after each list, and `reasons`. Of several: `results` with a row for each
    document but without its data, `<Target>` with the data, `<Target>.<list>`, and `reasons`.
    """
    taken = {"results", REASONS.name}
    if len(targets) == 1:
        documents = Table(name="results", fingerprint=targets[0].fingerprint, columns=_document_columns(targets[0]))
        return Layout((documents, *_list_tables(targets[0], "", taken), REASONS))
    tables = [Table(name="results", columns=(*DOCUMENT, NOTES))]
    for target in targets:
        name = _unused(taken, target.name, f"{target.name} {target.fingerprint[:4]}")
        tables.append(Table(name=name, fingerprint=target.fingerprint, columns=_document_columns(target)))
        tables += _list_tables(target, f"{name}.", taken)
    return Layout((*tables, REASONS))


def _document_columns(target: TargetFields) -> tuple[Column, ...]:
    own = [f for f in target.fields if not list_of(f.path, target.lists)]
    return _columns(DOCUMENT, own, "", target.lists)


def _list_tables(target: TargetFields, prefix: str, taken: set[str]) -> list[Table]:
    places = {p: [i for i, f in enumerate(target.fields) if f.path.startswith(f"{p}/*")] for p in target.lists}
    ordered = sorted(target.lists, key=lambda p: (places[p][:1], len(p)))  # a list before those in it
    return [_list_table(target, path, prefix, taken) for path in ordered]


def _list_table(target: TargetFields, path: str, prefix: str, taken: set[str]) -> Table:
    """Return the table of a list. A list within lists has the row number of each list above it, too."""
    above = [p for p in target.lists if path.startswith(f"{p}/*/")]
    own = (
        Column(name="source"),
        *(Column(name=f"{dotted(p)}.row", kind="integer") for p in above),
        Column(name="row", kind="integer"),
        Column(name="document"),
        Column(name="page", kind="integer"),
        Column(name="part"),
        Column(name="status"),
        Column(name="why"),
    )
    fields = [f for f in target.fields if list_of(f.path, target.lists) == path]
    name = _unused(taken, prefix + dotted(path), f"data.{prefix}{dotted(path)}")
    columns = _columns(own, fields, f"{path}/*", target.lists)
    return Table(name=name, fingerprint=target.fingerprint, list_path=path, columns=columns)


def _columns(own: tuple[Column, ...], fields: list[Field], base: str, lists: Sequence[str]) -> tuple[Column, ...]:
    taken = {*(c.name for c in own), NOTES.name}
    made: dict[str, Column] = {}
    for field in fields:
        path, star, rest = field.path.removeprefix(base).partition("/*")
        if base + path in lists:  # plain items of a list that holds objects, too
            continue
        if path in made:
            made[path] = Column(name=made[path].name, path=path, kind="any")
            continue
        name = _unused(taken, dotted(path) or "value", f"data.{dotted(path)}")
        plain = not star or not rest
        made[path] = Column(name=name, path=path, kind=kind_of(field) if plain else "any", many=bool(star) and plain)
    return (*own, *made.values(), NOTES)


def kind_of(field: Field) -> ColumnKind:
    """Return the type of a field's column. A number that may be a Decimal is one."""
    if field.kind in {"enum", "const"}:
        kinds = {type(c) for c in field.choices}
        return "integer" if kinds == {int} else "boolean" if kinds == {bool} else "text" if kinds == {str} else "any"
    if field.kind == "number":
        branches = field.schema.get("anyOf") or [field.schema]
        return "decimal" if any(b.get("type") == "string" for b in branches) else "number"
    return "text" if field.kind in {"text", "email", "uri"} else field.kind  # type: ignore[return-value] # the rest is the same


def dotted(path: str) -> str:
    """Return a pointer or a pattern as people read it.

    >>> dotted("/seller/name"), dotted("/orders/*/lines")
    ('seller.name', 'orders.lines')
    """
    return ".".join(p for p in json_pointer.parts(path) if p != "*")


def list_of(path: str, lists: Iterable[str]) -> str:
    """Return the innermost list of objects that the pattern of a field lies in, "" for none.

    >>> list_of("/orders/*/lines/*/amount", ["/orders", "/orders/*/lines"])
    '/orders/*/lines'
    """
    return max((p for p in lists if path.startswith(f"{p}/*")), key=len, default="")


def _unused(taken: set[str], *names: str) -> str:
    """Return the first name not taken, and take it; a number is added where all are."""
    name = next((n for n in names if n not in taken), None)
    number = 2
    while name is None or name in taken:
        name, number = f"{names[-1]} ({number})", number + 1
    taken.add(name)
    return name
