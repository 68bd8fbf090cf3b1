"""Lists of many structures: every record is found, or named where a reader leaves it out for good."""

from __future__ import annotations

from typing import Any

import pytest

from tests.list_structures import STRUCTURES, People, Reader, Structure, blind_to, marked, rows_of
from thresher.schemas.policy import Policy
from thresher.schemas.result import Result
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import scripted
from thresher.service.pipeline import process
from thresher.service.targets.loading import target_from_model

TARGET = target_from_model(People)
ROWS = 120

each = pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)


async def run(structure: Structure, rows: list[dict[str, Any]], **faults: Any) -> Result[Any]:
    """The Result of a document of these records, read with these faults."""
    model = scripted(Reader(structure=structure, **faults))
    return await process(engine_of(model, TARGET, Policy()), [structure.document(rows)])


def found(result: Result[Any]) -> list[str]:
    """Marks of what was found, in its order."""
    return [marked(r) for r in result.values.get("people", [])]


def true(structure: Structure, rows: list[dict[str, Any]]) -> list[str]:
    """Marks of what is printed, in its order."""
    return [marked({k: v for k, v in r.items() if f"<{k}>" in structure.pattern}) for r in rows]


def unnamed(structure: Structure, rows: list[dict[str, Any]], result: Result[Any]) -> list[str]:
    """Marks of records that were not found and that no unclaimed passage holds."""
    lines = "\n".join(u.text for u in result.coverage.unclaimed)
    named = {marked(r) for r in structure.seen(lines)}
    return [m for m in true(structure, rows) if m not in set(found(result)) | named]


@each
async def test_a_perfect_reader_gives_all_and_nothing_is_doubted(structure: Structure) -> None:
    """No line is called a record that is none, and none is lost or twice."""
    rows = rows_of(ROWS, 1)
    result = await run(structure, rows)
    assert found(result) == true(structure, rows)
    assert [u.text for u in result.coverage.unclaimed] == []
    assert result.status == "complete"


@each
async def test_a_reader_that_stops_early_is_asked_for_the_rest(structure: Structure) -> None:
    """It tells 25 records of any part and says that it is done."""
    rows = rows_of(ROWS, 2)
    assert found(await run(structure, rows, most=25)) == true(structure, rows)


@each
async def test_what_a_careless_reader_leaves_out_is_found_or_named(structure: Structure) -> None:
    """One record of twelve is left out, drawn anew at each ask."""
    rows = rows_of(ROWS, 3)
    result = await run(structure, rows, careless=0.08)
    assert unnamed(structure, rows, result) == []
    assert len(found(result)) >= ROWS - 2


@each
async def test_what_is_never_told_is_named_and_little_else(structure: Structure) -> None:
    """Every 15th record is never told: each is named, and nine of ten passages so named are such records."""
    rows = rows_of(ROWS, 4)
    blind = blind_to(rows, structure, 15)
    result = await run(structure, rows, blind=blind)
    assert result.status == "partial"
    assert unnamed(structure, rows, result) == []
    told = [u.text for u in result.coverage.unclaimed]
    assert sum(bool(structure.seen(t)) for t in told) >= 0.9 * len(told)
