"""Wide targets and long documents: the gold itself, asked for window by window and group by group, against the gold.

    python -m bench.wide CORPORA/extract_bench                    every dialect, 10-Qs with 369 fields and credit agreements
    python -m bench.wide CORPORA/extract_bench --only 10q --http  through litellm and instructor, over loopback HTTP

The reader answers from the gold JSON, in the asked shape: see bench/gold_reader.py. What the gold has against its own
schema is mended first and listed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import tempfile
from collections import Counter as Multiset
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from bench.adapters.base import manifest, read
from bench.gold_reader import GoldReader
from tests.simulation.server import Said, Server
from thresher.chunkers.base import Counter
from thresher.chunkers.tokens import counter
from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model, Question
from thresher.schemas.target import Target
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import FACTS, scripted
from thresher.service.pipeline import process
from thresher.service.provider_schemas.dialects import Name
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.settings import Settings
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.targets.loading import load_target
from thresher.service.wiring.models import model_of

KINDS = {"10q": "10kq", "agreements": "credit_agreement"}
DIALECTS: tuple[Name, ...] = tuple(n for n in get_args(Name) if n != "lenient")
KEYS = frozenset({"data_period", "metric_type", "segment_type", "segment_name"})  # of one measure in a 10-Q
COUNT = counter("o200k_base")
TITLES = (
    "document",
    "pages",
    "dialect",
    "groups",
    "Chunks asked/all",
    "questions",
    "valid",
    "gold values in place",
    "beside the gold",
    "status",
    "supported",
    "prompt/document",
    "largest answer",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One document with its target and its mended gold."""

    name: str
    pdf: Path
    target: Target
    gold: dict[str, Any]
    mended: tuple[str, ...]


def cases(folder: Path, kind: str, keys: frozenset[str] = frozenset()) -> Iterator[Case]:
    """The documents of a kind. `keys`: names of fields that tell items apart."""
    for row in manifest(folder):
        if KINDS[kind] in row["schema"]:
            target = load_target(_keyed(read(folder / row["schema"]), keys))
            gold = _without_absences(read(folder / row["truth"]))
            mended = tuple(_mend(gold, target))
            name = Path(row["document"]).stem
            yield Case(name=name, pdf=folder / row["document"], target=target, gold=gold, mended=mended)


def _keyed(schema: Any, keys: frozenset[str]) -> Any:
    """A schema whose fields of some names are declared as keys."""
    if isinstance(schema, dict):
        inside = {k: _keyed(v, keys) for k, v in schema.items()}
        named = inside.get("properties") or {}
        return (
            {**inside, "properties": {k: {**v, "key": True} if k in keys else v for k, v in named.items()}}
            if named
            else inside
        )
    return [_keyed(s, keys) for s in schema] if isinstance(schema, list) else schema


def _without_absences(gold: Any) -> Any:
    """The gold with null for what it says was not found."""
    if isinstance(gold, dict):
        return {k: _without_absences(v) for k, v in gold.items()}
    if isinstance(gold, list):
        return [] if gold == ["NOT_FOUND"] else [_without_absences(v) for v in gold]
    return None if gold == "NOT_FOUND" else gold


def _mend(gold: dict[str, Any], target: Target) -> Iterator[str]:
    """Write numbers where the schema wants text as text; say what was done, and what can not be mended."""
    for error in target.validate(gold).errors:
        value = json_pointer.get(gold, error.path)
        if "must be string" in error.message and isinstance(value, int | float):
            json_pointer.put(gold, error.path, str(value))
            yield f"{error.path}: {value} is now {str(value)!r}"
        else:
            yield f"{error.path}: {error.message} (left)"
    known = {f.path for f in target.fields}
    for path in [p for p, v in _members(gold) if not any(k == p or k.startswith(f"{p}/") for k in known)]:
        above, _, name = path.rpartition("/")
        json_pointer.get(gold, above).pop(name)
        yield f"{path}: the schema has no such field (left out)"


def _members(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(pointer, value) of everything in objects, not in lists."""
    for key, member in value.items() if isinstance(value, dict) else ():
        yield json_pointer.join(path, key), member
        yield from _members(member, json_pointer.join(path, key))


async def documents_of(pdf: Path) -> list[Document]:
    """The Documents of a file, read as a run reads them."""
    with tempfile.TemporaryDirectory() as folder:
        async with ReaderPool(Path(folder), workers=1) as pool:
            return [r.document async for r in walk_tree(make_source(pdf), pool, Policy().read)]


@dataclass(slots=True)
class Talk:
    """What was said: the reader, and its answers counted."""

    reader: GoldReader
    prompt: int = 0  # tokens, the schemas among them
    largest: int = 0  # tokens of the longest answer
    count: Counter = COUNT

    def say(self, prompt: str, schema: dict[str, Any]) -> str:
        """The answer to one question, as JSON."""
        said = json.dumps(self.reader.answer(prompt, schema), ensure_ascii=False)
        self.prompt += self.count(prompt) + self.count(json.dumps(schema, ensure_ascii=False))
        self.largest = max(self.largest, self.count(said))
        return said


@contextlib.asynccontextmanager
async def model_in_process(talk: Talk, dialect: Name) -> AsyncIterator[Model]:
    """The reader without HTTP."""

    def say(question: Question) -> str:
        return talk.say("\n".join(m.content for m in question.messages), question.schema or {})

    yield scripted(say, facts=replace(FACTS, dialect=dialect))


@contextlib.asynccontextmanager
async def model_over_http(talk: Talk, dialect: Name) -> AsyncIterator[Model]:
    """The reader as an OpenAI-compatible server, asked by litellm in what instructor makes of the question."""

    def say(request: dict[str, Any]) -> Said:
        schema = request["response_format"]["json_schema"]["schema"]
        return Said(content=talk.say("\n".join(str(m["content"]) for m in request["messages"]), schema))

    name = "openai/gpt-4o" if dialect == "openai_strict" else "hosted_vllm/local"
    with tempfile.TemporaryDirectory() as home:
        async with Server(say) as server:
            settings = Settings(home=Path(home), api_base=server.base)
            model = model_of(Policy(model=name), settings, MemoryStore())
            yield model
            await model.aclose()


async def measured(case: Case, dialect: Name, given: argparse.Namespace) -> list[str]:
    """One line of the table."""
    documents, http = await documents_of(case.pdf), bool(given.http)
    talk = Talk(GoldReader(case.gold, documents[0], again=given.again))
    opened = model_over_http if http else model_in_process
    async with opened(talk, dialect) as model:
        engine = engine_of(model, case.target, Policy(ungrounded="keep", quotes=False))
        result = await process(engine, documents)
        prompt = talk.prompt
        talk.reader = GoldReader(case.gold, documents[0], again=given.again)
        strict = engine_of(model, case.target, Policy(quotes=False))
        dropped = await process(strict, documents) if not http else None
    values, there, beside = compared(case.gold, result.values)
    kept = f"{compared(case.gold, dropped.values, items=False)[1]:,}" if dropped else ""
    return [
        case.name,
        str(len(documents[0].pages)),
        dialect + (" over HTTP" if http else ""),
        str(len(engine.groups)),
        f"{result.coverage.chunks_asked}/{result.coverage.chunks}",
        str(result.usage.answers),
        "yes" if result.valid else f"NO: {len(result.errors)} errors",
        f"{there:,} of {values:,}",
        str(beside),
        result.status,
        kept,
        f"{prompt / COUNT(documents[0].text):.2f}",
        f"{talk.largest:,}",
    ]


def compared(gold: Any, draft: Any, *, items: bool = True) -> tuple[int, int, int]:
    """Leaves of the gold; those that stand in their place; leaves where the gold has none.

    Items of a list are told from each other by all they hold, whatever their order; without `items`, by each leaf alone.
    """
    want, have = (Multiset(_facts(v, "", items=items)) for v in (gold, draft))
    size = {fact: len(list(json_pointer.leaves(json.loads(fact[1])))) for fact in {*want, *have}}
    return tuple(sum(n * size[f] for f, n in c.items()) for c in (want, want & have, have - want))  # type: ignore[return-value]


def _facts(value: Any, path: str, *, items: bool) -> Iterator[tuple[str, str]]:
    """(pattern, JSON) of each leaf; of each item of a list as a whole."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _facts(member, json_pointer.join(path, key), items=items)
    elif isinstance(value, list):
        for member in value:
            if items:
                yield path, json.dumps(_plain(member), sort_keys=True)
            else:
                yield from _facts(member, f"{path}/*", items=items)
    elif value is not None:
        yield path, json.dumps(_plain(value))


def _plain(value: Any) -> Any:
    """A value without its nulls, whole numbers as such."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None}
    return int(value) if isinstance(value, float) and value.is_integer() else value


async def main(given: argparse.Namespace) -> None:
    """Print what was mended, and the table."""
    keys = KEYS if given.again else frozenset[str]()
    found = [c for kind in given.only.split(",") for c in cases(given.folder, kind, keys)]
    for case in found:
        for line in case.mended:
            print(f"mended in {case.name}: {line}")
    print("| " + " | ".join(TITLES) + " |\n|" + "---|" * len(TITLES), flush=True)
    for case in found:
        for dialect in given.dialects.split(","):
            print("| " + " | ".join(await measured(case, dialect, given)) + " |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--dialects", default=",".join(DIALECTS))
    parser.add_argument("--again", action="store_true", help="items are said wherever they stand; keys unite them")
    parser.add_argument("--http", action="store_true", help="dialects plain and openai_strict")
    asyncio.run(main(parser.parse_args()))
