"""Asked: the schema that a model is asked to fill from one Chunk, and how its answer becomes the target's shape again.

At this level every field is required and may be null, and every list is required and may be empty: an answer that
leaves something out is a broken answer, not an empty page. Defaults are not shown. Whether the whole is valid is for
the target's own judge, after the merge.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import jsonschema

from schemas.result import FieldError
from schemas.target import Target
from service import pointers
from service.amounts import Point
from service.answers import OTHER, Spots, coerce, read_answer, restore
from service.dates import Order
from service.dialects import DIALECTS, Dialect, Name
from service.fields import is_decimal_text
from service.fitting import plainly_fits
from service.judges import FORMATS, schema_errors
from service.shapes import Schema, Shape, Shapes, Trail, joined
from service.wording import words_of

__all__ = ["Asked", "ask_for", "asked_schema", "check_answer", "coerce", "restore"]

ANY = ["string", "number", "boolean"]  # asked for where anything may stand
SCALARS = {"string", "number", "integer", "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A target as one model is asked for it."""

    target: Target
    schema: Schema  # for the provider
    lenient: Schema  # for the answer, once it has the target's shape
    spots: Spots = field(repr=False)  # of the target's own schema
    judge: Any = field(repr=False)  # of the lenient schema
    order: Order | None = None  # the documents' habit in dates of figures
    point: Point | None = None  # and in decimal points

    def read(self, answer: Any) -> Any:
        """An answer in the target's shape, displayed values read where they have one reading."""
        return read_answer(self.target, answer, order=self.order, point=self.point, spots=self.spots)

    def check(self, data: Any) -> list[FieldError]:
        """What of an answer that was read does not fit: one short message for each place."""
        return [] if plainly_fits(self.lenient, data) else list(schema_errors(self.judge, data))


def ask_for(
    target: Target, *, fields: Collection[str] | None = None, dialect: Name = "plain", order: Order | None = None
) -> Asked:
    """How a target (or some of its fields, by pattern) is asked for in a provider's dialect.

    Where the documents' habits in figures are known, say so with `dataclasses.replace(asked, order=…, point=…)`.
    """
    lenient = asked_schema(target, fields, "lenient")
    return Asked(
        target=target,
        schema=asked_schema(target, fields, dialect),
        lenient=lenient,
        spots=Spots(target.schema),
        judge=_judge(lenient),
        order=order,
    )


def asked_schema(target: Target, fields: Collection[str] | None = None, dialect: Name = "plain") -> Schema:
    """The schema of one question. `fields` are patterns of `target.fields`; None asks for all.

    Raises ValueError when no field of the target is among them.
    """
    build = _Build(Shapes(target.schema), DIALECTS[dialect], fields)
    aliases = {f.path: f.aliases for f in target.fields if f.aliases}
    build.aliases = aliases
    root = build.root(target.schema)
    if not root.get("properties") and "items" not in root and root.get("additionalProperties") in (None, False):
        raise ValueError("no field of the target is asked for")
    if build.definitions:
        root["$defs"] = build.definitions
    return root


def check_answer(asked: Schema, answer: Any) -> list[FieldError]:
    """Where an answer does not fit the schema that was asked, in words that a model can act on."""
    return list(schema_errors(_judge(asked), answer))


def _judge(asked: Schema) -> Any:
    return jsonschema.Draft202012Validator(asked, format_checker=FORMATS)


class _Build:
    def __init__(self, shapes: Shapes, dialect: Dialect, fields: Collection[str] | None) -> None:
        self._shapes, self._dialect = shapes, dialect
        self._wanted = None if fields is None else frozenset(fields)
        self.aliases: dict[str, tuple[str, ...]] = {}
        self.definitions: dict[str, Schema] = {}

    def root(self, schema: Schema) -> Schema:
        """The asked object. A root of several branches becomes one object with the fields of all."""
        objects = [s for s in self._shapes.at(schema) if s.type == "object"]
        told = schema.get("description")
        words = {"description": str(told)} if told else {}
        return {**words, **self._object(objects[0] if len(objects) == 1 else joined(objects), "")}

    def _node(self, schema: Any, trail: Trail, path: str, *, nullable: bool = True) -> Schema | None:
        """What is asked at a place; None where nothing of it is wanted or recursion is cut."""
        if not self._touches(path):
            return None
        shapes = self._shapes.at(schema, trail)
        reference = _only_reference(schema)
        if reference and self._refers(reference) and any(s.type == "object" for s in shapes):
            forms = [self._defined(reference)]
            can_be_null = nullable
        else:
            forms = self._forms(shapes, path)
            can_be_null = nullable and not any(s.type == "array" or _is_map(s) for s in shapes)
        if not forms:
            return None
        told = words_of(schema, shapes, path, self._dialect, self.aliases.get(path, ()))
        return self._told(told, self._union(forms, null=can_be_null))

    def _told(self, words: str, schema: Schema) -> Schema:
        """A schema with its description; nothing may stand beside a reference."""
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if not words or (name and words == self.definitions[name].get("description")):
            return schema
        return {"description": words, **({"anyOf": [schema]} if name else schema)}

    def _forms(self, shapes: list[Shape], path: str) -> list[Schema]:
        objects = [self._object_or_map(s, path) for s in shapes if s.type == "object"]
        arrays = [self._array(s, path) for s in shapes if s.type == "array"][:1]
        scalars = self._scalars([s for s in shapes if s.type not in {"object", "array", "null"}])
        return [f for f in (*scalars, *objects, *arrays) if f]

    def _object_or_map(self, shape: Shape, path: str) -> Schema | None:
        if shape.schema.get("properties"):
            made = self._object(shape, path)
            return made if made["properties"] else None
        value = _map_value(shape)
        return self._map(value, shape, path)

    def _object(self, shape: Shape, path: str) -> Schema:
        properties: dict[str, Schema] = {}
        for key, member in (shape.schema.get("properties") or {}).items():
            asked = (
                self._tag(member) if key in shape.tags else self._node(member, shape.trail, pointers.join(path, key))
            )
            if asked is not None:
                properties[key] = asked
        extra = _map_value(shape)
        if extra:
            self._add_extra(properties, extra, shape, path)
        closed: Schema = {"additionalProperties": False} if self._dialect.closed else {}
        if extra and self._dialect.maps:
            made = self._node(extra, shape.trail, f"{path}/*")
            closed = {"additionalProperties": made} if made else closed
        return {"type": "object", "properties": properties, "required": list(properties), **closed}

    def _add_extra(self, properties: dict[str, Schema], extra: Schema, shape: Shape, path: str) -> None:
        if not self._dialect.maps:
            made = self._map(extra, shape, path)
            if made:
                properties[OTHER] = {"description": "entries under any other name", **made}

    def _tag(self, member: Schema) -> Schema:
        """The property that tells a branch from the others: never null."""
        values = member.get("enum", [member.get("const")])
        return {"type": _type_of(values[0]), "enum": list(values)}

    def _map(self, value: Schema, shape: Shape, path: str) -> Schema | None:
        made = self._node(value, shape.trail, f"{path}/*")
        if made is None:
            return None
        if self._dialect.maps:
            return {"type": "object", "additionalProperties": made}
        entry = {"key": {"type": "string"}, "value": made}
        closed = {"additionalProperties": False} if self._dialect.closed else {}
        return {
            "type": "array",
            "items": {"type": "object", "properties": entry, "required": ["key", "value"], **closed},
        }

    def _array(self, shape: Shape, path: str) -> Schema | None:
        first = [self._node(m, shape.trail, f"{path}/{i}") for i, m in enumerate(shape.schema.get("prefixItems") or ())]
        rest = shape.schema.get("items", not first)
        items = self._node(rest, shape.trail, f"{path}/*", nullable=False) if rest is not False else None
        known = [f for f in first if f]
        if not known:
            return {"type": "array", "items": items} if items else None
        if self._dialect.tuples:
            return {"type": "array", "prefixItems": known, "items": items or False}
        kinds = [*known, *([items] if items else [])]
        once = [k for i, k in enumerate(kinds) if k not in kinds[:i]]
        return {"type": "array", "items": once[0] if len(once) == 1 else {"anyOf": once}}

    def _scalars(self, shapes: list[Shape]) -> list[Schema]:
        numeric = any(s.type in {"number", "integer"} for s in shapes)
        kept = [s for s in shapes if not (numeric and is_decimal_text(s))]
        if any(s.type == "number" for s in kept):
            kept = [s for s in kept if s.type != "integer"]
        return [form for s in kept for form in self._scalar(s)]

    def _scalar(self, shape: Shape) -> list[Schema]:
        schema = shape.schema
        if shape.type == "any" and "enum" not in schema and "const" not in schema:
            return [{"type": kind} for kind in ANY]
        values = [v for v in schema.get("enum", [schema["const"]] if "const" in schema else []) if v is not None]
        if 0 < len(values) <= self._dialect.most_choices and not any(isinstance(v, (dict, list)) for v in values):
            return [
                {"type": t, "enum": [v for v in values if _type_of(v) == t]}
                for t in dict.fromkeys(map(_type_of, values))
            ]
        found = {"type": "string" if shape.type == "any" else shape.type}
        found |= {k: v for k, v in schema.items() if k in self._dialect.keeps}
        if schema.get("format") in self._dialect.formats:
            found["format"] = schema["format"]
        return [found]

    def _union(self, forms: list[Schema], *, null: bool) -> Schema:
        once = [f for i, f in enumerate(forms) if f not in forms[:i]]
        if len(once) == 1 and not null:
            return once[0]
        bare = all(f.keys() <= {"type"} for f in once)
        if self._dialect.type_lists and (bare or (len(once) == 1 and once[0].get("type") in SCALARS)):
            kinds = [f["type"] for f in once] + (["null"] if null else [])
            found = {**once[0], "type": kinds}
            return {**found, "enum": [*found["enum"], None]} if "enum" in found and null else found
        return {"anyOf": [*once, *([{"type": "null"}] if null else [])]}

    def _defined(self, reference: str) -> Schema:
        """A reference to a definition, made once: what keeps recursion whole."""
        name = re.sub(r"[^A-Za-z0-9_-]", "_", reference.rsplit("/", 1)[-1]) or "root"
        if name not in self.definitions:
            self.definitions[name] = {}
            shapes = self._shapes.at({"$ref": reference})
            self.definitions[name] |= (
                {"description": told} if (told := words_of({}, shapes, "", self._dialect, ())) else {}
            )
            forms = self._forms(shapes, "")
            self.definitions[name] |= self._union(forms, null=False) if forms else {"type": "object"}
        return {"$ref": f"#/$defs/{name}"}

    def _refers(self, reference: str) -> bool:
        """Whether a place is asked for by reference: only where nothing below it is left out."""
        return self._wanted is None and (self._dialect.recursion or not self._shapes.recursive(reference))

    def _touches(self, path: str) -> bool:
        """Whether a place is asked for, lies above one that is, or below."""
        if self._wanted is None or path == "":
            return True
        return any(w == path or w.startswith(f"{path}/") for w in self._wanted)


def _only_reference(schema: Any) -> str | None:
    """The one reference that a place consists of, null and words aside."""
    if not isinstance(schema, dict):
        return None
    words = {"description", "title", "default", "examples", "key", "x-aliases"}
    rest = {k: v for k, v in schema.items() if k not in words}
    for union in ("anyOf", "oneOf", "allOf"):
        if rest.keys() == {union}:
            real = [m for m in rest[union] if m != {"type": "null"}]
            rest = real[0] if len(real) == 1 and isinstance(real[0], dict) else {}
    return str(rest["$ref"]) if rest.keys() == {"$ref"} else None


def _is_map(shape: Shape) -> bool:
    """Whether a shape has only free keys: like a list, it is asked for as something that may be empty."""
    return shape.type == "object" and not shape.schema.get("properties")


def _map_value(shape: Shape) -> Schema:
    """Schema of the values under free keys: those of every pattern; {} where there are none or any."""
    extra = shape.schema.get("additionalProperties")
    values = [v for v in (extra, *(shape.schema.get("patternProperties") or {}).values()) if isinstance(v, dict) and v]
    return values[0] if len(values) == 1 else {"anyOf": values} if values else {}


def _type_of(value: Any) -> str:
    kinds: Iterable[tuple[type, str]] = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "string")
