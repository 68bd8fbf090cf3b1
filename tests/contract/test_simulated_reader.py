"""The simulated reader: what it sees in a prompt, whoever framed it, and what it makes of rows that are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import STANDARD, Layout
from tests.simulation.generator.make import generate
from tests.simulation.reader.fill import filled, kind_asked
from tests.simulation.reader.frames import framed
from tests.simulation.reader.read import read
from tests.simulation.reader.reader import Ask, Reader
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.prompts import load_prompt
from thresher.service.prompts.part_description import shown
from thresher.service.provider_schemas.request_schema import request_schema_of
from thresher.service.targets.loading import load_target

MADE = generate("statement", 30, 1, STANDARD)
SCHEMA = KINDS["statement"].model.model_json_schema()
ROWS: list[dict[str, Any]] = MADE.truth["bookings"]


def said(messages: list[dict[str, Any]], schema: dict[str, Any] | None = None) -> Any:
    """The perfect reader's answer."""
    return json.loads(Reader().answer(Ask(messages=messages, schema=schema)).text)


def user(text: str) -> dict[str, Any]:
    """A user's turn."""
    return {"role": "user", "content": text}


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_text_in_one_turn(kind: str) -> None:
    """A bare prompt with the text in it gives the truth, in the target's own schema and without any."""
    made = generate(kind, 25, 2)
    turns = [user(f"Extract everything from this document.\n\n{made.text}")]
    assert said(turns, KINDS[kind].model.model_json_schema()) == made.truth
    assert said(turns) == made.truth


@pytest.mark.parametrize("version", ["extract.v1", "extract.v2", "extract.v3"])
def test_this_house_s_prompt(version: str) -> None:
    """The asked schema and the prompts of the pipeline, old and new; rows under CONTEXT are not told."""
    target = load_target(KINDS["statement"].model)
    at = MADE.ranges[5][0]
    chunk = Chunk(index=0, start=at, end=len(MADE.text), text=MADE.text[at:], context=MADE.text[:at], count=len)
    builder = DocumentBuilder(Source(path="x", blob="x", sha256="", size=0, name="x"), kind="text")
    builder.block(MADE.text)
    values = {**shown(builder.build(), chunk), "about": ""}
    system, text = load_prompt(version).turns(**values)
    told = said([{"role": "system", "content": system}, user(text)], request_schema_of(target).schema)
    assert told["bookings"] == ROWS[5:]
    assert told["account"] == MADE.truth["account"]


def test_the_words_of_a_repair_are_no_document() -> None:
    """Where the last turn only complains, the document is in the turn before."""
    turns = [
        user(MADE.text),
        {"role": "assistant", "content": "{"},
        user("Your answer does not fit the shape:\n- /: x"),
    ]
    assert said(turns, SCHEMA) == MADE.truth


def test_few_shot_examples_are_not_read() -> None:
    """Of a prompt of questions and answers only the last question counts; its answer takes the examples' shape."""
    example = {
        "extractions": [
            {"booking": "2020-01-01  Shop  -1.00", "booking_attributes": {"booked": "2020-01-01", "amount": "-1.00"}}
        ]
    }
    shown = MADE.text[MADE.ranges[2][0] : MADE.ranges[5][0]]
    prompt = f"Find the bookings.\n\n[Previous text]: ...{shown}\n\n"
    prompt += f"Examples\nQ: 2020-01-01  Shop  -1.00\nA: {json.dumps(example)}\n\nQ: {MADE.text}\nA: "
    found = said([user(prompt)])["extractions"]
    assert framed([user(prompt)]).context.strip() == shown.strip()
    assert [x["booking_attributes"] for x in found] == [
        {"booked": r["booked"], "amount": f"{r['amount']:.2f}"} for r in ROWS
    ]


@pytest.mark.parametrize("name", ["CONTEXT", "NEIGHBOURS BEFORE", "ALREADY FOUND", "EXAMPLES"])
def test_sections_that_are_not_to_be_told(name: str) -> None:
    """Rows in sections of context, neighbours, examples or findings are none of the part's."""
    frame = framed([user(f"{name}:\n{MADE.text}\nPART:\nnothing here\n")])
    assert read(frame.text, "statement").records == []


def test_a_schema_written_in_the_prompt() -> None:
    """Where the wire asks for nothing, a schema in the words of the prompt is filled."""
    words = json.dumps({"type": "object", "properties": {"holder": {"type": "string"}}, "required": ["holder"]})
    assert said([{"role": "system", "content": f"Answer as {words}"}, user(MADE.text)]) == {
        "holder": MADE.truth["holder"]
    }


def test_only_what_is_asked_is_told() -> None:
    """A schema of other names and of text values is filled by what the names mean."""
    item = {
        "type": "object",
        "properties": {n: {"type": ["string", "null"]} for n in ("date", "money_out", "money_in")},
    }
    schema = {
        "type": "object",
        "properties": {"lines": {"type": "array", "items": item}, "weather": {"type": "string"}},
    }
    assert kind_asked(schema) == "statement"
    seen = read(MADE.text, "statement")
    told = filled(schema, seen, seen.records)
    first = ROWS[0]["amount"]
    side = "money_out" if first < 0 else "money_in"
    assert told["lines"][0][side] == f"{abs(first):.2f}"
    assert told["weather"] is None


@pytest.mark.parametrize(
    "layout",
    [
        Layout(width=24, late=True),
        Layout(width=24, late=False),
        Layout(separator="pipe", width=24),
        Layout(separator="prose"),
    ],
)
def test_a_row_cut_by_the_end_of_the_text(layout: Layout) -> None:
    """Each half of a cut row is told as far as it is shown, null for the rest; together they are the row."""
    made = generate("statement", 40, 8, layout)
    index, (start, end) = next((i, r) for i, r in enumerate(made.ranges) if i > 5 and "\n" in made.text[r[0] : r[1]])
    row = made.truth["bookings"][index]
    cut = made.text.index("\n", start)
    assert cut < end
    head = read(made.text[:cut], "statement").records[-1].values
    rest = read(made.text[cut:].strip(), "statement").records[0].values
    assert head["booked"] == row["booked"]
    assert rest.get("booked") is None
    for name in ("amount", "balance", "reference"):
        assert [v for v in (head.get(name), rest.get(name)) if v is not None] == ([row[name]] if row[name] else [])
    words = [v for v in (head.get("description"), rest.get("description")) if v]
    assert " ".join(map(str, words)) == row["description"]
