"""Single facts in long texts: Chunks ranked by words, asked in rounds, and what was not asked is told."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from thresher.chunkers.tokens import counter
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.extraction.engine import Engine
from thresher.service.extraction.planning.bm25 import Bm25, order_of, query_of
from thresher.service.extraction.planning.field_groups import groups_of
from thresher.service.extraction.planning.search_rounds import FIRST_ROUND_CHUNKS
from thresher.service.extraction.planning.token_budget import Plan
from thresher.service.llm.providers.scripted import ScriptedTransport, scripted
from thresher.service.pipeline import process
from thresher.service.targets.loading import target_from_model, target_from_schema


def chunk(index: int, text: str) -> Chunk:
    """One Chunk."""
    return Chunk(index=index, start=100 * index, end=100 * index + len(text), text=text, count=len)


def test_the_words_of_a_field_find_its_chunk() -> None:
    """Names, descriptions and aliases are looked for; equals come in text order; what has no word of it does not count."""
    target = target_from_schema(
        {
            "type": "object",
            "properties": {"dueDate": {"type": "string", "description": "last day of payment", "x-aliases": ["Frist"]}},
        }
    )
    chunks = [
        chunk(0, "cats and dogs"),
        chunk(1, "the dates of payments"),
        chunk(2, "Zahlbar, Frist"),
        chunk(3, "cats"),
    ]
    query = query_of(target.fields[0])
    assert query == "dueDate last day of payment Frist"
    assert order_of(Bm25(chunks).scores(query)) == [1, 2]
    assert Bm25([chunk(0, "!!")]).scores(query) == [0.0]


class Contract(BaseModel):
    """Single facts only."""

    court: str | None = None
    captain: str | None = None


def contract(sections: int) -> Document:
    """A long text that names its court late and never a captain."""
    builder = DocumentBuilder(Source(path="c.txt", blob="c.txt", sha256="", size=0, name="c.txt"), kind="text")
    for i in range(sections):
        builder.block(f"Section {i}. " + "The parties go on about goods and money. " * 12)
    builder.block("Section 99. The court of Bremen decides.")
    return builder.build()


def answer(question: Question) -> dict[str, Any]:
    """What a section says."""
    found = re.search(r"court of (\w+)", question.messages[-1].content)
    facts = {"court": found[1] if found else None, "captain": None}
    return {k: facts.get(k) for k in (question.schema or {})["properties"]}


def engine(target: Target, **policy: Any) -> Engine:
    """An engine with small windows over a reader that answers what it is asked for."""
    plan = Plan(chunk=300, answer=1000, overhead=0)
    groups = groups_of(target)
    return Engine(
        model=scripted(answer),
        target=target,
        groups=groups,
        policy=Policy(**policy),
        plan=plan,
        count=counter("o200k_base"),
    )


def asked_of(running: Engine) -> list[list[str]]:
    """The fields of every question."""
    wire = running.model.wire  # type: ignore[attr-defined]
    assert isinstance(wire, ScriptedTransport)
    return [list((q.schema or {})["properties"]) for q in wire.questions]


async def test_facts_are_sought_where_they_likely_stand_and_absence_everywhere() -> None:
    """The court is found in the first round; the captain is looked for in all of the text, alone, before he is absent."""
    running = engine(target_from_model(Contract))
    result = await process(running, [contract(80)])
    assert result.values == {"court": "Bremen", "captain": None}
    assert result.status == "complete"
    coverage = result.coverage
    assert coverage.chunks_asked == coverage.chunks_answered == coverage.chunks > 2 * FIRST_ROUND_CHUNKS
    assert coverage.absent == ["/captain"]
    assert coverage.partly.keys() == {"/court"}
    assert asked_of(running)[-1] == ["captain"]


async def test_what_was_not_asked_is_told() -> None:
    """Once every fact is found the rest of the text is not read, and the Result names it; recall reads it all."""

    class Court(BaseModel):
        court: str | None = None

    running = engine(target_from_model(Court))
    result: Result[Any] = await process(running, [contract(80)])
    coverage = result.coverage
    assert coverage.chunks_asked < coverage.chunks
    assert coverage.partly == {"/court": coverage.chunks_asked}
    document = contract(80)
    unasked = "".join(document.text[u.start : u.end] for u in coverage.unasked)
    assert "Section 40." in unasked
    assert "Bremen" not in unasked
    everything = await process(engine(target_from_model(Court), stance="recall"), [document])
    assert everything.coverage.chunks_asked == everything.coverage.chunks
    assert everything.coverage.unasked == []
    assert everything.coverage.partly == {}


async def test_later_rounds_ask_about_chunks_together_as_far_as_the_window_allows() -> None:
    """Neighbours are asked about in one question, but never more text than the plan has room for."""
    running = engine(target_from_model(Contract))
    plain = await process(running, [contract(200)])
    alone = len(asked_of(running))
    running = replace(running, model=scripted(answer), plan=Plan(chunk=9_000, answer=1000, overhead=0))
    joined = await process(running, [contract(1_500)])
    wire = running.model.wire  # type: ignore[attr-defined]
    count = counter("o200k_base")
    sizes = [count(q.messages[-1].content) for q in wire.questions]
    assert max(sizes[-3:]) > 5_000
    assert max(sizes) < 9_200
    assert plain.coverage.chunks == alone
    assert joined.coverage.chunks_answered == joined.coverage.chunks > len(sizes)
