"""How the soak judges documents, and documents whose end was false once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.generator.kinds import KINDS as MADE
from tests.simulation.mixed import KINDS, document
from tests.simulation.reader.in_process import end
from tests.simulation.reader.reader import Reader
from tests.simulation.soak_ends import ended, keep
from thresher.schemas.policy import Policy
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.stack import SharedServices, build_model
from thresher.service.pipeline import process
from thresher.service.readers.container_walk import read_tree
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import make_source
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.targets.loading import load_target


async def results_of(folder: Path, number: int, suffix: str) -> dict[str, Any]:
    """What a service says of one document, by its path."""
    path = folder / f"{number}.{suffix}"
    path.write_bytes(document(number, suffix))
    policy = Policy(model="reader")
    readings = await read_tree(make_source(path), InlineReader(folder / "spool"), policy.read)
    model = build_model(end(Reader(speed=5_000.0)), ProviderLimiter(4), SharedServices(records=MemoryStore()))
    engine = engine_of(model, load_target(MADE[KINDS[suffix]].model.model_json_schema()), policy)
    result = await process(engine, [r.document for r in readings])
    return {path.name: json.loads(result.model_dump_json())}


@pytest.mark.parametrize("number", [5665, 304, 1113])
async def test_once_false(tmp_path: Path, number: int) -> None:
    """Two claims of 5665 were told as one, and complete; others had half a cell in the next."""
    assert ended(number, await results_of(tmp_path, number, "pdf"), set()) == "complete"


async def test_what_differs_is_false_and_kept(tmp_path: Path) -> None:
    """A record that lacks, or one that reads otherwise; a document that is not there is lost."""
    results = await results_of(tmp_path, 7, "txt")
    assert ended(7, results, set()) == "complete"
    assert (ended(8, results, set()), ended(8, results, {"8.txt"})) == ("lost", "dead letter")
    rows = results["7.txt"]["data"]["bookings"]
    rows[0]["amount"] += 1
    assert ended(7, results, set()) == "false"
    rows.pop(0)
    assert ended(7, results, set()) == "false"
    kept = keep(tmp_path / "false", 7, results)
    assert {p.name for p in kept.iterdir()} == {"7.txt", "printed.txt", "records.json", "result.json"}
    assert len(json.loads((kept / "records.json").read_text())) == len(rows) + 1
