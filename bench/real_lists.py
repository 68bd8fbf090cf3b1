"""Lists in real documents: what the ledger names that is no record, and which left out records it names.

    python -m bench.real_lists CORPORA

Every document of the corpora whose target has lists of objects is read by a reader that knows the right answer
(`bench/gold_reader.py`): once whole, then with a share of the items left out at every ask. The first run must name nothing.
In the second, each left out item that stands somewhere should be named, by the line where it stands, and nothing else: by a
text that holds half of its values or a figure that it alone has, or by the very place where the first run found a value
that no other item has there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from bench.gold_reader import GoldReader
from bench.wide import documents_of
from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.result import Result
from thresher.schemas.target import Target
from thresher.service.extraction.engine import engine_of
from thresher.service.grounding.text_index import TextIndex
from thresher.service.llm.providers.scripted import FACTS, scripted
from thresher.service.pipeline import process
from thresher.service.scorecard.cases import Case

SETS = ("extract_bench", "zugferd", "invoice2data", "fieldbench")
LONG = 4  # digits and points of a figure that is not found by chance
YEARS = range(1900, 2100)
LEFT_OUT = 0.2  # of the items of each list of objects, in the second run


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document."""

    kind: str
    name: str
    items: int
    answers: tuple[int, int]  # questions of the run with all items, and of the other
    false: tuple[str, ...]  # what the first run names
    prompt: float
    left_out: int  # items that stand somewhere
    named: int
    beside: tuple[str, ...]  # what the second run names that is none of them


def cases_of(corpora: Path, sets: tuple[str, ...] = SETS) -> Iterator[Case]:
    """Cases whose target has lists of objects, and whose truth has items of them."""
    for name in sets:
        for case in import_module(f"bench.adapters.{name}").cases(corpora / name):
            if case.target.lists and any(True for _ in _items(case.expected, case.target)):
                yield case


def _items(gold: Any, target: Target, path: str = "") -> Iterator[tuple[list[Any], int]]:
    """The outermost lists of objects of a truth, with the number of each item."""
    if path in target.lists and isinstance(gold, list):
        yield from ((gold, i) for i in range(len(gold)))
    elif isinstance(gold, dict):
        for key, member in gold.items():
            yield from _items(member, target, f"{path}/{key}")


async def measured(case: Case) -> Row:
    """Both runs over one document."""
    documents = await documents_of(Path(case.source))
    gold = case.expected
    places = list(_items(gold, case.target))
    whole, prompt = await _run(case.target, documents, GoldReader(gold, documents[0]))
    chance = Random(case.name)
    out = {(id(items), i) for items, i in places if chance.random() < LEFT_OUT}
    lean = _without(gold, out)
    text = TextIndex(documents[0].text)
    lost = [items[i] for items, i in places if (id(items), i) in out and _stands(text, items[i])]
    homes = _homes(whole, case.target)
    less, _ = await _run(case.target, documents, GoldReader(lean, documents[0]))
    told = less.coverage.unclaimed
    places_told = [TextIndex(u.text) for u in told]
    own = [homes.get(_key(item), set()) for item in lost]
    figures = _alone([items[i] for items, i in places])
    named = [
        [
            _holds(u, item) or any(x.start <= s < x.end for s in at) or any(map(u.find, figures(item)))
            for u, x in zip(places_told, told, strict=True)
        ]
        for item, at in zip(lost, own, strict=True)
    ]
    return Row(
        kind=_kind(case.name),
        name=case.name,
        items=len(places),
        answers=(whole.usage.answers, less.usage.answers),
        false=tuple(u.text for u in whole.coverage.unclaimed),
        prompt=prompt,
        left_out=len(lost),
        named=sum(map(any, named)),
        beside=tuple(u.text for i, u in enumerate(told) if not any(row[i] for row in named)),
    )


def _alone(items: list[Any]) -> Callable[[Any], list[float]]:
    """What gives the figures of an item that no other has, and that do not stand anywhere by chance."""
    seen = Counter(abs(v) for item in items for v in set(_long(item)))
    return lambda item: [v for v in _long(item) if seen[abs(v)] == 1]


def _long(item: Any) -> list[float]:
    """Figures of several digits that are no years."""
    numbers = (v for _, v in json_pointer.leaves(item) if isinstance(v, int | float))
    return [v for v in numbers if len(str(abs(v))) >= LONG and int(v) not in YEARS]


def _homes(result: Result[Any], target: Target) -> dict[str, set[int]]:
    """Where values of each item stand that no other item has there, by what the item says."""
    owners: dict[int, set[str]] = {}
    for evidence in result.evidence:
        path = _item_of(evidence.path, target)
        if path is not None and evidence.start is not None:
            owners.setdefault(evidence.start, set()).add(_key(json_pointer.get(result.values, path)))
    found: dict[str, set[int]] = {}
    for start, items in owners.items():
        if len(items) == 1:
            found.setdefault(next(iter(items)), set()).add(start)
    return found


def _item_of(path: str, target: Target) -> str | None:
    """The item of an outermost list that a path lies in."""
    name = next((x for x in target.lists if "*" not in x and path.startswith(f"{x}/")), None)
    return "/".join(path.split("/")[: name.count("/") + 2]) if name else None


def _key(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=str)


def _stands(text: TextIndex, item: Any) -> bool:
    """Whether a text holds half of an item's values."""
    values = [v for _, v in json_pointer.leaves(item) if v is not None]
    return sum(bool(text.find(v)) for v in values) * 2 >= len(values)


def _holds(text: TextIndex, item: Any) -> bool:
    """The same of a text that was named, where a year in brackets is a word."""
    values = [v for _, v in json_pointer.leaves(item) if v is not None]
    return sum(bool(text.find(v) or text.find(str(v))) for v in values) * 2 >= len(values)


def _without(gold: Any, out: set[tuple[int, int]]) -> Any:
    if isinstance(gold, dict):
        return {k: _without(v, out) for k, v in gold.items()}
    if isinstance(gold, list):
        return [v for i, v in enumerate(gold) if (id(gold), i) not in out]
    return gold


async def _run(target: Target, documents: list[Document], reader: GoldReader) -> tuple[Result[Any], float]:
    """The Result, and characters of prompts over those of the text."""
    asked: list[int] = []

    def say(question: Question) -> str:
        prompt = "\n".join(m.content for m in question.messages)
        asked.append(len(prompt))
        return json.dumps(reader.answer(prompt, question.schema or {}), ensure_ascii=False)

    model = scripted(say, facts=replace(FACTS, dialect="plain"))
    engine = engine_of(model, target, Policy(ungrounded="keep", quotes=False))
    return await process(engine, documents), sum(asked) / max(len(documents[0].text), 1)


def _kind(name: str) -> str:
    """What documents are counted together: what a name begins with; real and synthetic ones apart.

    >>> _kind("invoices-real-sample_01"), _kind("resume-Resume-IT")
    ('invoices-real', 'resume')
    """
    first, _, rest = name.partition("-")
    source = rest.partition("-")[0]
    return f"{first}-{source}" if source in {"real", "synthetic"} else first


def pooled(rows: list[Row]) -> Iterator[str]:
    """A line for each kind of document, and one for all."""
    yield (
        "\n| kind | documents | items | questions | false | in documents | left out | named | beside |\n|" + "---|" * 9
    )
    kinds = dict.fromkeys(row.kind for row in rows)
    for kind, some in [*((k, [r for r in rows if r.kind == k]) for k in kinds), ("all", rows)]:
        asked = f"{sum(r.answers[0] for r in some)}, {sum(r.answers[1] for r in some)}"
        false = sum(len(r.false) for r in some), sum(bool(r.false) for r in some)
        lost = sum(r.left_out for r in some), sum(r.named for r in some), sum(len(r.beside) for r in some)
        cells = (kind, len(some), sum(r.items for r in some), asked, *false, *lost)
        yield f"| {' | '.join(map(str, cells))} |"


async def main(given: argparse.Namespace) -> None:
    """Print the table, and with --show what is named and no record."""
    print("| document | items | questions | false | left out | named | beside | prompt |\n|" + "---|" * 8)
    rows = []
    for case in cases_of(given.corpora, tuple(given.sets.split(","))):
        if given.only not in case.name:
            continue
        row = await measured(case)
        rows.append(row)
        cells = (row.items, f"{row.answers[0]}, {row.answers[1]}", len(row.false), row.left_out, row.named)
        print(f"| {row.name} | {' | '.join(map(str, cells))} | {len(row.beside)} | {row.prompt:.2f} |", flush=True)
        for kind, texts in (("false", row.false), ("beside", row.beside)) if given.show else ():
            for text in texts:
                print(f"    {kind}: {text[:150]!r}")
    print("\n".join(pooled(rows)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--show", action="store_true")
    asyncio.run(main(parser.parse_args()))
