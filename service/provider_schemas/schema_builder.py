"""Build a requested schema place by place, within what a provider's dialect takes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from thresher.schemas import json_pointer
from thresher.service.provider_schemas.answer_parsing import OTHER_ENTRIES_KEY
from thresher.service.provider_schemas.description_text import branch_words, description_of, fits_grammar
from thresher.service.provider_schemas.dialects import Dialect
from thresher.service.targets.draft_upgrade import EXTRAS
from thresher.service.targets.fields import is_decimal_text
from thresher.service.targets.shapes import Schema, Shape, Shapes, Trail, joined_objects

BLANK_INSTRUCTION = "where the text does not state a value, give an empty text in its place"
AS_JSON_TEXT = "as JSON, written in this text"
ANY = ["string", "number", "boolean"]  # asked for where anything may stand
SCALARS = {"string", "number", "integer", "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaReduction:
    """What is left out of a schema that is too large for its dialect."""

    blanks: bool = False  # null in scalar places: an empty text stands for it
    shallow: bool = False  # references, and levels that are too deep: they are asked for as JSON in a text


class SchemaBuilder:
    """Builds one requested schema; the definitions that it refers to collect in `definitions`."""

    def __init__(self, shapes: Shapes, dialect: Dialect, fields: Collection[str] | None, how: SchemaReduction) -> None:
        """`fields`: patterns of what is asked for, None for all."""
        self._shapes, self._dialect, self._blanks, self._shallow = shapes, dialect, how.blanks, how.shallow
        self._wanted = None if fields is None else frozenset(fields)
        self._above = frozenset(above for field in fields or () for above in _places_above(field))
        self._names = _names_below({*self._above, *(fields or ())})
        self.aliases: dict[str, tuple[str, ...]] = {}
        self.definitions: dict[str, Schema] = {}

    def root(self, schema: Schema) -> Schema:
        """Build the root object. A root of several branches becomes one object with the fields of all."""
        objects = [s for s in self._shapes.at(schema) if s.type == "object"]
        sentences = [str(schema["description"])] if schema.get("description") else []
        sentences += [BLANK_INSTRUCTION] if self._blanks else []
        words = {"description": "; ".join(sentences)} if sentences else {}
        return {**words, **self._object(objects[0] if len(objects) == 1 else joined_objects(objects), "")}

    def _node(self, schema: Any, trail: Trail, path: str, *, nullable: bool = True) -> Schema | None:
        """Build the schema of a place; None where nothing of it is wanted or recursion is cut."""
        if not self._touches(path):
            return None
        shapes = self._shapes.at(schema, trail)
        if self._too_deep(path) and any(s.type in {"object", "array"} for s in shapes):
            return self._described(
                f"{AS_JSON_TEXT}{_members_of(shapes)}", self._union([{"type": "string"}], null=nullable)
            )
        reference = _only_reference(schema)
        if reference and self._refers(reference, path) and any(s.type == "object" for s in shapes):
            forms = [self._defined(reference)]
            can_be_null = nullable
        else:
            forms = self._forms(shapes, path, schema)
            can_be_null = nullable and not any(s.type == "array" or _is_map(s) for s in shapes)
        if not forms:
            return None
        words = description_of(schema, shapes, path, self._dialect, self.aliases.get(path, ()))
        return self._described(words, self._union(forms, null=can_be_null))

    def _described(self, words: str, schema: Schema) -> Schema:
        """Return a schema with its description; a reference is wrapped, as nothing may stand beside it."""
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if not words or (name and words == self.definitions[name].get("description")):
            return schema
        return {"description": words, **({"anyOf": [schema]} if name else schema)}

    def _forms(self, shapes: list[Shape], path: str, schema: Any = None) -> list[Schema]:
        """Build the schema of each shape of a place; a branch of a union gets its own description."""

        def described(shape: Shape, form: Schema | None) -> Schema | None:
            words = branch_words(schema, shapes, shape)
            return {"description": words, **form} if form and words else form

        objects = [described(s, self._object_or_map(s, path)) for s in self._branches(shapes)]
        arrays = [described(s, self._array(s, path)) for s in shapes if s.type == "array"]
        arrays = [a for i, a in enumerate(arrays) if a not in arrays[:i]]
        scalars = self._scalars([s for s in shapes if s.type not in {"object", "array", "null"}])
        return [f for f in (*scalars, *objects, *arrays) if f]

    def _branches(self, shapes: list[Shape]) -> list[Shape]:
        """Return the objects among a place's shapes; one for all where the provider could not tell them apart."""
        objects = [s for s in shapes if s.type == "object"]
        first = [next(iter(s.schema.get("properties") or {}), "") for s in objects]
        alike = len(set(first)) < len(first) and not all(s.tags for s in objects)
        return [joined_objects(objects)] if alike and not self._dialect.first_keys else objects

    def _object_or_map(self, shape: Shape, path: str) -> Schema | None:
        if shape.schema.get("properties"):
            made = self._object(shape, path)
            return made if made["properties"] else None
        value = _map_value(shape)
        return self._map(value, shape, path)

    def _object(self, shape: Shape, path: str) -> Schema:
        properties: dict[str, Schema] = {}
        members = self._wanted_members(shape, path)
        for key, member in sorted(members.items(), key=lambda m: m[0] not in shape.tags):
            asked = (
                self._tag(member)
                if key in shape.tags
                else self._node(member, shape.trail, json_pointer.join(path, key))
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

    def _wanted_members(self, shape: Shape, path: str) -> Schema:
        """Return the members of an object that are asked for, and its tags, in schema order.

        The time grows with what is asked for where that is one member: of a large target each is built by itself.
        """
        members: Schema = shape.schema.get("properties") or {}
        if self._whole(path):
            return members
        found = members.keys() & (self._names.get(path, frozenset()) | shape.tags)
        return {name: members[name] for name in (found if len(found) == 1 else members) if name in found}

    def _wanted_places(self, shape: Shape, path: str) -> list[tuple[int, Any]]:
        """Return the numbered places of a list that are asked for, with their schemas, in order."""
        places: list[Any] = shape.schema.get("prefixItems") or []
        if self._whole(path):
            return list(enumerate(places))
        wanted = sorted(int(name) for name in self._names.get(path, ()) if name.isdecimal())
        return [(number, places[number]) for number in wanted if number < len(places)]

    def _add_extra(self, properties: dict[str, Schema], extra: Schema, shape: Shape, path: str) -> None:
        if not self._dialect.maps:
            made = self._map(extra, shape, path)
            if made:
                properties[OTHER_ENTRIES_KEY] = {"description": "entries under any other name", **made}

    def _tag(self, member: Schema) -> Schema:
        """Build the property that tells a branch from the others: never null."""
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
        first = [self._node(m, shape.trail, f"{path}/{i}") for i, m in self._wanted_places(shape, path)]
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
        found |= {k: v for k, v in schema.items() if k in self._dialect.keeps and fits_grammar(k, v)}
        if schema.get("format") in self._dialect.formats:
            found["format"] = schema["format"]
        return [found]

    def _union(self, forms: list[Schema], *, null: bool) -> Schema:
        once = [f for i, f in enumerate(forms) if f not in forms[:i]]
        if null and self._blanks and all(f.get("type") in SCALARS for f in once):
            once, null = _with_blank(once), False
        if len(once) == 1 and not null:
            return once[0]
        bare = all(f.keys() <= {"type"} for f in once)
        if self._dialect.type_lists and (bare or (len(once) == 1 and once[0].get("type") in SCALARS)):
            kinds = [f["type"] for f in once] + (["null"] if null else [])
            found = {**once[0], "type": kinds}
            return {**found, "enum": [*found["enum"], None]} if "enum" in found and null else found
        return {"anyOf": [*once, *([{"type": "null"}] if null else [])]}

    def _defined(self, reference: str) -> Schema:
        """Return a reference to a definition, made once, which keeps recursion whole."""
        name = re.sub(r"[^A-Za-z0-9_-]", "_", reference.rsplit("/", 1)[-1]) or "root"
        if name not in self.definitions:
            self.definitions[name] = {}
            wanted, self._wanted = self._wanted, None  # a definition is asked for whole
            shapes = self._shapes.at({"$ref": reference})
            self.definitions[name] |= (
                {"description": words} if (words := description_of({}, shapes, "", self._dialect, ())) else {}
            )
            forms = self._forms(shapes, "")
            self.definitions[name] |= self._union(forms, null=False) if forms else {"type": "object"}
            self._wanted = wanted
        return {"$ref": f"#/$defs/{name}"}

    def _refers(self, reference: str, path: str) -> bool:
        """Whether a place is requested by reference: only where nothing below it is left out."""
        return (
            not self._shallow
            and self._whole(path)
            and (self._dialect.recursion or not self._shapes.recursive(reference))
        )

    def _too_deep(self, path: str) -> bool:
        """Whether an object or list at a place would be a level that the provider does not take."""
        most = self._dialect.most_depth
        return self._shallow and most is not None and path.count("/") >= most

    def _touches(self, path: str) -> bool:
        """Whether a place is asked for, lies above one that is, or below."""
        return path == "" or path in self._above or self._whole(path)

    def _whole(self, path: str) -> bool:
        """Whether all of a place is asked for."""
        wanted = self._wanted
        return wanted is None or path in wanted or any(above in wanted for above in _places_above(path))


def _names_below(places: Iterable[str]) -> dict[str, set[str]]:
    """Return the names of members by the place that holds them."""
    names = defaultdict[str, set[str]](set)
    for place in places:
        above, _, _ = place.rpartition("/")
        names[above].update(json_pointer.parts(place)[-1:])
    return names


def _places_above(path: str) -> Iterator[str]:
    """Yield the places that contain a place, without the root, nearest last.

    >>> list(_places_above("/lines/*/amount"))
    ['/lines', '/lines/*']
    """
    return (path[:i] for i, c in enumerate(path) if c == "/" and i)


def _with_blank(forms: list[Schema]) -> list[Schema]:
    """Return scalar forms of which one takes an empty text, which stands for null."""
    if len(forms) > 1:
        bare = [{"type": f["type"]} for f in forms]
        return bare if {"type": "string"} in bare else [*bare, {"type": "string"}]
    form = forms[0]
    values = form.get("enum") or (["true", "false"] if form["type"] == "boolean" else None)
    return [{"type": "string", "enum": [*map(str, values), ""]} if values else {"type": "string"}]


def _members_of(shapes: list[Shape]) -> str:
    """Return the names that a place may hold, in brackets."""
    names = dict.fromkeys(k for s in shapes for k in s.schema.get("properties") or {})
    return f" ({', '.join(names)})" if names else ""


def _only_reference(schema: Any) -> str | None:
    """Return the one reference that a place consists of, besides null and words; else None."""
    if not isinstance(schema, dict):
        return None
    words = {"description", "title", "default", "examples", *EXTRAS}
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
    """Return the schema of the values under free keys: of every pattern; {} where there are none or any."""
    extra = shape.schema.get("additionalProperties")
    values = [v for v in (extra, *(shape.schema.get("patternProperties") or {}).values()) if isinstance(v, dict) and v]
    return values[0] if len(values) == 1 else {"anyOf": values} if values else {}


def _type_of(value: Any) -> str:
    kinds: Iterable[tuple[type, str]] = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "string")
