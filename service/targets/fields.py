"""List the leaves of a schema and its lists of objects, as pointer patterns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.target import Field, Kind
from thresher.service.targets.methods import method_of
from thresher.service.targets.shapes import Schema, Shape, Shapes, joined_objects

MAX_FIELDS = 5_000
_FORMATS: dict[str, Kind] = {
    "date": "date", "date-time": "datetime", "time": "time", "email": "email", "idn-email": "email", "uri": "uri",
    "iri": "uri", "uri-reference": "uri", "url": "uri",
}  # fmt: skip
_PLAIN: dict[str, Kind] = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
Place = tuple[Any, tuple[str, ...], bool]  # schema, trail, whether its parent requires it


class TooManyFieldsError(ValueError):
    """The schema has more leaves than MAX_FIELDS."""


def leaves(schema: Schema, again: int = 1) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    """Return the fields in schema order, and the patterns of lists of objects.

    A recursive reference is followed `again` times more than once. Raises TooManyFieldsError beyond MAX_FIELDS.

    >>> fields, lists = leaves({"type": "object", "properties": {"lines": {"type": "array", "items": {
    ...     "type": "object", "properties": {"amount": {"type": ["number", "null"]}}, "required": ["amount"]}}}})
    >>> fields[0].path, fields[0].kind, fields[0].required, fields[0].nullable, lists
    ('/lines/*/amount', 'number', True, True, ('/lines',))
    """
    walk = _Walk(Shapes(schema, again))
    walk.place([(schema, (), True)], "", "")
    return tuple(walk.fields.values()), tuple(walk.lists)


class _Walk:
    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self.fields: dict[str, Field] = {}
        self.lists: dict[str, None] = {}

    def place(self, places: list[Place], path: str, list_description: str) -> bool:
        """Collect the leaves at and below a place; return whether it may be an object. `list_description` describes its list."""
        shapes = [s for schema, trail, _ in places for s in self._shapes.at(schema, trail)]
        required = any(r for *_, r in places)
        objects = [s for s in shapes if s.type == "object"]
        arrays = [s for s in shapes if s.type == "array"]
        scalars = [s for s in shapes if s.type not in {"object", "array", "null"}]
        nullable = any(s.type in {"null", "any"} for s in shapes)
        inside = self._object(objects, path) if objects else False
        for array in arrays:
            self._array(array, path, required=required)
        loose = [s for s in objects if not inside]
        if scalars or loose:
            self._leaf(path, scalars or loose, list_description, required=required, nullable=nullable)
        return inside

    def _object(self, objects: list[Shape], path: str) -> bool:
        found = False
        whole = joined_objects(objects) if len(objects) > 1 else objects[0]
        for key, schema in (whole.schema.get("properties") or {}).items():
            if schema is not False:
                found = True
                self.place(
                    [(schema, whole.trail, key in whole.schema.get("required", ()))], json_pointer.join(path, key), ""
                )
        for value in _map_values(objects):
            found = True
            self.place([(value, whole.trail, False)], f"{path}/*", str(whole.schema.get("description", "")))
        return found

    def _array(self, array: Shape, path: str, *, required: bool) -> None:
        list_description = str(array.schema.get("description", ""))
        for i, schema in enumerate(array.schema.get("prefixItems") or ()):
            self.place([(schema, array.trail, i < array.schema.get("minItems", 0))], f"{path}/{i}", list_description)
        items = array.schema.get("items", "prefixItems" not in array.schema)
        if items is False:
            return
        before = len(self.fields)
        if self.place([(items, array.trail, required)], f"{path}/*", list_description) and len(self.fields) > before:
            self.lists[path] = None

    def _leaf(self, path: str, shapes: list[Shape], list_description: str, *, required: bool, nullable: bool) -> None:
        known = self.fields.get(path)
        if known is None and len(self.fields) >= MAX_FIELDS:
            raise TooManyFieldsError(f"more than {MAX_FIELDS} fields")
        schema = _leaf_schema(shapes)
        kind, description = kind_of(shapes), str(schema.get("description") or list_description)
        self.fields[path] = Field(
            path=path,
            kind=kind,
            description=description,
            title=str(schema.get("title", "")),
            required=required,
            nullable=nullable,
            choices=_choices(shapes),
            aliases=tuple(str(a) for a in aliases) if isinstance(aliases := schema.get("x-aliases"), list) else (),
            schema=schema,
            method=method_of(kind, description, schema, in_list="*" in path.split("/")),
            derived=derived if isinstance(derived := schema.get("x-derived"), str) else "",
        )


def _map_values(objects: Iterable[Shape]) -> list[Any]:
    """Return the schemas of values under free keys."""
    found: list[Any] = []
    for shape in objects:
        extra = shape.schema.get("additionalProperties")
        found += [extra, *(shape.schema.get("patternProperties") or {}).values()]
    return [v for v in found if v and isinstance(v, dict)]


def _leaf_schema(shapes: list[Shape]) -> Schema:
    if len(shapes) == 1:
        return shapes[0].schema
    shared = {k: v for k, v in shapes[0].schema.items() if all(s.schema.get(k) == v for s in shapes)}
    return {**shared, "anyOf": [s.schema for s in shapes]}


def _choices(shapes: list[Shape]) -> tuple[Any, ...]:
    if not all("enum" in s.schema or "const" in s.schema for s in shapes):
        return ()
    values = [v for s in shapes for v in s.schema.get("enum", [s.schema.get("const")])]
    return tuple({json.dumps(v): v for v in values if v is not None}.values())


def kind_of(shapes: list[Shape]) -> Kind:
    r"""Return the kind of a leaf with these shapes: "any" where they are of several kinds that are not one number's.

    >>> kind_of([Shape({"type": "number"}), Shape({"type": "string", "pattern": "^[+-]?0*\\d*\\.?\\d*$"})])
    'number'
    """
    choices = _choices(shapes)
    if choices:
        return "enum" if len(choices) > 1 else "const" if "const" in shapes[0].schema else "enum"
    numeric = [s for s in shapes if s.type in {"number", "integer"}]
    kinds = {_kind(s) for s in shapes if not (numeric and is_decimal_text(s))}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "text" if kinds == {"enum", "text"} else "any"


def _kind(shape: Shape) -> Kind:
    if "enum" in shape.schema or "const" in shape.schema:
        return "enum"
    if shape.type == "string":
        return _FORMATS.get(str(shape.schema.get("format")), "text")
    return _PLAIN.get(shape.type, "any")


def is_decimal_text(shape: Shape) -> bool:
    """Whether a text shape is pydantic's other way to write a Decimal.

    >>> is_decimal_text(Shape({"type": "string", "format": "decimal"})), is_decimal_text(Shape({"type": "string"}))
    (True, False)
    """
    pattern = str(shape.schema.get("pattern", ""))
    digits_only = r"\d" in pattern and r"\." in pattern and not re.search("[A-Za-z]", pattern.replace(r"\d", ""))
    return shape.type == "string" and (shape.schema.get("format") == "decimal" or digits_only)
