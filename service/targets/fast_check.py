"""Accept values that plainly fit a schema, quickly; all others are left to the jsonschema library.

Nearly every answer fits, and the library takes ten times as long to say so as this does.
"""

from __future__ import annotations

from typing import Any

from thresher.schemas import json_pointer
from thresher.service.targets.validators import FORMATS

Schema = dict[str, Any]
_WORDS = {"description", "title", "$defs"}
_JUDGED = {"$ref", "type", "enum", "format", "anyOf", "properties", "required", "additionalProperties", "items"}
_KNOWN = _WORDS | _JUDGED
_TYPES: dict[type, frozenset[str]] = {
    str: frozenset({"string"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    bool: frozenset({"boolean"}),
    type(None): frozenset({"null"}),
    dict: frozenset({"object"}),
    list: frozenset({"array"}),
}


def certainly_fits(root: Schema, value: Any) -> bool:
    """Whether a value certainly fits; False means unknown.

    >>> schema = {"type": "object", "properties": {"due": {"type": ["string", "null"], "format": "date"}}}
    >>> certainly_fits(schema, {"due": "2024-03-03"}), certainly_fits(schema, {"due": "3 March"})
    (True, False)
    """
    return _fits(root, root, value)


def _fits(root: Schema, schema: Any, value: Any) -> bool:
    if not isinstance(schema, dict) or schema.keys() - _KNOWN:
        return schema is True
    if "$ref" in schema and not _fits(root, json_pointer.get(root, schema["$ref"].removeprefix("#")), value):
        return False
    if "anyOf" in schema and not any(_fits(root, branch, value) for branch in schema["anyOf"]):
        return False
    return _scalar_fits(schema, value) and _members_fit(root, schema, value)


def _scalar_fits(schema: Schema, value: Any) -> bool:
    """Whether type, choice and format are right. Choices are compared as texts only: in Python 1 is True."""
    if "type" in schema:
        wanted = schema["type"]
        kinds = _TYPES.get(type(value), frozenset())
        if kinds.isdisjoint(wanted) if isinstance(wanted, list) else wanted not in kinds:
            return False
    if "enum" in schema and not ((value is None or isinstance(value, str)) and value in schema["enum"]):
        return False
    return "format" not in schema or not isinstance(value, str) or FORMATS.conforms(value, schema["format"])


def _members_fit(root: Schema, schema: Schema, value: Any) -> bool:
    if isinstance(value, dict):
        named, extra = schema.get("properties", {}), schema.get("additionalProperties", True)
        if any(key not in value for key in schema.get("required", ())):
            return False
        return all(_fits(root, named.get(key, extra), member) for key, member in value.items())
    if isinstance(value, list) and "items" in schema:
        return all(_fits(root, schema["items"], member) for member in value)
    return True
