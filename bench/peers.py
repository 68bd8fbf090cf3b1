"""Peers on the same documents and the same simulated reader as `bench.lists`, over HTTP.

    python -m bench.peers [--rows 3200] [--faults perfect,cliff+cap] [--seeds 1] [--langextract PYTHON]

instructor in one call with its own defaults; LangExtract as it comes, with its recipe for long documents, and with a large
buffer, by an interpreter that has it (it is no dependency of this house: `pip install langextract openai` elsewhere).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass
from itertools import product
from typing import Any

from bench.generator.kinds import KINDS
from bench.generator.layout import STANDARD
from bench.generator.make import generate
from bench.generator.nouns import Column, Generated
from bench.generator.printed import plain
from bench.list_case import Case, run
from bench.list_score import score
from bench.reader.cells import read_sum
from bench.reader.faults import NAMED
from bench.reader.reader import Reader
from bench.reader.server import ReaderServer
from thresher.chunkers.tokens import counter

IN_FLIGHT = 16
LANGEXTRACT: dict[str, dict[str, Any]] = {
    "langextract, default": {},
    "langextract, its long recipe": {"extraction_passes": 3, "max_char_buffer": 1_000},
    "langextract, 8,000 characters": {"max_char_buffer": 8_000},
}
TITLES = (
    "pipeline",
    "rows",
    "faults",
    "seed",
    "recall",
    "dup",
    "wrong",
    "order",
    "prompt",
    "answer",
    "calls",
    "says",
    "s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a peer gave."""

    data: dict[str, Any] | None
    says: str  # how the user learns how it went


async def instructor(made: Generated, base: str) -> Outcome:
    """One call with the whole text and the target, as the documentation begins."""
    from instructor import from_openai  # noqa: PLC0415 - half a second
    from openai import AsyncOpenAI  # noqa: PLC0415 - half a second

    client = from_openai(AsyncOpenAI(base_url=base, api_key="none"))
    ask: list[Any] = [{"role": "user", "content": f"Extract all of this document:\n\n{made.text}"}]
    try:
        found = await client.chat.completions.create(
            model="gpt-4o-mini", response_model=KINDS[made.kind].model, messages=ask
        )
    except Exception as error:  # noqa: BLE001 - whatever the user would see
        return Outcome(data=None, says=type(error).__name__)
    data: dict[str, Any] = found.model_dump()
    return Outcome(data={n: _plain(v) for n, v in data.items()}, says="ok")


def _plain(value: Any) -> Any:
    """Dates and sums as JSON has them."""
    if isinstance(value, list):
        return [{n: plain(v) for n, v in row.items()} for row in value]
    return plain(value)


async def langextract(made: Generated, base: str, python: str, options: dict[str, Any]) -> Outcome:
    """Another interpreter's LangExtract, taught by the first record of another document of the same layout."""
    example, attributes = _example(made)
    request: dict[str, Any] = {"base": base, "text": made.text, "example": example, "attributes": attributes}
    request |= {"options": options, "workers": IN_FLIGHT}
    process = await asyncio.create_subprocess_exec(python, "bench/peer_langextract.py", stdin=-1, stdout=-1, stderr=-1)
    out, err = await process.communicate(json.dumps(request).encode())
    if process.returncode:
        return Outcome(data=None, says=err.decode().strip().splitlines()[-1][:80])
    kind = KINDS[made.kind]
    rows = [{c.name: _typed(c, r.get(c.name)) for c in kind.columns} for r in json.loads(out)]
    facts = {f.name: made.truth[f.name] for f in kind.facts}  # it is asked for records alone
    return Outcome(data={**facts, kind.rows: rows}, says="ok")


def _example(made: Generated) -> tuple[str, dict[str, str]]:
    other = generate(made.kind, 3, made.seed + 1, STANDARD)
    row, text = next(iter(other.shown()))
    return text, {n: f"{v:.2f}" if isinstance(v, float) else str(v or "") for n, v in row.items()}


def _typed(column: Column, value: Any) -> Any:
    """A told attribute as the target's type."""
    if value in {None, "", "None"}:
        return None
    try:
        return (
            float(read_sum(str(value)))
            if column.kind in {"money", "signed"}
            else int(value)
            if column.kind == "count"
            else value
        )
    except (ValueError, ArithmeticError):
        return value


async def measured(name: str, case: Case, python: str) -> list[str]:
    """One line of the table."""
    made = generate(case.kind, case.rows, case.seed, STANDARD)
    reader = Reader(NAMED[case.faults], case.seed, case.speed)
    began = time.perf_counter()
    async with ReaderServer(reader) as server:
        if name in LANGEXTRACT:
            outcome = await langextract(made, server.base, python, LANGEXTRACT[name])
        else:
            outcome = await instructor(made, server.base)
    got = score(made, outcome.data)
    count = counter("o200k_base")
    own = json.dumps(made.truth[KINDS[made.kind].rows], ensure_ascii=False, separators=(",", ":"))
    tokens = reader.prompt_tokens / count(made.text), reader.answer_tokens / count(own)
    numbers = [f"{int(got.recall * 1e4) / 1e4:.4f}", str(got.repeated), str(got.wrong), "yes" if got.ordered else "NO"]
    numbers += [f"{tokens[0]:.2f}", f"{tokens[1]:.2f}", str(reader.calls)]
    return [
        name,
        f"{case.rows:,}",
        case.faults,
        str(case.seed),
        *numbers,
        outcome.says,
        f"{time.perf_counter() - began:.0f}",
    ]


async def ours(case: Case) -> list[str]:
    """The same line for this house."""
    began = time.perf_counter()
    row = await run(case)
    numbers = [
        f"{int(row['recall'] * 1e4) / 1e4:.4f}",
        str(row["repeated"]),
        str(row["wrong"]),
        "yes" if row["ordered"] else "NO",
    ]
    numbers += [f"{row['prompt_ratio']:.2f}", f"{row['answer_ratio']:.2f}", str(row["calls"]), row["status"]]
    return ["thresher", f"{case.rows:,}", case.faults, str(case.seed), *numbers, f"{time.perf_counter() - began:.0f}"]


async def main(given: argparse.Namespace) -> None:
    """Print the table, line by line."""
    print("| " + " | ".join(TITLES) + " |\n|" + "---|" * len(TITLES), flush=True)
    for rows, faults, seed in product(given.rows.split(","), given.faults.split(","), given.seeds.split(",")):
        case = Case(rows=int(rows), faults=faults, seed=int(seed), standard=True, speed=given.speed)
        lines = [ours(case), measured("instructor, one call", case, "")]
        lines += [measured(name, case, given.langextract) for name in LANGEXTRACT if given.langextract]
        for line in lines:
            print("| " + " | ".join(await line) + " |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="3200")
    parser.add_argument("--faults", default="perfect,cliff+cap")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--langextract", default="", help="a Python interpreter that has langextract")
    parser.add_argument("--speed", type=float, default=50.0, help="divides every wait of the model")
    asyncio.run(main(parser.parse_args()))
