"""Asked schemas in every dialect, and answers brought back into the target's shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas import json_pointer
from thresher.schemas.library import library_names
from thresher.service.provider_schemas.dialects import DIALECTS, Name
from thresher.service.provider_schemas.request_schema import (
    build_schema,
    check_answer,
    coerce,
    request_schema_of,
    restore,
)
from thresher.service.targets.loading import load_target, target_from_schema

NAMES: tuple[Name, ...] = get_args(Name)
NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "parts": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A thing of every kind",
    "$defs": {"node": NODE},
    "required": ["code"],
    "properties": {
        "code": {"type": "string", "pattern": "^[A-Z]{3}$", "maxLength": 3, "description": "Its code."},
        "size": {"type": "integer", "minimum": 1, "default": 3, "title": "How big"},
        "share": {"type": "number"},
        "day": {"type": ["string", "null"], "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "kind": {"enum": ["small", "large"]},
        "done": {"type": "boolean"},
        "many": {"enum": [f"choice {i}" for i in range(600)]},
        "names": {"type": "array", "items": {"type": "string"}, "maxItems": 3, "uniqueItems": True},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "amount": {"type": "number"}},
                "additionalProperties": False,
            },
        },
        "rates": {"type": "object", "additionalProperties": {"type": "number"}},
        "open": {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "additionalProperties": {"type": "integer"},
        },
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        "pet": {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"is": {"const": "cat"}, "lives": {"type": "integer"}},
                    "required": ["is"],
                },
                {
                    "type": "object",
                    "properties": {"is": {"const": "dog"}, "trick": {"type": "string"}},
                    "required": ["is"],
                },
            ]
        },
        "tree": {"$ref": "#/$defs/node"},
        "either": {"type": ["string", "integer"]},
    },
}
TARGET = target_from_schema(SCHEMA)


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for member in schema.values():
            yield from _nodes(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _nodes(member)


def _objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [n for n in _nodes(schema) if isinstance(n.get("properties"), dict) and "type" in n]


@pytest.mark.parametrize("dialect", NAMES)
def test_everything_is_required_in_every_dialect(dialect: Name) -> None:
    """Objects require all they name, nothing has a default, and the schema itself is valid."""
    schema = build_schema(TARGET, dialect=dialect)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == list(SCHEMA["properties"])
    for found in _objects(schema):
        assert found["required"] == list(found["properties"])
        assert found.get("additionalProperties", False) is not True
    assert not [n for n in _nodes(schema["properties"]) if "default" in n or "oneOf" in n or "allOf" in n]


@pytest.mark.parametrize("dialect", NAMES)
def test_an_answer_of_nothing_fits_and_a_fragment_does_not(dialect: Name) -> None:
    """Null for every fact and [] for every list is a whole answer; leaving one out is not."""
    asked = request_schema_of(TARGET, dialect=dialect)
    blank = _blank(asked.schema)
    assert check_answer(asked.schema, blank) == []
    assert asked.check(asked.read(blank)) == []
    del blank["size"]
    assert [e.path for e in check_answer(asked.schema, blank)] == ["/size"]
    assert [e.path for e in asked.check(asked.read(blank))] == ["/size"]


def _blank(schema: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {"array": [], "object": {}, "string": "", "['string', 'integer']": ""}
    return {k: empty.get(str(s.get("type"))) for k, s in schema["properties"].items()}


@pytest.mark.parametrize("dialect", NAMES)
def test_what_a_dialect_does_not_take_is_said_in_words(dialect: Name) -> None:
    """Constraints stand either in the schema or in the description; descriptions are kept."""
    properties = build_schema(TARGET, dialect=dialect)["properties"]
    keeps = DIALECTS[dialect].keeps
    assert properties["code"]["description"].startswith("Its code")
    assert ("pattern ^[A-Z]{3}$" in properties["code"]["description"]) == ("pattern" not in keeps)
    assert "also called How big" in properties["size"]["description"]
    assert "at most 3 items" in properties["names"]["description"]
    unknown = {"pattern", "maxLength", "minimum", "maximum"} - keeps
    assert not [n for n in _nodes(properties) if n.keys() & unknown and "type" in n]
    long = DIALECTS[dialect].most_choices < 600
    assert ("one of choice 0, choice 1" in properties["many"].get("description", "")) == long


def test_recursion_is_kept_where_allowed_and_cut_elsewhere() -> None:
    """$defs hold recursion; without it the schema is finite, and nothing stands beside a $ref."""
    assert build_schema(TARGET, dialect="openai_strict")["$defs"].keys() == {"node"}
    cut = build_schema(TARGET, dialect="anthropic")
    assert "$defs" not in cut
    for dialect in NAMES:
        for node in _nodes(build_schema(TARGET, dialect=dialect)["properties"]):
            assert "$ref" not in node or node.keys() == {"$ref"}


def test_a_subset_asks_for_nothing_else() -> None:
    """Only the wanted leaves and what leads to them are asked."""
    schema = build_schema(TARGET, ["/lines/*/amount", "/day"])
    assert list(schema["properties"]) == ["day", "lines"]
    assert list(schema["properties"]["lines"]["items"]["properties"]) == ["amount"]
    with pytest.raises(ValueError, match="no field"):
        build_schema(TARGET, ["/nowhere"])


def test_maps_come_back_as_maps() -> None:
    """Lists of key and value, alone or beside named keys, are restored."""
    answer = {"rates": [{"key": "EUR", "value": 1.5}], "open": {"a": "x", "other_entries": [{"key": "b", "value": 2}]}}
    assert restore(TARGET, answer) == {"rates": {"EUR": 1.5}, "open": {"a": "x", "b": 2}}


def test_values_as_displayed_are_read() -> None:
    """Numbers, dates, choices, booleans, single list items and misspelt keys are read where they have one reading."""
    answer = {
        "Code": 123,
        "size": "1.204",
        "share": "1.204,50 €",
        "day": "March 3, 2024",
        "at": "3.3.2024 10:15",
        "kind": "Large",
        "done": "ja",
        "names": "one",
        "lines": {"text": "a", "amount": "(5.00)"},
        "pair": ["x", "3"],
        "pet": {"is": "dog", "trick": "sit", "lives": None},
        "either": "7",
        "invented": 1,
    }
    assert coerce(TARGET, answer) == {
        "code": "123",
        "size": 1204,
        "share": 1204.5,
        "day": "2024-03-03",
        "at": "2024-03-03T10:15:00",
        "kind": "large",
        "done": True,
        "names": ["one"],
        "lines": [{"text": "a", "amount": -5}],
        "pair": ["x", 3],
        "pet": {"is": "dog", "trick": "sit"},
        "either": "7",
    }


def test_what_has_two_readings_stays_and_is_told() -> None:
    """An ambiguous date is left as displayed, unless the document's habit is known; the message names the place."""
    asked = request_schema_of(TARGET)
    data = asked.read({"day": "03/04/2024"})
    assert data["day"] == "03/04/2024"
    assert [e.message for e in asked.check(data) if e.path == "/day"] == ['is no valid date: "03/04/2024"']
    assert request_schema_of(TARGET, order="dmy").read({"day": "03/04/2024"})["day"] == "2024-04-03"


def test_absence_in_words_is_null() -> None:
    """N/A is null where a number or a date is wanted, and a text where a text is."""
    assert coerce(TARGET, {"size": "N/A", "day": "", "code": "N/A", "names": None}) == {
        "size": None,
        "day": None,
        "code": "N/A",
        "names": [],
    }


def test_complaints_name_the_branch_that_was_meant() -> None:
    """Of a union, the errors are those of the branch whose tag the answer has."""
    errors = check_answer(build_schema(TARGET), {"pet": {"is": "dog"}, "tree": {"name": 1, "parts": []}})
    told = {e.path: e.message for e in errors}
    assert told["/pet/trick"] == "is missing"
    assert told["/tree/name"] == "must be string or null, not 1"


@pytest.mark.parametrize("name", library_names())
def test_ready_made_targets_are_asked_in_unlike_dialects(name: str) -> None:
    """A ready-made target keeps its words and its lists, by reference or inlined."""
    target = load_target(name)
    for dialect in ("openai_strict", "gemini"):
        schema = build_schema(target, dialect=dialect)
        assert schema["description"]
        assert len([n for n in _nodes(schema) if n.get("type") == "array"]) >= len(target.lists)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SCHEMA["properties"], "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(list(SCHEMA["properties"])), JSON, max_size=6))
def test_any_answer_is_read_and_judged(answer: dict[str, Any]) -> None:
    """No JSON makes reading or judging raise, and reading twice changes nothing more."""
    asked = request_schema_of(TARGET)
    data = asked.read(answer)
    assert asked.read(data) == data
    assert asked.check(data) == check_answer(asked.lenient, data)
    TARGET.validate(data)


def test_an_empty_text_is_null_again_and_figures_in_text_are_figures() -> None:
    """Where a dialect takes few unions, scalars are asked for without null, and the answer reads as if they were not."""
    facts = {f"t{i}": {"type": "string"} for i in range(20)}
    more = {
        "n": {"type": "number"},
        "b": {"type": "boolean"},
        "e": {"enum": [1, 2]},
        "d": {"type": "string", "format": "date"},
    }
    target = target_from_schema({"type": "object", "properties": {**facts, **more}})
    asked = request_schema_of(target, dialect="anthropic")
    assert asked.schema["properties"]["b"]["enum"] == ["true", "false", ""]
    assert asked.schema["properties"]["e"] == {"type": "string", "enum": ["1", "2", ""]}
    given = {**dict.fromkeys(facts, ""), "n": "1,204.50", "b": "true", "e": "2", "d": "3 March 2024"}
    read = asked.read(given)
    assert {k: v for k, v in read.items() if v is not None} == {"n": 1204.5, "b": True, "e": 2, "d": "2024-03-03"}
    assert asked.check(read) == []


def test_levels_too_deep_come_back_from_a_text() -> None:
    """What a provider takes no schema for is asked for as JSON in a text, and read as what it is."""
    inside: dict[str, Any] = {"type": "object", "properties": {"leaf": {"type": "integer"}}}
    for _ in range(12):
        inside = {"type": "object", "properties": {"in": inside}}
    asked = request_schema_of(target_from_schema(inside), dialect="openai_strict")
    given: Any = '{"in": {"in": {"leaf": 7}}}'
    for _ in range(10):
        given = {"in": given}
    assert check_answer(asked.schema, given) == []
    read = asked.read(given)
    assert json_pointer.get(read, "/in" * 12 + "/leaf") == 7
    assert asked.check(read) == []


@pytest.mark.parametrize("turned", [False, True])
def test_a_list_of_groups_or_of_texts_loses_neither(turned: bool) -> None:  # noqa: FBT001 - a case
    """Both forms of the list are asked for, and an answer in either is kept and checked by what was asked."""
    group = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "rows": {"type": "array", "items": {"type": "string"}}},
    }
    forms = [{"type": "array", "items": group}, {"type": "array", "items": {"type": "string"}}]
    schema = {"type": "object", "properties": {"parts": {"anyOf": forms[::-1] if turned else forms}}}
    asked = request_schema_of(target_from_schema(schema, "T"))
    for answer in ({"parts": [{"name": "a", "rows": ["x"]}]}, {"parts": ["x", "y"]}):
        assert asked.read(answer) == answer
        assert asked.check(answer) == []
        assert check_answer(asked.schema, answer) == []


def test_each_branch_of_a_union_keeps_its_words() -> None:
    """Of two models, of two types, and of null: what the second and later branches say of themselves is asked, too."""
    card = {"type": "object", "description": "Paid by card.", "properties": {"last4": {"type": "string"}}}
    bank = {"type": "object", "description": "Paid by transfer.", "properties": {"iban": {"type": "string"}}}
    members = {
        "pay": {"description": "How it was paid", "anyOf": [card, bank, {"type": "null"}]},
        "paid": {"anyOf": [{"type": "null"}, card, bank]},
        "when": {"anyOf": [{"type": "string", "description": "a day"}, {"type": "integer", "description": "a year"}]},
        "signer": {"anyOf": [{"type": "string"}, {"type": "null", "description": "where nobody signed"}]},
    }
    asked = build_schema(target_from_schema({"type": "object", "properties": members}, "T"))["properties"]
    for name in ("pay", "paid"):
        told = [branch.get("description") for branch in asked[name]["anyOf"]]
        assert told == ["Paid by card", "Paid by transfer", None]
    assert asked["pay"]["description"] == "How it was paid"
    assert asked["when"]["description"] == "a day; a year"
    assert asked["signer"]["description"] == "null: where nobody signed"
