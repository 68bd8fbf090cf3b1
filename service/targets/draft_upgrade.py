"""Convert a JSON Schema of any common draft to 2020-12, with all references as pointers into itself."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from thresher.schemas import json_pointer
from thresher.service.targets.linear_patterns import SUBSCHEMA_MAP_KEYWORDS

SUBSCHEMA_KEYWORDS = (
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
)
MORE_SUBSCHEMA_KEYWORDS = ("unevaluatedProperties", "contentSchema", "additionalItems")
SUBSCHEMA_LIST_KEYWORDS = ("allOf", "anyOf", "oneOf", "prefixItems")
EXTRAS = {"key", "method", "x-method", "x-derived", "x-aliases"}  # our own words beside a field
ANNOTATIONS = {"title", "description", "default", "examples", "deprecated", *EXTRAS}
_DROPPED = ("$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$comment", "$vocabulary")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class UnusableError(ValueError):
    """The schema cannot be followed; the message says where and why."""


def upgrade_draft(schema: dict[str, Any], *, siblings: bool) -> dict[str, Any]:
    """Convert a schema to 2020-12. `siblings` says that keywords beside a `$ref` count (drafts from 2019-09 on).

    Raises UnusableError for references that leave the schema (nothing is ever fetched) or point to nothing.

    >>> upgrade_draft({"items": [{"$ref": "#/definitions/n"}], "definitions": {"n": {"minimum": 0, "exclusiveMinimum": True}}},
    ...          siblings=False)
    {'definitions': {'n': {'exclusiveMinimum': 0}}, 'prefixItems': [{'$ref': '#/definitions/n'}]}
    """
    return _Upgrade(copy.deepcopy(schema), siblings=siblings).run()


class _Upgrade:
    def __init__(self, root: dict[str, Any], *, siblings: bool) -> None:
        self._root, self._siblings = root, siblings
        self._places: dict[str, str] = {"": ""}  # absolute URI of a schema or anchor to its pointer
        self._references: list[tuple[dict[str, Any], str, str]] = []  # holder, reference, base
        self._seen: set[str] = set()

    def run(self) -> dict[str, Any]:
        self._visit(self._root, "", "")
        while self._references:
            holder, reference, base = self._references.pop()
            holder["$ref"] = f"#{self._pointer(reference, base)}"
        return self._root

    def _visit(self, schema: Any, pointer: str, base: str) -> None:
        if not isinstance(schema, dict) or pointer in self._seen:
            return
        self._seen.add(pointer)
        base = self._name(schema, pointer, base)
        _modernise(schema)
        for keyword in _REFERENCES:
            if isinstance(schema.get(keyword), str):
                self._refer(schema, keyword, base)
        for place, member in _members(schema, pointer):
            self._visit(member, place, base)

    def _name(self, schema: dict[str, Any], pointer: str, base: str) -> str:
        for keyword in ("$id", "id"):
            name = schema.get(keyword)
            if isinstance(name, str):
                absolute, anchor = urldefrag(urljoin(base, name) if base else name)
                base = absolute or base
                self._places.setdefault(f"{base}#{anchor}" if anchor else base, pointer)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(schema.get(keyword), str):
                self._places.setdefault(f"{base}#{schema[keyword]}", pointer)
        for keyword in _DROPPED:
            if isinstance(schema.get(keyword), (str, bool)) or keyword == "$vocabulary":
                schema.pop(keyword, None)
        return base

    def _refer(self, schema: dict[str, Any], keyword: str, base: str) -> None:
        self._references.append((schema, schema.pop(keyword), base))
        if not self._siblings:
            for other in [k for k in schema if k not in ANNOTATIONS and k not in {"$defs", "definitions"}]:
                del schema[other]

    def _pointer(self, reference: str, base: str) -> str:
        absolute = base + reference if reference.startswith("#") else urljoin(base, reference) if base else reference
        document, fragment = urldefrag(absolute)
        if fragment and not fragment.startswith("/"):
            document, fragment = f"{document}#{fragment}", ""
        if document not in self._places:
            raise UnusableError(
                f"$ref {reference!r} leaves the schema and is never fetched; copy what it names into $defs"
            )
        pointer = self._places[document] + _moved(unquote(fragment))
        self._visit(self._at(pointer, reference), pointer, base)
        return pointer

    def _at(self, pointer: str, reference: str) -> Any:
        found: Any = self._root
        for key in json_pointer.parts(pointer):
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                raise UnusableError(f"$ref {reference!r} points to nothing")
        if not isinstance(found, (dict, bool)):
            raise UnusableError(f"$ref {reference!r} points to something that is no schema")
        return found


def _members(schema: dict[str, Any], pointer: str) -> Iterator[tuple[str, Any]]:
    """Yield (pointer, schema) of every schema directly inside another."""
    for keyword in (*SUBSCHEMA_KEYWORDS, *MORE_SUBSCHEMA_KEYWORDS):
        if keyword in schema:
            yield f"{pointer}/{keyword}", schema[keyword]
    for keyword in SUBSCHEMA_LIST_KEYWORDS:
        members = schema.get(keyword)
        for i, member in enumerate(members if isinstance(members, list) else ()):
            yield f"{pointer}/{keyword}/{i}", member
    for keyword in SUBSCHEMA_MAP_KEYWORDS:
        for name, member in _named(schema.get(keyword)).items():
            yield json_pointer.join(f"{pointer}/{keyword}", name), member


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _named(value: Any) -> dict[str, Any]:
    """Return the members of a keyword; none where an older draft let another kind of value stand there."""
    return value if isinstance(value, dict) else {}


def _modernise(schema: dict[str, Any]) -> None:
    """Rewrite the keywords that changed their form between drafts, in place."""
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
        if "additionalItems" in schema:
            schema["items"] = schema.pop("additionalItems")
    schema.pop("additionalItems", None)
    for bound in ("minimum", "maximum"):
        strict = f"exclusive{bound.capitalize()}"
        if isinstance(schema.get(strict), bool) and schema.pop(strict) and bound in schema:
            schema[strict] = schema.pop(bound)
    for name, member in _named(schema.get("properties")).items():  # draft 3, and a common slip since
        if isinstance(member, dict) and isinstance(member.get("required"), bool) and member.pop("required"):
            schema["required"] = [*_listed(schema.get("required")), name]
    for name, needed in _named(schema.pop("dependencies", None)).items():
        keyword = "dependentRequired" if isinstance(needed, list) else "dependentSchemas"
        schema[keyword] = {**_named(schema.get(keyword)), name: needed}
    if schema.pop("nullable", False) is True and "type" in schema:  # OpenAPI 3.0
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = list(dict.fromkeys([*kinds, "null"]))
        values = schema.get("enum")
        if isinstance(values, list) and None not in values:
            schema["enum"] = [*values, None]


def _moved(pointer: str) -> str:
    """Return a pointer into a tuple's items, adjusted to where `_modernise` has moved them."""
    keys = pointer.split("/")
    pairs = zip(keys, [*keys[1:], ""], strict=True)
    return "/".join("prefixItems" if k == "items" and after.isdigit() else k for k, after in pairs)
