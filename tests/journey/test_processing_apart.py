"""Large Units are processed in processes of their own: the same Result, under limits, and nobody waits for it."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
import uvloop

from tests.jobs_house import SCHEMA
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.errors import ModelProblem, Problem
from thresher.schemas.policy import Limits, Policy, ReadOptions
from thresher.schemas.question import Question
from thresher.schemas.result import AnyResult, Result
from thresher.schemas.source import Source
from thresher.service.backend.processing.process_pool import ProcessingPool
from thresher.service.extraction.engine import LARGE_UNIT_CHARS, Engine, engine_of
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import Line, scripted
from thresher.service.pipeline import process
from thresher.service.targets.loading import load_target

ANSWER = {"number": "PO-7", "buyer": "Acme Works Ltd"}


@pytest.fixture
async def processors() -> AsyncIterator[ProcessingPool]:
    """Processes that end with the test."""
    made = ProcessingPool()
    yield made
    await made.aclose()


def document(characters: int) -> Document:
    """An order, and a long tail of lines that say nothing of it."""
    builder = DocumentBuilder(Source(path="a.txt", blob="", sha256="0", size=0, name="a.txt"), kind="text")
    builder.block("Order number: PO-7\nBuyer: Acme Works Ltd")
    for n in range(characters // 50):
        builder.block(f"Line {n} says nothing that anybody wants to know.")
    return builder.build()


def prose(characters: int) -> Document:
    """A text of that many different words."""
    builder = DocumentBuilder(Source(path="a.txt", blob="", sha256="0", size=0, name="a.txt"), kind="text")
    chance = random.Random(7)
    builder.block(
        " ".join("".join(chance.choices("aeinrst", k=chance.randrange(1, 9))) for _ in range(characters))[:characters]
    )
    return builder.build()


def engine(limits: Limits = Limits(), say: Line = ANSWER) -> Engine:  # noqa: B008 - it is frozen
    """The parts of a run with a model that finds the order where it stands."""

    def script(question: Question) -> Line:
        return say if "PO-7" in question.messages[-1].content else dict.fromkeys(ANSWER)

    policy = Policy(read=ReadOptions(limits=limits), stance="recall")
    return engine_of(scripted(script), load_target(SCHEMA), policy)


async def test_the_result_is_the_same_as_here(processors: ProcessingPool) -> None:
    """What another process makes of a large Unit is what this one would; questions are asked from here."""
    made, unit = engine(), [document(2 * LARGE_UNIT_CHARS)]
    here = await process(made, unit)
    apart = await processors.process(made, unit)
    assert apart.model_dump_json() == here.model_dump_json()
    assert apart.values == ANSWER


async def test_processes_that_died_idle_are_no_word_on_the_next_unit(processors: ProcessingPool) -> None:
    """A system that is short of memory kills whom it likes: a Unit that no process has begun is not poisoned for it."""
    for _ in range(3):
        await processors.begin()
    for child in processors._idle:
        child.process.kill()
        child.process.join()
    assert (await processors.process(engine(), [document(1_000)])).values == ANSWER


async def test_a_process_that_can_not_be_started_is_no_fault_of_the_unit(
    processors: ProcessingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the server that starts processes was killed: the Task is tried again later."""
    monkeypatch.setattr("thresher.service.backend.processing.process_pool._start", raising(ConnectionRefusedError()))
    with pytest.raises(Problem) as problem:
        await processors.process(engine(), [document(1_000)])
    assert problem.value.code == "machine_short"


def raising(error: Exception) -> Callable[[], None]:
    """A function that raises."""

    def start() -> None:
        raise error

    return start


def test_what_would_hold_the_loop_is_large() -> None:
    """A Unit is by its length, by a run of one shape in it, and sooner where every span of a text is ranked by rules."""
    made, run = engine(), DocumentBuilder(Source(path="a.txt", blob="", sha256="0", size=0, name="a.txt"), kind="text")
    run.block("7\t" * 3_000)
    assert isinstance(made.model, ModelClient)
    model = replace(made.model, facts=replace(made.model.facts, style="candidates"))
    assert made.is_large([prose(LARGE_UNIT_CHARS + 100)])
    assert made.is_large([prose(100), run.build()])
    assert replace(made, model=model).is_large([prose(2_000)])
    assert not made.is_large([prose(20_000)])
    assert not replace(made, model=model).is_large([prose(500)])


async def test_a_process_tells_policies_apart(processors: ProcessingPool) -> None:
    """Orders of one target that differ in their Policy alone are not processed by the same parts."""
    strict = engine(say={"number": "PO-7", "buyer": "Nobody Ltd"})
    lenient = replace(strict, policy=strict.policy.model_copy(update={"ungrounded": "keep"}))
    results = [await processors.process(each, [document(1_000)]) for each in (lenient, strict, lenient)]
    assert [r.model_dump_json() for r in results] == [
        (await process(each, [document(1_000)])).model_dump_json() for each in (lenient, strict, lenient)
    ]
    assert results[0] == results[2] != results[1]


async def test_a_models_problem_crosses_the_line(processors: ProcessingPool) -> None:
    """A model that can not be asked leaves its Chunk unresolved, as it would here."""
    made = engine(say=ModelProblem("model_unavailable", "away"))
    assert [u.code for u in (await processors.process(made, [document(1_000)])).unresolved] == ["model_unavailable"]


async def test_a_unit_that_takes_too_long_or_too_much_ends_with_a_code(processors: ProcessingPool) -> None:
    """Limits of processor time and memory hold, and the next Unit is processed."""
    for limits, code in ((Limits(seconds=0.0), "timeout"), (Limits(memory=24 << 20), "too_large")):
        with pytest.raises(Problem) as problem:
            await processors.process(engine(limits), [document(40_000_000)])
        assert problem.value.code == code
    assert (await processors.process(engine(), [document(1_000)])).values == ANSWER


async def test_the_loop_is_free_meanwhile(processors: ProcessingPool) -> None:
    """While a large Unit is processed, this process's event loop answers at once."""
    working = asyncio.create_task(processors.process(engine(), [document(1_000_000)]))
    late, begun = 0.0, time.perf_counter()
    while not working.done():
        at = time.perf_counter()
        await asyncio.sleep(0.01)
        late = max(late, time.perf_counter() - at - 0.01)
    await working
    took = time.perf_counter() - begun
    assert late < took / 4, (late, took)


async def test_whoever_stops_waiting_ends_the_process(processors: ProcessingPool) -> None:
    """A cancelled Unit leaves no process at work."""
    working = asyncio.create_task(processors.process(engine(), [document(1_000_000)]))
    await asyncio.sleep(0.5)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert processors._idle == []
    assert (await processors.process(engine(), [document(1_000)])).values == ANSWER


def test_no_message_is_lost_in_the_loop_of_a_server() -> None:
    """Under uvloop, too, hundreds of long questions and replies and a long Result cross the line."""
    rows = {"title": "Rows", "type": "object", "properties": {"rows": {"type": "array", "items": SCHEMA}}}

    def script(question: Question) -> Line:
        found = re.findall(r"PO-\d+", question.messages[-1].content)
        return {"rows": [{"number": n, "buyer": f"Acme {n[3:]}"} for n in dict.fromkeys(found)]}

    async def processed() -> Result[Any]:
        builder = DocumentBuilder(Source(path="a.csv", blob="", sha256="0", size=0, name="a.csv"), kind="sheet")
        builder.table([["number", "buyer"], *([f"PO-{n}", f"Acme {n}"] for n in range(3_000))], header_rows=1)
        pool = ProcessingPool()
        try:
            unit = [builder.build()]
            return await asyncio.wait_for(
                pool.process(engine_of(scripted(script), load_target(rows), Policy()), unit), 120
            )
        finally:
            await pool.aclose()

    result = uvloop.run(processed())
    assert result.status == "complete", result.reasons[:3]
    assert not result.evidence, "a long Result comes as JSON"
    assert len(AnyResult.model_validate_json(result.model_dump_json()).evidence) == 6_000


async def test_a_fault_of_the_model_ends_the_unit(processors: ProcessingPool) -> None:
    """What is no Problem reaches the caller; the process does not wait for a reply that never comes."""

    def script(question: Question) -> Line:
        raise ZeroDivisionError(question.messages[-1].content[:0])

    broken = engine_of(scripted(script), load_target(SCHEMA), Policy())
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(processors.process(broken, [document(1_000)]), 60)
