"""Targets from classes and JSON Schemas: their fields, their judge, and what is refused."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import pytest
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    HttpUrl,
    RootModel,
    StringConstraints,
    computed_field,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from thresher.schemas.errors import InputProblem
from thresher.schemas.library import library_names
from thresher.service.targets.loading import load_target, target_from_model, target_from_schema
from thresher.service.targets.target_report import check, describe

T = TypeVar("T")


class Colour(StrEnum):
    """Two choices."""

    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    """A branch of a union."""

    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    """Another branch."""

    kind: Literal["dog"]
    tricks: list[str] = []


class Line(BaseModel):
    """A closed list item with a key."""

    model_config = ConfigDict(extra="forbid")

    sku: str = Field(json_schema_extra={"key": True}, description="Article number")
    amount: Decimal = Field(ge=0)
    when: date | None = None


class Page(BaseModel, Generic[T]):
    """A generic model."""

    items: list[T]
    total: int | None = None


class Tags(RootModel[list[str]]):
    """A model that is a list."""


class Node(BaseModel):
    """A recursive model."""

    name: str
    children: list[Node] = []


class Whole(BaseModel):
    """Everything that pydantic offers, at once."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    number: str = Field(alias="Invoice No.", description="The number")
    due: date | None = Field(None, validation_alias=AliasChoices("dueDate", "Due"))
    at: datetime | None = None
    t: time | None = None
    uid: UUID | None = None
    url: HttpUrl | None = None
    mail: EmailStr | None = None
    colour: Colour | None = None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    page: Page[Line]
    tags: Tags = Tags([])
    tree: Node | None = None
    rates: dict[str, float] = {}
    names: set[str] = set()
    pair: tuple[int, str] | None = None
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def count(self) -> int:
        """How many items."""
        return len(self.page.items)

    @field_validator("number")
    @classmethod
    def upper(cls, value: str) -> str:
        """A validator that changes the value."""
        return value.upper()

    @model_validator(mode="after")
    def no_bugs(self) -> Whole:
        """A validator with a complaint, and one with a bug."""
        if self.number == "BAD":
            raise ValueError("bad number")
        if self.number == "BUG":
            raise KeyError("x")
        return self


WHOLE = target_from_model(Whole)


def test_every_kind_of_pydantic_field_is_a_leaf_with_its_kind() -> None:
    """Nested, optional, union, enum, format, map, tuple, generic and recursive fields are listed by JSON key."""
    kinds = {f.path: f.kind for f in WHOLE.fields}
    assert kinds == {
        "/Invoice No.": "text",
        "/dueDate": "date",
        "/at": "datetime",
        "/t": "time",
        "/uid": "text",
        "/url": "uri",
        "/mail": "email",
        "/colour": "enum",
        "/pet/kind": "enum",
        "/pet/lives": "integer",
        "/pet/tricks/*": "text",
        "/page/items/*/sku": "text",
        "/page/items/*/amount": "number",
        "/page/items/*/when": "date",
        "/page/total": "integer",
        "/tags/*": "text",
        "/tree/name": "text",
        "/tree/children/*/name": "text",
        "/rates/*": "number",
        "/names/*": "text",
        "/pair/0": "integer",
        "/pair/1": "text",
        "/code": "text",
    }
    assert WHOLE.lists == ("/page/items", "/tree/children")


def test_a_leaf_keeps_what_its_author_said() -> None:
    """Key, description, choices, nullability and requirement reach the Field."""
    fields = {f.path: f for f in WHOLE.fields}
    assert fields["/page/items/*/sku"].schema["key"] is True
    assert fields["/page/items/*/sku"].description == "Article number"
    assert fields["/colour"].choices == ("red", "blue")
    assert fields["/colour"].nullable
    assert fields["/Invoice No."].required


def test_the_class_has_the_last_word_and_its_json_has_the_asked_keys() -> None:
    """Validators, defaults and computed fields show in the data, under the keys of the schema; sets keep their order."""
    given = {"Invoice No.": "a1", "dueDate": "2024-03-03", "page": {"items": []}, "names": ["b", "a"]}
    judged = WHOLE.validate(given)
    assert judged.errors == ()
    assert isinstance(judged.typed, Whole)
    assert judged.data is not None
    assert judged.data["Invoice No."] == "A1"
    assert judged.data["dueDate"] == "2024-03-03"
    assert judged.data["names"] == ["b", "a"]
    assert judged.data["count"] == 0


@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ({"page": {"items": []}}, "/Invoice No.", "required"),
        ({"Invoice No.": "x", "page": {"items": [{"sku": "a", "amount": -1}]}}, "/page/items/0/amount", "greater"),
        ({"Invoice No.": "x", "page": {"items": []}, "pet": {"kind": "cat"}}, "/pet/lives", "required"),
        ({"Invoice No.": "x", "page": {"items": []}, "odd": 1}, "/odd", "not permitted"),
        ({"Invoice No.": "bad", "page": {"items": []}}, "", "bad number"),
        ({"Invoice No.": "bug", "page": {"items": []}}, "", "target's own code failed: KeyError"),
    ],
)
def test_complaints_name_the_place_in_the_data(given: dict[str, Any], path: str, message: str) -> None:
    """Errors carry a JSON Pointer by asked keys, whatever union or validator raised them."""
    errors = WHOLE.validate(given).errors
    assert [e for e in errors if e.path == path and message in e.message], errors


def test_dataclasses_and_typed_dicts_are_targets() -> None:
    """Anything that pydantic can read as an object will do."""

    @dataclasses.dataclass
    class Point:
        x: int

    class Entry(TypedDict):
        name: str

    assert target_from_model(Point).validate({"x": "3"}).data == {"x": 3}
    assert target_from_model(Entry).fields[0].path == "/name"


class Empty(BaseModel):
    """No fields."""


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (Empty, "no fields"),
        (int, "not a pydantic model"),
        (Tags, "root is array"),
        ({"type": "array", "items": {"type": "string"}}, "root is array"),
        ({"type": "string"}, "root is string"),
        ({"type": "object"}, "no fields"),
        ({}, "root is open"),
        ({"type": "objekt"}, "not a valid JSON Schema at /type"),
        ({"type": "object", "properties": {"a": {"$ref": "https://example.com/x.json"}}}, "never fetched"),
        ({"type": "object", "properties": {"a": {"$ref": "other.json#/a"}}}, "never fetched"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/missing"}}}, "points to nothing"),
        ("invoce", "did you mean 'invoice'"),
        ("nothing at all", "is no target"),
        ("map.toml", "map of targets"),
        ("no_such_package.x:Model", "ModuleNotFoundError"),
        ("json:JSONDecoder", "not a pydantic model"),
        ("json:Nope", "it has no 'Nope'"),
    ],
)
def test_what_can_not_be_a_target_is_refused_with_its_reason(spec: Any, reason: str) -> None:
    """One code, and a message that says why."""
    with pytest.raises(InputProblem) as problem:
        load_target(spec)
    assert problem.value.code == "target_invalid"
    assert reason in problem.value.message


def _fields(properties: dict[str, Any], **rest: Any) -> dict[str, str]:
    target = target_from_schema({"type": "object", "properties": properties, **rest})
    return {f.path: f.kind for f in target.fields}


def test_old_drafts_are_read_and_judged_as_they_were_meant() -> None:
    """Draft 4 bounds, ids, tuples and dependencies keep their meaning."""
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "id": "http://example.com/root.json",
        "type": "object",
        "definitions": {"size": {"id": "#size", "type": "number", "minimum": 0, "exclusiveMinimum": True}},
        "properties": {
            "a": {"$ref": "#size"},
            "b": {"$ref": "root.json#/definitions/size"},
            "t": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "additionalItems": False},
        },
        "dependencies": {"a": ["b"]},
    }
    target = target_from_schema(schema)
    assert [(f.path, f.kind) for f in target.fields] == [
        ("/a", "number"),
        ("/b", "number"),
        ("/t/0", "text"),
        ("/t/1", "integer"),
    ]
    assert not target.validate({"a": 1, "b": 2, "t": ["x", 1]}).errors
    assert [e.path for e in target.validate({"a": 0, "b": 1}).errors] == ["/a"]
    assert target.validate({"a": 1}).errors
    assert target.validate({"t": ["x", 1, 2]}).errors


def test_unions_merges_conditions_and_maps_give_all_their_fields() -> None:
    """AllOf is merged, branches are united, if/then counts for judging and its fields are known."""
    assert _fields({"a": {"allOf": [{"type": "string"}, {"format": "date"}]}}) == {"/a": "date"}
    assert _fields(
        {"a": {"oneOf": [{"type": "object", "properties": {"x": {"type": "string"}}}, {"type": "null"}]}}
    ) == {"/a/x": "text"}
    assert _fields({"m": {"type": "object", "patternProperties": {"^x": {"type": "integer"}}}}) == {"/m/*": "integer"}
    assert _fields({"n": {"type": ["integer", "number", "null"]}}) == {"/n": "number"}
    assert _fields({"v": {"anyOf": [{"type": "integer"}, {"type": "string"}]}}) == {"/v": "any"}
    conditional = {
        "if": {"properties": {"k": {"const": "a"}}},
        "then": {"properties": {"z": {"type": "integer"}}, "required": ["z"]},
    }
    assert _fields({"k": {"type": "string"}}, **conditional) == {"/k": "text", "/z": "integer"}
    target = target_from_schema({"type": "object", "properties": {"k": {"type": "string"}}, **conditional})
    assert [e.path for e in target.validate({"k": "a"}).errors] == ["/z"]
    assert not target.validate({"k": "b"}).errors


def test_formats_are_judged() -> None:
    """Dates, times, mails and addresses must be what they are called; a time without zone is allowed."""
    formats = {"d": "date", "at": "date-time", "t": "time", "m": "email", "u": "uri"}
    target = target_from_schema(
        {"type": "object", "properties": {k: {"type": "string", "format": f} for k, f in formats.items()}}
    )
    good = {"d": "2024-03-03", "at": "2024-03-03T10:00:00", "t": "10:00", "m": "a@b.co", "u": "https://x.org/a"}
    assert not target.validate(good).errors
    assert not target.validate({"u": "linkedin.com/in/ada"}).errors  # as documents print it
    bad = {"d": "03/04/2024", "at": "yesterday", "t": "25:00", "m": "nobody", "u": "x y"}
    assert [e.path for e in target.validate(bad).errors] == ["/at", "/d", "/m", "/t", "/u"]


def test_recursion_ends() -> None:
    """A schema that holds itself has finitely many fields, directly or through others."""
    node = {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#"}}}
    assert [f.path for f in target_from_schema(node).fields] == ["/name", "/next/name", "/next/next/name"]
    knot = {
        "$ref": "#/$defs/a",
        "$defs": {
            "a": {"type": "object", "properties": {"b": {"$ref": "#/$defs/b"}}},
            "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}, {"type": "string"}]},
        },
    }
    assert {"/b", "/b/b"} <= {f.path for f in target_from_schema(knot).fields}


def test_a_fingerprint_follows_the_schema() -> None:
    """Equal targets have equal fingerprints; a changed description changes it."""
    one, same = target_from_model(Whole), target_from_model(Whole)
    assert one.fingerprint == same.fingerprint
    assert target_from_model(Node).fingerprint != one.fingerprint


@pytest.mark.parametrize("name", library_names())
def test_ready_made_targets_are_described_and_forgive_what_is_missing(name: str) -> None:
    """Every field has a description, and an empty document is valid."""
    target = load_target(name)
    assert not check(target)
    assert all(row.description for row in describe(target))
    assert not target.validate({}).errors


def test_ready_made_amounts_are_exact_and_plain() -> None:
    """A Decimal in Python, a number in JSON."""
    judged = load_target("receipt").validate({"total": "12.50"})
    assert judged.typed.total == Decimal("12.50")
    assert judged.data["total"] == 12.5  # type: ignore[index]
