"""Resolve a JSON Schema into the shapes that a place may have, without references, unions and allOf.

A shape is a schema of exactly one type, with no `$ref`, `allOf`, `anyOf`, `oneOf` or list of types at its top. A place
has one shape for each type and branch that its schema allows. Schemas are those of `thresher.service.targets.draft_upgrade`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from thresher.schemas import json_pointer

Schema = dict[str, Any]
Trail = tuple[str, ...]
MAX_SHAPES = 24  # of one place; beyond it the branches that are objects become one
_UNIONS = ("anyOf", "oneOf")
_HINTS = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "propertyNames"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
    "string": ("pattern", "minLength", "maxLength", "format", "contentEncoding", "contentMediaType"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_TEXTS = ("title", "description", "default", "examples")
_JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape that a place may have. `trail` holds the references followed from the root to here."""

    schema: Schema
    trail: Trail = ()
    tags: frozenset[str] = frozenset()  # properties that tell this branch of a union from the others
    words: str = ""  # what a branch of a union says of itself, whatever the place says

    @property
    def type(self) -> str:
        """Return the JSON type, or "any"."""
        return str(self.schema.get("type", "any"))


class Shapes:
    """Resolves the shapes of one schema."""

    def __init__(self, root: Schema, again: int = 1) -> None:
        """Take the root; `again` is how often a reference may recur on the way down before it is cut."""
        self.root, self._again = root, again
        self._known: dict[tuple[int, Trail], tuple[Schema, list[Shape]]] = {}  # by the schema's identity, kept alive

    def at(self, schema: Schema | bool, trail: Trail = ()) -> list[Shape]:  # noqa: FBT001 - true and false are schemas
        """Return the shapes of one place, not to be changed. Empty where nothing is allowed, or recursion is cut."""
        if isinstance(schema, bool):
            return [Shape({}, trail)] if schema else []
        known = self._known.get((id(schema), trail))
        if known is None:
            known = self._known[id(schema), trail] = (schema, self._found(schema, trail))
        return known[1]

    def _found(self, schema: Schema, trail: Trail) -> list[Shape]:
        reference = schema.get("$ref")
        if reference is not None:
            return self._followed(schema, reference, trail)
        found = [Shape(own, trail) for own in _own(schema)]
        for part in schema.get("allOf", ()):
            found = _crossed(found, self.at(part, trail))
        for union in _UNIONS:
            if union in schema:
                branches = [s for part in schema[union] for s in self.at(part, trail)]
                found = _crossed(found, _tagged([_worded(s) for s in branches]))
        return [self._conditional(s, schema) for s in _few(found)]

    def recursive(self, reference: str) -> bool:
        """Whether a reference leads to itself again, directly or through others."""
        seen: set[str] = set()
        todo = [reference]
        while todo:
            found = set(_references(json_pointer.get(self.root, todo.pop().removeprefix("#")))) - seen
            seen |= found
            todo += found
        return reference in seen

    def _followed(self, schema: Schema, reference: str, trail: Trail) -> list[Shape]:
        if trail.count(reference) > self._again:
            return []
        beside = {k: v for k, v in schema.items() if k != "$ref"}
        there = self.at(json_pointer.get(self.root, reference.removeprefix("#")), (*trail, reference))
        return _few(_crossed(self.at(beside, trail), there)) if beside else there

    def _conditional(self, shape: Shape, schema: Schema) -> Shape:
        """Add the properties that if, then, else and dependentSchemas name, none of them required."""
        parts = [schema[k] for k in ("if", "then", "else") if k in schema] + list(
            (schema.get("dependentSchemas") or {}).values()
        )
        named = [s.schema for part in parts for s in self.at(part, shape.trail) if s.schema.get("properties")]
        if not named or shape.type not in {"object", "any"}:
            return shape
        found = dict(shape.schema.get("properties") or {})
        for properties in (n["properties"] for n in named):
            for key, member in properties.items():
                found[key] = {"anyOf": [found[key], member]} if key in found and found[key] != member else member
        return replace(shape, schema={**shape.schema, "type": "object", "properties": found})


def _references(schema: Any) -> Iterator[str]:
    """Yield every reference inside a schema, definitions aside."""
    members = [schema]
    while members:
        member = members.pop()
        if isinstance(member, dict):
            if isinstance(member.get("$ref"), str):
                yield member["$ref"]
            members += [v for k, v in member.items() if k not in {"$defs", "definitions"}]
        elif isinstance(member, list):
            members += member


def _own(schema: Schema) -> Iterator[Schema]:
    """Yield a schema's own keywords, once for each of its types."""
    hidden = {
        "$ref",
        "allOf",
        *_UNIONS,
        "$defs",
        "definitions",
        "if",
        "then",
        "else",
        "dependentSchemas",
        "discriminator",
    }
    own = {k: v for k, v in schema.items() if k not in hidden}
    for kind in _types(own):
        if kind == "null":
            yield {"type": "null", **{k: own[k] for k in _TEXTS if k in own and k != "default"}}
        elif kind is None:
            yield own
        else:
            yield {**own, "type": kind, **_choices(own, kind)}


def _types(own: Schema) -> list[str | None]:
    stated = own.get("type")
    if stated is not None:
        return list(stated) if isinstance(stated, list) else [stated]
    values = own["enum"] if isinstance(own.get("enum"), list) else [own["const"]] if "const" in own else None
    if values is not None:
        return list(dict.fromkeys(_JSON_TYPES.get(type(v)) for v in values))
    return [next((kind for kind, words in _HINTS.items() if any(w in own for w in words)), None)]


def _choices(own: Schema, kind: str) -> Schema:
    """Return the enum's values that have the type."""
    if not isinstance(own.get("enum"), list):
        return {}
    fitting = {kind, "integer"} if kind == "number" else {kind}
    return {"enum": [v for v in own["enum"] if _JSON_TYPES.get(type(v)) in fitting]}


def _crossed(one: list[Shape], other: list[Shape]) -> list[Shape]:
    """Return every shape that is both one of the first and one of the second."""
    found = []
    for a in one:
        for b in other:
            both = merged_schema(a.schema, b.schema)
            if both is not None:
                trail = a.trail if len(a.trail) >= len(b.trail) else b.trail
                found.append(Shape(both, trail, a.tags | b.tags, b.words or a.words))
    return _few(found)


def merged_schema(outer: Schema, inner: Schema) -> Schema | None:
    """Merge two schemas into one that requires both, or None where none can. Texts of the outer one win.

    >>> merged_schema({"description": "due"}, {"type": "string", "description": "a day", "format": "date"})
    {'description': 'due', 'type': 'string', 'format': 'date'}
    """
    kind = _common_type(outer.get("type"), inner.get("type"))
    if kind == "":
        return None
    found = {**inner, **outer}
    if kind:
        found["type"] = kind
    if "required" in outer and "required" in inner:
        found["required"] = list(dict.fromkeys([*outer["required"], *inner["required"]]))
    if isinstance(outer.get("enum"), list) and isinstance(inner.get("enum"), list):
        found["enum"] = [v for v in outer["enum"] if v in inner["enum"]]
    for keyword in ("properties", "patternProperties"):
        if keyword in outer and keyword in inner:
            found[keyword] = _both_named(outer[keyword], inner[keyword])
    if "items" in outer and "items" in inner:
        found["items"] = _both(outer["items"], inner["items"])
    return {"description": found.pop("description"), **found} if "description" in found else found


def _common_type(a: str | None, b: str | None) -> str | None:
    """Return the narrower of two types, None where both are open, "" where they exclude each other."""
    if a is None or b is None or a == b:
        return a or b
    return "integer" if {a, b} == {"integer", "number"} else ""


def _both_named(outer: Schema, inner: Schema) -> Schema:
    return {
        k: _both(outer[k], inner[k]) if k in outer and k in inner else outer.get(k, inner.get(k))
        for k in {**inner, **outer}
    }


def _both(a: Any, b: Any) -> Any:
    return a if a == b or b is True else b if a is True else {"allOf": [a, b]}


def _worded(branch: Shape) -> Shape:
    """Return a branch of a union with its own description, which that of the place may hide."""
    return replace(branch, words=branch.words or str(branch.schema.get("description") or ""))


def _tagged(branches: list[Shape]) -> list[Shape]:
    """Return the branches of a union with the properties that tell them apart."""
    objects = [b for b in branches if b.type == "object"]
    if len(objects) < 2:
        return branches
    fixed = [{k for k, v in (b.schema.get("properties") or {}).items() if _is_tag(v)} for b in objects]
    tags = frozenset(set.intersection(*fixed))
    return [replace(b, tags=b.tags | tags) if b.type == "object" else b for b in branches]


def _is_tag(schema: Any) -> bool:
    return isinstance(schema, dict) and ("const" in schema or len(schema.get("enum") or ()) == 1)


def _few(shapes: list[Shape]) -> list[Shape]:
    """Remove repeats; too many objects become one that has the properties of all."""
    once: list[Shape] = []
    for shape in shapes:
        if all((shape.schema, shape.words) != (other.schema, other.words) for other in once):
            once.append(shape)
    objects = [s for s in once if s.type == "object"]
    if len(once) <= MAX_SHAPES or len(objects) < 2:
        return once
    return [*(s for s in once if s.type != "object"), joined_objects(objects)]


def joined_objects(objects: list[Shape]) -> Shape:
    """Join objects into one with the properties of all; required is what all require."""
    names = dict.fromkeys(k for o in objects for k in o.schema.get("properties") or {})
    properties: Schema = {}
    for name in names:
        members: list[Any] = []
        for schema in [o.schema["properties"][name] for o in objects if name in (o.schema.get("properties") or {})]:
            members += [] if schema in members else [schema]
        properties[name] = members[0] if len(members) == 1 else {"anyOf": members}
    required = [k for k in names if all(k in o.schema.get("required", ()) for o in objects)]
    texts = {k: v for k, v in objects[0].schema.items() if k in _TEXTS}
    whole = {**texts, "type": "object", "properties": properties, "required": required}
    open_ended = [
        o.schema["additionalProperties"] for o in objects if isinstance(o.schema.get("additionalProperties"), dict)
    ]
    return Shape(
        {**whole, **({"additionalProperties": open_ended[0]} if open_ended else {})},
        max((o.trail for o in objects), key=len),
        words="; or ".join(dict.fromkeys(o.words for o in objects if o.words)),
    )
