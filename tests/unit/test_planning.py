"""Planning: field groups within a provider's limits, list items asked in parts, Chunks ranked, rounds that end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import create_model

from tests.example_counts import many
from tests.tokens import quarter
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import DocumentBuilder
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.planning.field_groups import FIELDS_MAX, groups_of
from thresher.service.extraction.planning.group_join import joined
from thresher.service.extraction.planning.search_rounds import Round, Rounds
from thresher.service.extraction.planning.token_budget import Plan, most_fields
from thresher.service.llm.providers.scripted import FACTS, scripted
from thresher.service.pipeline import process
from thresher.service.provider_schemas.dialects import DIALECTS, Name
from thresher.service.provider_schemas.schema_size import limits_exceeded, measured_size
from thresher.service.targets.loading import target_from_model, target_from_schema

NAMES: tuple[Name, ...] = tuple(n for n in get_args(Name) if n != "lenient")
FACT: Any = (str | None, None)


def wide(lists: int, fields: int, singles: int = 3) -> Target:
    """A target of two parts with many lists of wide items, and some single facts."""
    item = create_model("Item", **dict.fromkeys([f"f{i}" for i in range(fields)], FACT))
    members: Any = {f"list{i}": (list[item], []) for i in range(lists)}
    half = create_model("Half", **members)
    facts = create_model("Facts", **dict.fromkeys([f"fact{i}" for i in range(singles)], FACT))
    return target_from_model(create_model("Wide", facts=(facts, ...), left=(half, ...), right=(half, ...)))


@pytest.mark.parametrize("dialect", NAMES)
def test_groups_hold_every_field_once_and_fit(dialect: Name) -> None:
    """Each field is asked by one group, in schema order, no list is torn, and no question passes a provider's limits."""
    target = wide(lists=16, fields=9)
    groups = groups_of(target, dialect)
    assert len(groups) > 1
    asked = [f.path for g in groups for f in target.fields if g.fields and inside(f.path, g.fields)]
    assert asked == [f.path for f in target.fields]
    assert [x for g in groups for x in g.lists] == list(target.lists)
    for group in groups:
        assert not list(limits_exceeded(measured_size(group.asked.schema), DIALECTS[dialect]))
        assert sum(inside(f.path, group.fields or ()) for f in target.fields) <= FIELDS_MAX * 9 / 8


def inside(path: str, places: tuple[str, ...]) -> bool:
    """Whether a field is one of some places or below it."""
    return any(path == p or path.startswith(f"{p}/") for p in places)


def test_a_target_that_fits_is_one_question() -> None:
    """Nothing is split without need, and the whole target is asked for, references and all."""
    (group,) = groups_of(wide(lists=2, fields=4))
    assert group.fields is None
    assert "$ref" in str(group.asked.schema)


def test_groups_keep_references_of_what_they_ask_whole() -> None:
    """A definition that a group asks for in full stands in its schema once."""
    group = groups_of(wide(lists=16, fields=9))[0]
    assert str(group.asked.schema).count("'f8'") == 2  # named and required, in one definition


def test_a_list_item_too_wide_is_asked_in_parts_that_share_its_keys() -> None:
    """Every part has the fields that tell items apart; together the parts have every field of the item."""
    target = wide_item(60)
    (group,) = groups_of(target, most=24)
    parts = [set(a.schema["properties"]["rows"]["items"]["properties"]) for a in (group.asked, *group.beside)]
    assert len(parts) == 3
    assert set.union(*parts) == {f.name for f in target.fields}
    assert set.intersection(*parts) == {"no"}
    assert group.keys == {"/rows": ("/no",)}


def wide_item(fields: int) -> Target:
    """A target of one list whose item has many fields."""
    members = {f"f{i}": {"type": ["string", "null"]} for i in range(fields)}
    item = {"type": "object", "properties": {"no": {"type": "string"}, **members}, "required": ["no"]}
    return target_from_schema({"type": "object", "properties": {"rows": {"type": "array", "items": item}}})


def test_a_wide_list_in_a_wide_item_is_asked_in_parts_that_share_both_keys() -> None:
    """No part is too large, and the parts of one answer come together as what they are parts of."""
    cell = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, **facts("g", 40)}}
    row: dict[str, Any] = {
        "type": "object",
        "required": ["no"],
        "properties": {"no": {"type": "string"}, **facts("f", 30)},
    }
    row["properties"]["cells"] = {"type": "array", "items": cell}
    target = target_from_schema({"type": "object", "properties": {"rows": {"type": "array", "items": row}}})
    (group,) = groups_of(target, most=24)
    asks = (group.asked, *group.beside)
    assert all(measured_size(a.schema).properties <= 24 * 9 / 8 + 2 for a in asks)
    assert group.keys == {"/rows": ("/no",), "/rows/*/cells": ("/name",)}
    whole = {"rows": [{"no": n, **dict.fromkeys(facts("f", 30), n), "cells": cells(n)} for n in ("1", "2")]}
    assert joined([only(a.schema, whole) for a in asks], group.keys) == whole


def facts(letter: str, count: int) -> dict[str, Any]:
    """Properties of text."""
    return {f"{letter}{i}": {"type": "string"} for i in range(count)}


def cells(row: str) -> list[dict[str, str]]:
    """Two inner items of a row."""
    return [{"name": n, **dict.fromkeys(facts("g", 40), f"{row}{n}")} for n in "ab"]


def only(schema: dict[str, Any], value: Any) -> Any:
    """What of a value a schema asks for."""
    if isinstance(value, list):
        return [only(schema["items"], v) for v in value]
    return {k: only(s, value[k]) for k, s in schema["properties"].items()} if isinstance(value, dict) else value


def test_small_models_get_smaller_questions() -> None:
    """The fewer tokens an answer or a window has, the fewer fields are asked at once."""
    from dataclasses import replace

    assert most_fields(FACTS, Policy()) == FIELDS_MAX
    assert most_fields(replace(FACTS, window=8_000, most_answer=1_000), Policy()) == 20
    assert most_fields(replace(FACTS, window=500, most_answer=100), Policy()) == 8


def test_parts_are_joined_by_what_they_share() -> None:
    """Equal keys are joined first to first; what one part alone has stays where it stood."""
    a = {"rows": [{"no": "1", "a": 1}, {"no": "1", "a": 2}, {"no": "3", "a": 3}]}
    b = {"rows": [{"no": " 1", "b": 1}, {"no": "1", "b": 2}, {"no": "2", "b": 9}, {"no": "3", "b": 3}]}
    rows = (joined([a, b], {"/rows": ("/no",)}) or {})["rows"]
    assert [(r["no"], r.get("a"), r.get("b")) for r in rows] == [("1", 1, 1), ("1", 2, 2), ("2", None, 9), ("3", 3, 3)]
    assert joined([None, None], {}) is None


def test_a_part_cut_short_takes_the_rest_back() -> None:
    """Items that a cut answer does not have are left out, to be asked for again."""
    a = {"rows": [{"no": "1", "a": 1}]}
    b = {"rows": [{"no": "1", "b": 1}, {"no": "2", "b": 2}]}
    assert joined([a, b], {"/rows": ("/no",)}, cut=[0]) == {"rows": [{"no": "1", "a": 1, "b": 1}]}


def chunk(index: int, text: str) -> Chunk:
    """One Chunk."""
    return Chunk(index=index, start=100 * index, end=100 * index + len(text), text=text, count=len)


@many(30)
@given(st.integers(0, 60), st.sets(st.sampled_from(["/a", "/b", "/c"])), st.integers(0, 4))
def test_rounds_end_and_look_everywhere_for_what_is_missing(chunks: int, found: set[str], late: int) -> None:
    """A field is called absent only when every Chunk was asked for it; nothing is asked twice; few rounds do."""
    target = target_from_schema({"type": "object", "properties": {k: {"type": "string"} for k in "abc"}})
    rounds = Rounds(target.fields, [chunk(i, "x") for i in range(chunks)], {f.path: [] for f in target.fields})
    asked: list[tuple[int, str]] = []
    turn: Round | None = rounds.first()
    number = 0
    while turn is not None:
        asked += [(c, f) for run in turn.runs for c in run for f in turn.fields]
        given_ = found if number >= late else ()
        evidence = tuple(Evidence(path=p, quote="x", start=0, end=1) for p in given_)
        turn, number = rounds.next([Extraction(chunk=0, evidence=evidence)]), number + 1
    assert len(asked) == len(set(asked))
    assert number <= 6
    looked = rounds.looked()
    for path in {"/a", "/b", "/c"} - found:
        assert len(looked[path]) == chunks


async def test_a_wide_item_comes_back_whole() -> None:
    """Rows asked in three parts are grounded, counted and merged as rows."""
    target = wide_item(60)
    values = {f"f{i}": f"v{i}" for i in range(0, 60, 12)}

    def say(question: Question) -> dict[str, Any]:
        wanted = (question.schema or {})["properties"]["rows"]["items"]["properties"]
        rows = [{"no": no, **{f: f"{no}-{v}" for f, v in values.items()}} for no in ("A1", "A2")]
        return {"rows": [{k: row.get(k) for k in wanted} for row in rows]}

    builder = DocumentBuilder(Source(path="r.txt", blob="r.txt", sha256="", size=0, name="r.txt"), kind="text")
    for no in ("A1", "A2"):
        builder.block(f"{no} " + " ".join(f"{no}-{v}" for v in values.values()))
    plan = Plan(chunk=300, answer=1000, overhead=0)
    groups, count = groups_of(target, most=24), quarter
    running = Engine(model=scripted(say), target=target, groups=groups, policy=Policy(), plan=plan, count=count)
    result = await process(running, [builder.build()])
    assert [{k: v for k, v in row.items() if v} for row in result.values["rows"]] == [
        {"no": no, **{f: f"{no}-{v}" for f, v in values.items()}} for no in ("A1", "A2")
    ]
    assert result.coverage.records_found == 2
    assert result.usage.answers == 3


def _members(count: int) -> dict[str, Any]:
    return {"properties": {f"field_{n}": {"type": "string"} for n in range(count)}}


def _numbered_places(count: int) -> dict[str, Any]:
    return {"properties": {"places": {"type": "array", "prefixItems": [{"type": "string"}] * count}}}


@pytest.mark.parametrize("wide", [_members, _numbered_places])
def test_the_work_grows_with_the_fields(wide: Callable[[int], dict[str, Any]]) -> None:
    """Dividing a target does not look at all fields for each: 4,000 took over a minute of a service's loop."""
    small, large = (_calls_of(target_from_schema({"title": "Wide", "type": "object", **wide(n)})) for n in (60, 240))
    assert large < 6 * small


def _calls_of(target: Target) -> int:
    """Return how many functions of Python are called to divide a target."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        assert len(groups_of(target, most=20)) > 1
    finally:
        sys.setprofile(None)
    return calls
