"""ModelClient one Chunk: repair, cut answers, refusals, passages; and what is kept when a model misbehaves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.errors import ModelProblem
from thresher.schemas.extraction import Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question, Reply
from thresher.schemas.source import Source
from thresher.service.extraction.chunk_extractor import ChunkExtractor, extract_chunk
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import Said, ScriptedTransport, scripted
from thresher.service.prompts.answer_repair import is_cut, parse_answer
from thresher.service.provider_schemas.request_schema import request_schema_of
from thresher.service.targets.loading import target_from_model


class Row(BaseModel):
    """A record."""

    what: str
    amount: float


class Statement(BaseModel):
    """A target with single facts and a list."""

    holder: str | None
    paid: bool | None
    lines: list[Row]


TARGET = target_from_model(Statement)
ROWS = [(f"item {n}", n + 0.5) for n in range(8)]
TEXT = "Account of Acme Ltd, settled in full\n" + "\n".join(f"{w}\t{a:.2f}" for w, a in ROWS)


def answer(rows: list[tuple[str, float]], **facts: Any) -> dict[str, Any]:
    """An answer in the asked shape."""
    lines = [{"what": w, "amount": a} for w, a in rows]
    return {"holder": None, "paid": None, **facts, "lines": lines}


def document_of(text: str) -> Document:
    """A Document of lines."""
    builder = DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=0, name="a.txt"), kind="text")
    for line in text.split("\n"):
        builder.block(line)
    return builder.build()


async def run(model: ModelClient, policy: Policy | None = None) -> list[Extraction]:
    """Extractions of the whole of TEXT as one Chunk."""
    document = document_of(TEXT)
    chunk = Chunk(index=0, start=0, end=len(document.text), text=document.text, count=len)
    ask = ChunkExtractor(
        model=model, target=TARGET, asked=request_schema_of(TARGET), policy=policy or Policy(), answer_tokens=500
    )
    return await extract_chunk(ask, document, chunk)


def questions(model: ModelClient) -> list[Question]:
    """What a scripted model was asked."""
    assert isinstance(model.wire, ScriptedTransport)
    return model.wire.questions


async def test_a_right_answer_takes_one_call() -> None:
    """Everything is located and nothing is left over."""
    model = scripted({"": answer(ROWS, holder="Acme Ltd")})
    (found,) = await run(model)
    assert len(questions(model)) == 1
    assert found.unresolved is None
    assert not found.unsupported
    assert len(found.evidence) == 1 + 2 * len(ROWS)


async def test_the_model_sees_its_own_error_once() -> None:
    """A repair shows the last answer and what is wrong with it, and no longer history than that."""
    wrong = answer(ROWS)
    wrong["lines"][0]["amount"] = "plenty"
    worse = answer(ROWS)
    worse["lines"][0]["amount"] = "a lot"
    model = scripted({"": [wrong, worse, answer(ROWS)]})
    (found,) = await run(model)
    assert found.unresolved is None
    assert [a.purpose for a in found.attempts] == ["ask", "repair", "repair"]
    last = questions(model)[-1]
    assert [m.role for m in last.messages] == ["system", "user", "assistant", "user"]
    assert "/lines/0/amount" in last.messages[-1].content


async def test_what_never_fits_is_named_and_the_rest_kept() -> None:
    """A value that never fits is dropped, the Chunk is unresolved, and its other values stay."""
    wrong = answer(ROWS)
    wrong["lines"][0]["amount"] = "plenty"
    (found,) = await run(scripted({"": wrong}), Policy(repairs=1))
    assert found.unresolved is not None
    assert found.unresolved.code == "model_misbehaved"
    assert found.unresolved.attempts == 2
    assert found.data["lines"][0] == {"what": "item 0", "amount": None}
    assert len(found.evidence) == 2 * len(ROWS) - 1


async def test_a_repair_that_says_the_same_is_not_asked_for_again() -> None:
    """The same prompt and schema never go out twice."""
    wrong = answer(ROWS)
    wrong["lines"][0]["amount"] = "plenty"
    model = scripted({"": wrong})
    (found,) = await run(model, Policy(repairs=5))
    assert found.unresolved is not None
    assert len(questions(model)) == 2


async def test_a_repair_takes_nothing_away() -> None:
    """An answer that leaves rows out while it mends one changes that one alone, or nothing."""
    wrong = answer(ROWS, holder="Acme Ltd")
    wrong["lines"][0]["amount"] = "plenty"
    (found,) = await run(scripted({"": [wrong, answer([]), answer([])]}))
    assert len(found.data["lines"]) == len(ROWS)
    assert found.data["holder"] == "Acme Ltd"
    assert found.unresolved is not None


@pytest.mark.parametrize(
    "damage", ['{"what": "item 3", "amount: 3.5}', '{"item 3", "amount": 3.5}', '{"what: item 3","amount":3.5}']
)
async def test_a_malformed_record_is_asked_for_again_and_costs_no_other(damage: str) -> None:
    """What the library makes of it is not believed; the other records stay, and a repair brings it."""
    raw = json.dumps(answer(ROWS)).replace(json.dumps({"what": "item 3", "amount": 3.5}), damage)
    model = scripted({"": [Said(text=raw), answer(ROWS)]})
    (found,) = await run(model)
    assert found.unresolved is None
    assert found.data["lines"] == answer(ROWS)["lines"]
    assert len(questions(model)) == 2
    (found,) = await run(scripted({"": Said(text=raw)}))
    assert found.unresolved is not None
    assert all(row in answer(ROWS)["lines"] for row in found.data["lines"])
    assert len(found.data["lines"]) >= len(ROWS) - 2


async def test_malformed_json_is_mended_without_a_call() -> None:
    """A trailing comma and a missing bracket cost nothing."""
    text = json.dumps(answer(ROWS))[:-1].replace("]", ",]")
    model = scripted({"": Said(text=text)})
    (found,) = await run(model)
    assert found.unresolved is None
    assert len(questions(model)) == 1


async def test_a_cut_answer_keeps_its_items_and_asks_for_the_rest() -> None:
    """The complete items stay, the item in hand is dropped, only the text behind them is asked, no question twice."""

    def script(question: Question) -> Said:
        shown = question.messages[-1].content
        rows = [r for r in ROWS if f"{r[0]}\t" in shown]
        text = json.dumps(answer(rows))
        return Said(text=text[:190], finish="length") if len(text) > 190 else Said(text=text)

    model = scripted(script)
    found = await run(model)
    assert all(f.unresolved is None for f in found)
    kept = [row for f in found for i, row in enumerate(f.data["lines"]) if row["amount"] is not None]
    assert [r["what"] for r in kept] == [w for w, _ in ROWS]
    prompts = [q.messages[-1].content for q in questions(model)]
    assert len(set(prompts)) == len(prompts)


async def test_an_answer_that_is_always_cut_ends() -> None:
    """Bounded splits, then a precise word: never an endless loop."""
    model = scripted({"": Said(text='{"holder": "Ac', finish="length")})
    found = await run(model, Policy(splits=3))
    assert any(f.unresolved and "cut short" in f.unresolved.reason for f in found)
    assert len(questions(model)) <= 2**4


async def test_what_the_text_does_not_spell_out_takes_no_question_here() -> None:
    """A yes or no is listed as unsupported, for the second look; asking does not ask about it."""
    model = scripted({"": answer(ROWS, paid=True)})
    (found,) = await run(model)
    assert [u.path for u in found.unsupported] == ["/paid"]
    assert len(questions(model)) == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (Said(text="", finish="refusal"), "model_refused"),
        (ModelProblem("model_unavailable", "gone"), "model_unavailable"),
        (ModelProblem("cost_limit_reached"), "cost_limit_reached"),
    ],
)
async def test_a_model_that_does_not_answer_leaves_the_chunk_unresolved(line: Said | Exception, code: str) -> None:
    """No exception leaves the stage: the Chunk is named with its reason."""
    (found,) = await run(scripted({"": line}))
    assert found.unresolved is not None
    assert found.unresolved.code == code


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{a:-3540.98,b:[{x:-1}]}", {"a": -3540.98, "b": [{"x": -1}]}),
        ("{'a':-3540.98,'b':[{'x':-1.50}]}", {"a": -3540.98, "b": [{"x": -1.5}]}),
        ('{"a": "He said, ok: fine", "b":-1', {"a": "He said, ok: fine", "b": -1}),
        ('{a: -5.10, d: "He said, ok: fine",}', {"a": -5.1, "d": "He said, ok: fine"}),
    ],
)
def test_mending_keeps_signs_and_strings(text: str, found: dict[str, Any]) -> None:
    """A number keeps its sign behind a bare key, and what looks like a key within a string stays."""
    reply = Reply(key="k", text=text, finish="stop", model="m")
    assert parse_answer(reply) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"rows": [{"a": "one"}, {"a": "tw', {"rows": [{"a": "one"}]}),
        ('{"rows": [{"a": "on', None),
        ('{"rows": [{"a": "one"}]', {"rows": [{"a": "one"}]}),
    ],
    ids=["in the second item", "in the first item", "a bracket is missing"],
)
def test_an_answer_that_ends_too_early_tells_no_half_value(text: str, found: dict[str, Any] | None) -> None:
    """Though it says that it is all: the item in hand is dropped, and where it is the only one there is no answer."""
    reply = Reply(key="k", text=text, finish="stop", model="m")
    assert parse_answer(reply) == found
    assert is_cut(reply) == (text.count("]") == 0 and found is not None)
