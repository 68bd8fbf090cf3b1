"""How far `complete` can be believed with the built-in model: wrong values in Results, by what the Result says of them.

    python -m bench.complete CORPORA_FOLDER [--half held] [--sets sroie cuad] [--every 4] [--list]

Every labelled document goes through the pipeline with its own target (see `bench.labelled`), no model asked. A row tells
of each set how many Results there are of each status, how many values are wrong in those that are complete and in those
that are not, and of the latter how many a reason `unsure` names. `--every N` takes one in N of the texts of fieldbench and of the mails.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import pickle
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from bench.embedded import no_model, read
from bench.embedded_case import Case
from bench.labelled import ADAPTERS, EMBEDDED, Labelled, labelled
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model, ModelFacts
from thresher.schemas.result import Result
from thresher.service.extraction.engine import engine_of
from thresher.service.pipeline import process


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--half", choices=["dev", "held"])
    parser.add_argument("--sets", nargs="*", default=[*EMBEDDED, *ADAPTERS])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="name every wrong value of a complete Result")
    parser.add_argument(
        "--kept", type=Path, help="folder for what was read, so that another run need not read it again"
    )
    asyncio.run(_run(parser.parse_args()))


async def _run(options: argparse.Namespace) -> None:
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for one in chosen(options.corpora, tuple(options.sets), options.every):
        if options.half in (None, one.half):
            result = await given(one, options.kept)
            wrong = one.wrong(result.values)
            _count(rows[f"{one.set} {one.half}"], result, wrong)
            if options.list and result.status == "complete" and wrong:
                print(f"  {one.set} {one.name[:40]}", *wrong, sep="\n      ", flush=True)
    print(
        f"{'set':28} docs complete with wrong  values  wrong-in-complete  wrong-elsewhere  abstained not_of_this_kind"
    )
    for name, row in [*rows.items(), ("all", sum(rows.values(), Counter[str]()))]:
        print(
            f"{name:28} {row['docs']:4} {row['complete']:8} {row['belied']:10}  {row['values']:6}  {row['hidden']:17}"
            f"  {row['told']:15}  {row['abstained']:9} {row['not_of_this_kind']:16}"
        )


def _count(row: Counter[str], result: Result[Any], wrong: list[str]) -> None:
    done = result.status == "complete"
    row.update(["docs", result.status, *(r.code for r in result.reasons if r.code == "not_of_this_kind")])
    row.update({"values": len(result.evidence), "belied": bool(done and wrong)})
    row.update({"hidden" if done else "told": len(wrong)})


def chosen(corpora: Path, names: tuple[str, ...], every: int) -> list[Labelled]:
    """Return the documents of some sets, of large sets one in `every`."""
    large = ("fieldbench", "enron")
    return [x for x in labelled(corpora, names) if not x.set.startswith(large) or _number(x.name) % every == 0]


def _number(name: str) -> int:
    return hashlib.sha256(f"every:{name}".encode()).digest()[0]


async def given(one: Labelled, kept: Path | None) -> Result[Any]:
    """Return the Result of a document with its own target, with the rules alone."""
    return await process(engine_of(chooser(), one.target, Policy()), [document_of(one, kept)])


def chooser() -> Model:
    """Return a model that is only asked to choose, and never knows."""
    model: Any = no_model()
    facts: ModelFacts = model.facts
    made: Model = type(model)(name="none", facts=_choosing(facts), wire=model.wire, identity="none")
    return made


def _choosing(facts: ModelFacts) -> ModelFacts:
    from dataclasses import replace  # noqa: PLC0415

    return replace(facts, style="candidates")


def document_of(one: Labelled, kept: Path | None) -> Document:
    """Return what is read of a document."""
    file = kept / f"{one.set.replace(' ', '-')}-{one.name[:80]}.pkl" if kept else None
    if file and file.exists():
        found: Document = pickle.loads(file.read_bytes())
        return found
    document = read(Case(name=one.name, file=one.file, truth={}))
    if file:
        file.write_bytes(pickle.dumps(document))
    return document


if __name__ == "__main__":
    main()
