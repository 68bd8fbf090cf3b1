"""Every dialect, on schemas of the shapes that people really have: what is asked keeps the provider's published rules.

The rules are written here once more, from the providers' pages, and not taken from what builds the schemas.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest

from thresher.schemas import json_pointer
from thresher.schemas.library import library_names
from thresher.schemas.target import Target
from thresher.service.extraction.planning.field_groups import groups_of
from thresher.service.provider_schemas.dialects import Name
from thresher.service.provider_schemas.request_schema import RequestSchema
from thresher.service.provider_schemas.schema_size import measured_size
from thresher.service.targets.loading import load_target, target_from_schema

NAMES: tuple[Name, ...] = tuple(n for n in get_args(Name) if n != "lenient")
TEXT: dict[str, Any] = {"type": "string"}
WORDS = {"description", "type", "properties", "required", "items", "anyOf", "enum", "$ref", "$defs"}
TAKEN: dict[Name, set[str]] = {
    "openai_strict": WORDS
    | {"additionalProperties", "pattern", "format", "minimum", "maximum"}
    | {"exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "gemini": WORDS | {"additionalProperties"},
    "anthropic": WORDS | {"additionalProperties", "format"},
}


def deep(levels: int) -> dict[str, Any]:
    """Objects in objects."""
    inside: dict[str, Any] = {"type": "object", "properties": {"leaf": TEXT, "size": {"type": "integer"}}}
    for level in range(levels):
        inside = {"type": "object", "properties": {f"level{level}": inside, "name": TEXT}}
    return inside


SHAPES: dict[str, dict[str, Any]] = {
    "a tree that holds itself": {
        "type": "object",
        "properties": {"root": {"$ref": "#/$defs/node"}, "title": {"type": "string", "minLength": 2, "maxLength": 80}},
        "$defs": {
            "node": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": TEXT,
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    "other": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
            }
        },
    },
    "a union told by a tag": {
        "type": "object",
        "properties": {
            "payment": {
                "oneOf": [
                    {
                        "type": "object",
                        "properties": {"amount": {"type": "number"}, "by": {"const": "card"}, "last": TEXT},
                    },
                    {
                        "type": "object",
                        "properties": {"amount": {"type": "number"}, "by": {"const": "bank"}, "iban": TEXT},
                    },
                ]
            }
        },
    },
    "a union that nothing tells": {
        "type": "object",
        "properties": {
            "place": {
                "anyOf": [
                    TEXT,
                    {"type": "object", "properties": {"city": TEXT, "street": TEXT}},
                    {"type": "object", "properties": {"city": TEXT, "box": {"type": "integer"}}},
                    {"type": "array", "items": {"type": "number"}},
                ]
            }
        },
    },
    "a configuration with free keys": {
        "type": "object",
        "properties": {
            "scripts": {"type": "object", "additionalProperties": TEXT},
            "rules": {"type": "object", "patternProperties": {"^x-": {"type": ["boolean", "integer"]}}},
            "open": {"type": "object", "properties": {"a": TEXT}, "additionalProperties": {"type": "number"}},
            "files": {"type": "array", "items": TEXT, "uniqueItems": True, "minItems": 1},
        },
    },
    "tuples and bounds": {
        "type": "object",
        "properties": {
            "point": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "items": False},
            "box": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
            "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "multipleOf": 0.01},
            "code": {"type": "string", "pattern": "^(?!00)[0-9]{2}$"},
            "plain": {"type": "string", "pattern": "^[A-Z]{3}$"},
        },
    },
    "long lists of choices": {
        "type": "object",
        "properties": {
            **{f"list{n}": {"enum": [f"{n} choice {i}" for i in range(200)]} for n in range(7)},
            "longest": {"type": "string", "enum": [f"c{i}" for i in range(900)]},
            "number": {"enum": [1, 2, 3]},
            "mixed": {"enum": ["a", 1, None, True]},
        },
    },
    "formats": {
        "type": "object",
        "properties": {
            f.replace("-", "_"): {"type": "string", "format": f}
            for f in ("date", "date-time", "time", "duration", "email", "uri", "uuid", "ipv4", "hostname", "regex")
        },
    },
    "parts put together": {
        "type": "object",
        "allOf": [{"properties": {"a": TEXT}}, {"properties": {"b": {"allOf": [TEXT, {"maxLength": 9}]}}}],
        "if": {"properties": {"a": {"const": "x"}}},
        "then": {"properties": {"c": {"type": "integer"}}},
        "dependentRequired": {"a": ["b"]},
    },
    "fourteen levels": deep(14),
    "four hundred fields in lists": {
        "type": "object",
        "$defs": {
            "entry": {
                "type": "object",
                "properties": {
                    "value": {"type": ["number", "string", "null"]},
                    "period": TEXT,
                    "unit": TEXT,
                    "scale": {"type": ["integer", "null"]},
                },
            }
        },
        "properties": {
            part: {
                "type": "object",
                "properties": {f"{part}_{i}": {"type": "array", "items": {"$ref": "#/$defs/entry"}} for i in range(34)},
            }
            for part in ("assets", "income", "flows")
        },
    },
    "three hundred single facts": {
        "type": "object",
        "properties": {f"fact{i}": {"type": ["string", "null"]} if i % 3 else {"type": "number"} for i in range(300)},
    },
    "an item of two hundred fields": {
        "type": "object",
        "properties": {
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": TEXT, **{f"f{i}": TEXT for i in range(200)}},
                },
            }
        },
    },
}


def targets() -> Iterator[Any]:
    """Every shape, and every ready-made target."""
    for name, schema in SHAPES.items():
        yield pytest.param(target_from_schema(schema, name), id=name)
    for name in library_names():
        yield pytest.param(load_target(name), id=name)


def questions(target: Target, dialect: Name) -> tuple[RequestSchema, ...]:
    """All that is asked of a target; made once for all tests."""
    key = (id(target), dialect)  # targets stay in ALL
    if key not in made:
        made[key] = tuple(asked for group in groups_of(target, dialect) for asked in (group.asked, *group.beside))
    return made[key]


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a schema, definitions too."""
    if isinstance(schema, dict):
        yield schema
        named = [*(schema.get("properties") or {}).values(), *(schema.get("$defs") or {}).values()]
        rest = [
            schema.get("items"),
            schema.get("additionalProperties"),
            *schema.get("anyOf", ()),
            *schema.get("prefixItems", ()),
        ]
        for member in [*named, *rest]:
            yield from nodes(member)


ALL = [*targets()]
made: dict[tuple[int, Name], tuple[RequestSchema, ...]] = {}


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("target", ALL)
def test_what_is_asked_is_valid_and_requires_everything(target: Target, dialect: Name) -> None:
    """In every dialect: valid JSON Schema, an object at the root, all properties required, every field asked for."""
    for asked in questions(target, dialect):
        jsonschema.Draft202012Validator.check_schema(asked.schema)
        assert asked.schema["type"] == "object"
        for node in nodes(asked.schema):
            assert node.get("required", []) == list(node.get("properties") or {})
            assert not node.keys() & {"default", "oneOf", "allOf", "not", "if", "patternProperties", "title"}
            assert "$ref" not in node or node.keys() == {"$ref"}


@pytest.mark.parametrize("dialect", TAKEN)
@pytest.mark.parametrize("target", ALL)
def test_providers_find_nothing_that_they_refuse(target: Target, dialect: Name) -> None:
    """No keyword, value of additionalProperties or recursion that a provider's page does not list as taken."""
    for asked in questions(target, dialect):
        for node in nodes(asked.schema):
            assert node.keys() <= TAKEN[dialect]
            assert node.get("additionalProperties", False) is False
            assert "properties" not in node or node["additionalProperties"] is False
        if dialect != "openai_strict":
            assert not recursive(asked.schema)


@pytest.mark.parametrize("target", ALL)
def test_openais_limits_are_kept(target: Target) -> None:
    """5,000 properties, 10 levels, 1,000 choices, 120,000 characters; objects of a union begin with different keys."""
    for asked in questions(target, "openai_strict"):
        size = measured_size(asked.schema)
        assert size.properties <= 5_000
        assert size.depth <= 10
        assert size.choices <= 1_000
        assert size.letters <= 120_000
        for node in nodes(asked.schema):
            objects = [b for b in node.get("anyOf", ()) if "properties" in b]
            first = [next(iter(b["properties"].items())) for b in objects]
            assert len({json.dumps(f) for f in first}) == len(first)
            assert len({k for k, _ in first}) == len(first) or all("enum" in v for _, v in first)
            assert not any(look in node.get("pattern", "") for look in ("(?!", "(?=", "(?<"))


@pytest.mark.parametrize("target", ALL)
def test_anthropics_limit_of_unions_is_kept(target: Target) -> None:
    """16 places of several types in one question at most, and every answer of nothing is read as nothing."""
    for asked in questions(target, "anthropic"):
        assert measured_size(asked.schema).unions <= 16
        blank = nothing(asked.schema, asked.schema)
        assert not list(json_pointer.leaves(asked.read(blank)))
        assert asked.check(asked.read(blank)) == []


@pytest.mark.parametrize("dialect", NAMES)
def test_the_whole_is_judged_by_all_that_the_target_says(dialect: Name) -> None:
    """What a dialect was not asked for still counts: bounds, lengths, patterns, counts, dependencies."""
    for name, wrong, place in (
        ("tuples and bounds", {"share": 1.5}, "/share"),
        ("tuples and bounds", {"code": "00"}, "/code"),
        ("tuples and bounds", {"box": [1]}, "/box"),
        ("a configuration with free keys", {"files": ["a", "a"]}, "/files"),
        ("long lists of choices", {"longest": "c900"}, "/longest"),
        ("formats", {"uuid": "no"}, "/uuid"),
    ):
        target = target_from_schema(SHAPES[name], name)
        asked = next(q for q in questions(target, dialect) if place[1:] in q.schema["properties"])
        errors = target.validate(asked.read(wrong)).errors
        assert [e.path for e in errors] == [place]


def recursive(root: dict[str, Any]) -> bool:
    """Whether a definition can be reached from itself."""
    inside = {
        n: {r["$ref"].rsplit("/", 1)[-1] for r in nodes(s) if "$ref" in r} for n, s in root.get("$defs", {}).items()
    }
    for name in inside:
        seen, todo = set[str](), [name]
        while todo:
            found = inside[todo.pop()] - seen
            seen |= found
            todo += found
        if name in seen:
            return True
    return False


def nothing(root: dict[str, Any], schema: dict[str, Any]) -> Any:
    """The answer that states nothing."""
    if "$ref" in schema:
        return nothing(root, json_pointer.get(root, schema["$ref"].removeprefix("#")))
    kinds = schema.get("type", [])
    if "anyOf" in schema:
        branches = schema["anyOf"]
        if any(b.get("type") == "array" for b in branches):
            return []
        return None if {"type": "null"} in branches else nothing(root, branches[0])
    if "null" in kinds:
        return None
    if kinds == "object":
        return {k: nothing(root, v) for k, v in schema["properties"].items()}
    return [] if "array" in kinds else schema["enum"][0] if "enum" in schema and "" not in schema["enum"] else ""


@pytest.mark.parametrize("dialect", NAMES)
def test_groups_beside_a_flat_list_are_groups_again(dialect: Name) -> None:
    """Where a field is a list of texts or a map of lists, entries of key and value are the map."""
    texts = {"type": "array", "items": {"type": "string"}}
    skills = {"anyOf": [texts, {"type": "object", "additionalProperties": texts}]}
    target = target_from_schema({"type": "object", "properties": {"skills": skills}, "required": ["skills"]}, "r")
    (asked,) = questions(target, dialect)
    for answer, right in (([{"key": "Tools", "value": ["saw"]}], {"Tools": ["saw"]}), (["saw"], ["saw"]), ([], [])):
        data = asked.read({"skills": answer})
        assert data == {"skills": right}
        assert asked.check(data) == []
