"""Measure a requested schema as providers count it, with every reference written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from thresher.schemas import json_pointer
from thresher.service.provider_schemas.dialects import Dialect

Schema = dict[str, Any]
UNCOUNTED_ENUM_CHOICES = 250  # of one enum; only longer ones have their characters counted


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaSize:
    """The quantities that providers limit. A recursive reference counts once on each way down."""

    properties: int = 0
    depth: int = 0  # levels of objects and lists
    unions: int = 0  # places of several types, null among them
    choices: int = 0  # values of all enums
    letters: int = 0  # code points of all names of properties and all values of enums
    longest: int = 0  # code points of the values of the longest enum, where it has more than UNCOUNTED_ENUM_CHOICES

    def beside(self, other: SchemaSize) -> SchemaSize:
        """Return the size of both in one object."""
        return SchemaSize(
            properties=self.properties + other.properties,
            depth=max(self.depth, other.depth),
            unions=self.unions + other.unions,
            choices=self.choices + other.choices,
            letters=self.letters + other.letters,
            longest=max(self.longest, other.longest),
        )


def measured_size(root: Schema) -> SchemaSize:
    """Measure a whole requested schema.

    >>> schema = {"type": "object", "properties": {"due": {"type": ["string", "null"]}}}
    >>> size = measured_size(schema)
    >>> size.properties, size.depth, size.unions
    (1, 1, 1)
    """
    return _Measure(root).of(root, ())


def limits_exceeded(size: SchemaSize, dialect: Dialect) -> Iterator[str]:
    """Yield what of a size a dialect does not take in one request, in words."""
    limits = (
        ("properties", size.properties, dialect.most_properties),
        ("levels", size.depth, dialect.most_depth),
        ("places of several types", size.unions, dialect.most_unions),
        ("choices", size.choices, dialect.most_choices_together),
        ("characters of names and choices", size.letters, dialect.most_letters),
        ("characters in one enum", size.longest, dialect.most_letters_of_one),
    )
    for name, is_, most in limits:
        if most is not None and is_ > most:
            yield f"{is_} {name}, at most {most}"


class _Measure:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[str, SchemaSize] = {}

    def of(self, schema: Any, trail: tuple[str, ...]) -> SchemaSize:
        """Measure one place. `trail`: the references on the way to it."""
        if not isinstance(schema, dict):
            return SchemaSize()
        size = _own(schema)
        if isinstance(schema.get("$ref"), str):
            size = size.beside(self._followed(schema["$ref"], trail))
        for branch in schema.get("anyOf", ()):
            size = size.beside(self.of(branch, trail))
        return size.beside(self._below(schema, trail))

    def _below(self, schema: Schema, trail: tuple[str, ...]) -> SchemaSize:
        named = (schema.get("properties") or {}).values()
        members = [*named, schema.get("items"), schema.get("additionalProperties"), *schema.get("prefixItems", ())]
        inside = SchemaSize()
        for member in members:
            inside = inside.beside(self.of(member, trail))
        level = schema.get("type") in ("object", "array")
        return inside.beside(SchemaSize(depth=inside.depth + level))

    def _followed(self, reference: str, trail: tuple[str, ...]) -> SchemaSize:
        if reference in trail:
            return SchemaSize()
        if reference not in self._known:
            found = json_pointer.get(self._root, reference.removeprefix("#"))
            self._known[reference] = self.of(found, (*trail, reference))
        return self._known[reference]


def _own(schema: Schema) -> SchemaSize:
    """Return what a place itself adds, without what is below it."""
    names = list(schema.get("properties") or ())
    values = [str(v) for v in schema.get("enum", ())]
    letters = sum(map(len, values))
    several = isinstance(schema.get("type"), list) or len(schema.get("anyOf", ())) > 1
    return SchemaSize(
        properties=len(names),
        unions=int(several),
        choices=len(values),
        letters=sum(map(len, names)) + letters,
        longest=letters if len(values) > UNCOUNTED_ENUM_CHOICES else 0,
    )
