"""One run of the whole pipeline over one generated list, measured. Its own process, so that its memory is its own."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.list_forms import SUFFIXES, places, written
from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import STANDARD, draw_narrow
from tests.simulation.generator.make import generate
from tests.simulation.generator.nouns import Generated, Range
from tests.simulation.list_score import score
from tests.simulation.reader.apart import Apart
from tests.simulation.reader.faults import NAMED
from tests.simulation.reader.in_process import end
from thresher.chunkers.tokens import counter
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy
from thresher.schemas.result import Result, Unclaimed
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.retrying import Backoff
from thresher.service.llm.stack import SharedServices, build_model
from thresher.service.pipeline import process
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.targets.loading import load_target


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is run."""

    kind: str = "statement"
    form: str = "text"
    rows: int = 100
    faults: str = "perfect"
    seed: int = 1
    standard: bool = False  # the layout of the published table, else the seed's own
    narrow: bool = False  # a layout of short pages and narrow columns, in text or PDF
    in_flight: int = 64
    speed: float = 50.0  # divides every wait of the model


async def run(case: Case) -> dict[str, Any]:
    """One row of the table."""
    made = made_of(case)
    with Apart(NAMED[case.faults], case.seed, case.speed) as reader:
        return await _run(case, made, reader)


def made_of(case: Case) -> Generated:
    """The document of a case."""
    layout = draw_narrow(case.seed) if case.narrow else STANDARD if case.standard else None
    return generate(case.kind, case.rows, case.seed, layout)


async def _run(case: Case, made: Generated, reader: Apart) -> dict[str, Any]:
    began = time.perf_counter()
    documents = await documents_of(case, made)
    read = time.perf_counter() - began
    model = build_model(
        end(reader),
        ProviderLimiter(case.in_flight),
        SharedServices(records=MemoryStore(), backoff=Backoff(first=0.5 / case.speed)),
    )
    engine = engine_of(
        model,
        load_target(KINDS[case.kind].model),
        Policy(model="reader", concurrency=case.in_flight, wave=2 * case.in_flight),
    )
    began, cpu = time.perf_counter(), time.process_time()
    result = await process(engine, documents)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    seconds = {"read_s": read, "wall_s": wall, "cpu_s": cpu, "reader_cpu_s": reader.cpu}
    return {
        **asdict(case),
        **_found(made, result, places(made, case.form, documents[0], standard=case.standard)),
        **_cost(made, reader, documents[0].text),
        **seconds,
        "ideal_s": reader.ideal(case.in_flight),
    }


async def documents_of(case: Case, made: Generated) -> list[Document]:
    """The document in the form of the case, read as a file is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{made.kind}.{SUFFIXES.get(case.form, case.form)}"
        path.write_bytes(written(made, case.form, standard=case.standard))
        async with ReaderPool(Path(folder) / "spool", workers=1) as pool:
            policy = Policy()
            return [r.document async for r in walk_tree(make_source(path), pool, policy.read)]


def _found(made: Generated, result: Result[Any], true: list[Range]) -> dict[str, Any]:
    got = score(made, result.values)
    name = next(iter(made.corrections))
    conflicts = {c.path.strip("/") for c in result.conflicts}
    missing = [true[i] for i in got.missing]
    return {
        "recall": got.recall,
        "told": got.told,
        "repeated": got.repeated,
        "wrong": got.wrong,
        "ordered": got.ordered,
        "facts": got.facts,
        "conflict": name in conflicts,
        "status": result.status,
        "valid": result.valid,
        "missing": len(missing),
        **_unclaimed(missing, result.coverage.unclaimed),
        "unsupported": len(result.unsupported),
        "unresolved": len(result.unresolved),
    }


def _unclaimed(missing: list[Range], told: list[Unclaimed]) -> dict[str, Any]:
    """Lines told as unclaimed: how many of the missing records they name, and how many of them are such records."""
    named = sum(any(u.start < b and u.end > a for u in told) for a, b in missing)
    rows = sum(any(u.start < b and u.end > a for a, b in missing) for u in told)
    return {"unclaimed": len(told), "missing_named": named, "unclaimed_rows": rows}


def _cost(made: Generated, reader: Apart, text: str) -> dict[str, Any]:
    count = counter("o200k_base")
    rows = next(v for v in made.truth.values() if isinstance(v, list))
    own = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return {
        "document_tokens": count(text),
        "calls": reader.calls,
        "prompt_ratio": reader.prompt_tokens / count(text),
        "answer_ratio": reader.answer_tokens / count(own),
        "cached_tokens": reader.cached_tokens,
    }


if __name__ == "__main__":
    measured = asyncio.run(run(Case(**json.loads(sys.argv[1]))))
    measured["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(measured))
