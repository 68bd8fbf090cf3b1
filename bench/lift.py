"""Measure what the pipeline adds to a model's answers, and what it takes away, stage by stage.

    python -m bench.lift run    --corpora DIR --out OUT --base http://127.0.0.1:8399/v1 [--half a] [--only NAME]
                                [--policy JSON] [--plain]
    python -m bench.lift report --corpora DIR --out OUT [--half a] [--list]

`run` sends the documents of `bench.lift_choice` through the pipeline with the model at an OpenAI-compatible address and keeps,
for each, what every stage gave: the first answers joined ("answers"), those of them that stand in the text ("grounded"), and
the wholes after the merge, after the mending and as they are given ("merged", "mended", "data"). `--plain` asks the same model
one question about each document instead: its whole text, its schema, one prompt, and with `--policy '{"images": "all"}'` the
pictures of its pages. `--policy` sets members of the Policy, for instance which versions of the prompts are asked. `report` prints, for each document and set,
the share of leaves that are right at every stage, what each stage brought and took away, the precision of every flag, and how
many wholly right documents are called complete. A leaf is right if it is the labelled value, or nothing where there is none.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.lift_choice import Chosen, chosen
from bench.lift_report import report
from thresher.schemas import json_pointer
from thresher.schemas.extraction import Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.question import Message, Model, Question
from thresher.service.extraction.engine import engine_of
from thresher.service.pipeline import process
from thresher.service.prompts.answer_repair import parse_answer
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.runs.read_options import read_options
from thresher.service.runs.transcription import TranscribingReader
from thresher.service.settings import load
from thresher.service.wiring.effects import opened_store
from thresher.service.wiring.models import model_of

MODEL = "openai/gpt-4o-mini"
PATIENT = {"timeout": 20_000.0, "retries": 0, "concurrency": 200, "max_cost": 1_000.0}  # a person may be reading
PLAIN = "Extract what the document states as JSON in the shape that is asked for. What it does not state is null or []."


async def run(choice: list[Chosen], out: Path, asked: dict[str, Any], *, plain: bool) -> None:
    """Run every document of the choice, all at once, and keep what each stage gave."""
    policy = Policy.model_validate({"model": MODEL, **PATIENT, **asked})
    async with opened_store(out) as store, ReaderPool(out / "spool", workers=2) as pool:
        model = model_of(policy, load(), store, book=store)
        one = _plain if plain else _piped
        await asyncio.gather(*(one(c, Path(out), (pool, model, policy)) for c in choice))
        await model.aclose()


async def _piped(one: Chosen, out: Path, parts: tuple[ReaderPool, Model, Policy]) -> None:
    """Run one document through the pipeline."""
    pool, model, policy = parts
    stages: dict[str, Any] = {}

    def watch(stage: str, found: Any) -> None:
        known = joined(found) if stage == "asked" else {stage: json_pointer.copied(found)}
        stages.update(known)

    source = make_source(source_of(one, out))
    read = read_options(policy, model.facts)
    documents = [r.document async for r in walk_tree(source, TranscribingReader(pool, model), read)]
    result = await process(replace(engine_of(model, one.case.target, policy), watch=watch), documents)
    kept = {"stages": stages, "result": result.model_dump(mode="json"), "text_tokens": _tokens(documents)}
    _keep(out / f"{one.case.name}.json", kept)


def _tokens(documents: list[Any]) -> int:
    return sum(len(d.text.encode()) // 4 for d in documents)


async def _plain(one: Chosen, out: Path, parts: tuple[ReaderPool, Model, Policy]) -> None:
    """Ask one plain question about one document: what a careful user would write without Thresher."""
    pool, model, policy = parts
    reader = TranscribingReader(pool, model)
    read = read_options(policy, model.facts)
    documents = [r.document async for r in walk_tree(make_source(source_of(one, out)), reader, read)]
    seen = tuple(d.pictures[page] for d in documents for page in sorted(d.pictures) if policy.images == "all")
    text = "\n\n".join(d.text for d in documents)
    question = Question(
        prompt="plain.v1",
        fingerprint="",
        messages=(Message(role="system", content=PLAIN), Message(role="user", content=text, images=seen)),
        schema=engine_of(model, one.case.target, policy).groups[0].asked.schema
        if _is_wide(one)
        else one.case.target.schema,
        answer_tokens=16_000,
    )
    reply = await model.ask(question)
    _keep(out / f"{one.case.name}.plain.json", {"stages": {"plain": parse_answer(reply) or {}}})


def _is_wide(one: Chosen) -> bool:
    return len(one.case.target.fields) > 200


def _keep(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, default=str), "utf-8")


def joined(extractions: list[Extraction]) -> dict[str, Any]:
    """Return the first answers joined by rule, and the same without what grounding did not find.

    Lists one after the other in the order of the text, of single values the first that is not null.
    """
    first = [x for x in extractions if not x.attempts or x.attempts[0].purpose in ("ask", "repair")]
    return {"answers": _join([x.data for x in first]), "grounded": _join([_without(x) for x in first])}


def _without(extraction: Extraction) -> dict[str, Any]:
    data: dict[str, Any] = json_pointer.copied(extraction.data)
    for gone in extraction.unsupported:
        if json_pointer.get(data, gone.path) is not None:
            json_pointer.put(data, gone.path, None)
    return data


def _join(answers: list[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for answer in answers:
        for key, value in answer.items():
            known = whole.get(key)
            if isinstance(value, list) and isinstance(known, list):
                whole[key] = known + value
            elif isinstance(value, dict) and isinstance(known, dict):
                whole[key] = _join([known, value])
            elif known is None:
                whole[key] = value
    return whole


def source_of(one: Chosen, out: Path) -> Path:
    """The file that is run: an invoice of zugferd with its issuer's XML put back in, any other as it lies."""
    if one.stratum != "zugferd":
        return one.case.source
    from pypdf import PdfWriter  # noqa: PLC0415 - for these files alone

    file = out / "sources" / one.case.source.name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        truth = one.case.source.parents[1] / "truth" / f"{one.case.source.stem}.cii.xml"
        writer = PdfWriter(clone_from=one.case.source)
        writer.add_attachment("factur-x.xml", truth.read_bytes())
        writer.write(file)
    return file


def main() -> int:
    """Run or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("run", "report"))
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", default="http://127.0.0.1:8399/v1")
    parser.add_argument("--half", choices=("a", "b"))
    parser.add_argument("--only", default="", help="documents whose stratum or name holds this")
    parser.add_argument("--counts", type=json.loads, default={}, help='documents of sets, as JSON: {"sroie": 16}')
    parser.add_argument("--policy", type=json.loads, default={}, help="members of the Policy, as JSON")
    parser.add_argument("--plain", action="store_true", help="one plain call a document instead of the pipeline")
    parser.add_argument("--list", action="store_true", help="every leaf that is wrong, and every flag")
    given = parser.parse_args()
    choice = [c for c in chosen(given.corpora, given.counts) if not given.half or c.half == given.half]
    choice = [c for c in choice if given.only in f"{c.stratum} {c.case.name}"]
    if given.command == "report":
        report(choice, given.out, listed=given.list)
        return 0
    os.environ.update({"THRESHER_API_BASE": given.base, "OPENAI_API_KEY": "none"})
    given.out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(given.out / "spool", ignore_errors=True)
    with tempfile.TemporaryDirectory():
        asyncio.run(run(choice, given.out, given.policy, plain=given.plain))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
