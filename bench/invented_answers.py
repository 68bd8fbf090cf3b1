"""What the whole pipeline catches of values invented on purpose in a model's own answers, and what it loses of true ones.

    python -m bench.invented_answers --corpora DIR --out OUT --base ADDRESS [--rounds 3] [--evaluator known|any|model] [--misses]

Each document of `bench.lift_choice` runs through the pipeline once as the model answers it, and then, in each round, with
one leaf in ten of its first answers replaced by another document's value of the same field, one that this document does
not hold by letters and figures (`bench.invented`). Replaced are read and derived values, not classes, yes or no. Grounding,
second look, merge, review and judging follow as always. An invention is caught where `data` does not have it ("removed")
or has it with a reason ("flagged"). A true value is a leaf of the first answers that is right by the labels and was not
replaced; it is lost where `data` does not have it.

Nobody reads hundreds of second looks, so they are answered by a rule. What the model was asked in the first run has the
answer that it gave there; of any other value `known` says supported where a line of the excerpt holds it or neighbouring
lines have all its words, rather yes than no, and `any` says supported of everything (the worst evaluator). `model` asks
the model. Any other new question is answered with nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.invented import SHARE, folded, stands
from bench.lift import MODEL, PATIENT, joined, source_of
from bench.lift_choice import Chosen, cases_of, chosen
from bench.replayed_answers import Place, Reading
from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model, Reply
from thresher.service.extraction.engine import engine_of
from thresher.service.pipeline import process
from thresher.service.prompts.answer_repair import parse_answer
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.review.evaluation.supported_by_record import Fields
from thresher.service.runs.transcription import TranscribingReader
from thresher.service.scorecard.align import judge
from thresher.service.scorecard.equality import is_equal
from thresher.service.scorecard.scored_fields import FieldRules
from thresher.service.settings import load
from thresher.service.wiring.effects import opened_store
from thresher.service.wiring.models import model_of

Leaf = tuple[str, Any]


@dataclass(slots=True)
class Score:
    """Counts of some documents."""

    planted: int = 0
    removed: int = 0
    flagged: int = 0
    true: int = 0
    lost: int = 0
    lost_before: int = 0  # of the true values of the first run, without inventions
    misses: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """A document of the choice, read."""

    one: Chosen
    documents: list[Document]

    @property
    def text(self) -> str:
        """Return all that its Documents say."""
        return "\n".join(d.text for d in self.documents)


async def measure(opened: Opened, pool: dict[str, list[Any]], model: Model, policy: Policy, options: Any) -> Score:
    """Run one document as it is, then with inventions in each round."""
    one, score, dice = opened.one, Score(), random.Random(opened.one.case.name)
    fields, rules = Fields.of(one.case.target), FieldRules(one.case.target)
    own = {(json_pointer.pattern(p), str(v)) for p, v in json_pointer.leaves(one.case.expected)}
    others = {pattern: [v for v in of if (pattern, str(v)) not in own] for pattern, of in pool.items()}
    reading = Reading(model, options.evaluator)
    answers, data, _ = await _run(opened, reading, policy)
    reading.is_first = False
    judged = judge(one.case.expected, answers, rules).leaves
    true = [(x.given_path, x.given) for x in judged if x.outcome == "right" and x.given_path and x.given is not None]
    score.lost_before = len([1 for leaf in true if not _has(data, leaf, rules)])
    held = [(p, v) for p, v in true if _has(data, (p, v), rules)]
    for _ in range(options.rounds):
        gone = plant(reading, opened.text, others, fields, dice)
        _, data, result = await _run(opened, reading, policy)
        _count(score, one.case.name, reading.planted, data, result)
        left = [leaf for leaf in held if not any(_is_same(leaf, g) for g in gone)]
        lost = [leaf for leaf in left if not _has(data, leaf, rules)]
        score.true += len(left)
        score.lost += len(lost)
        score.misses += [f"LOST {one.case.name} {p} {v!r}" for p, v in lost]
    return score


async def _run(opened: Opened, reading: Reading, policy: Policy) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """Return the first answers joined, `data`, and the Result of one run."""
    stages: dict[str, Any] = {}

    def watch(stage: str, found: Any) -> None:
        if stage == "asked":
            stages.update(joined(found))

    engine = replace(engine_of(reading, opened.one.case.target, policy), watch=watch)
    result = (await process(engine, opened.documents)).model_dump(mode="json")
    return stages.get("answers", {}), result.get("data") or {}, result


def plant(reading: Reading, text: str, pool: dict[str, list[Any]], fields: Fields, dice: random.Random) -> list[Leaf]:
    """Choose one leaf in ten of the kept answers and what stands in its place; return the leaves that are gone."""
    letters = folded(text)
    known = list(_leaves(reading.kept, fields))
    wanted, gone = max(1, round(SHARE * len(known))), list[Leaf]()
    reading.planted = {}
    for key, path, value in dice.sample(known, len(known)):
        others = [v for v in pool.get(json_pointer.pattern(path), ()) if v != value and not stands(v, text, letters)]
        if others and len(gone) < wanted:
            reading.planted[key, path] = dice.choice(others)
            gone.append((path, value))
    return gone


def _leaves(kept: dict[str, Reply], fields: Fields) -> Iterator[tuple[str, str, Any]]:
    """Yield the read and derived leaves of first answers."""
    for key, reply in kept.items():
        if json.loads(key)[0] == "extract":
            for path, value in json_pointer.leaves(parse_answer(reply) or {}):
                if (
                    fields.at(path)
                    and not fields.is_judged(path, value)
                    and value != ""
                    and not isinstance(value, bool)
                ):
                    yield key, path, value


def _count(score: Score, name: str, planted: dict[Place, Any], data: Any, result: dict[str, Any]) -> None:
    """Count what became of the inventions."""
    reasons = [r["path"] for r in result["reasons"] if r["path"]]
    leaves = [(json_pointer.pattern(p), str(v), p) for p, v in json_pointer.leaves(data)]
    for (_, path), value in planted.items():
        score.planted += 1
        at = [
            p for pattern, v, p in leaves if pattern == json_pointer.pattern(path) and _plain(v) == _plain(str(value))
        ]
        bare = [p for p in at if not any(p == r or p.startswith(f"{r}/") for r in reasons)]
        score.removed += not at
        score.flagged += bool(at) and not bare
        score.misses += [f"PASSED {name} {p} {value!r}: {_shown(result, p)}" for p in bare]


def _shown(result: dict[str, Any], path: str) -> str:
    return next((f"{e['match']} {e['quote']!r}" for e in result["evidence"] if e["path"] == path), "no evidence")


def _plain(value: str) -> str:
    return re.sub(r"(\.\d*?)0+$", r"\1", value).removesuffix(".")


def _is_same(leaf: Leaf, other: Leaf) -> bool:
    return json_pointer.pattern(leaf[0]) == json_pointer.pattern(other[0]) and str(leaf[1]) == str(other[1])


def _has(data: Any, leaf: Leaf, rules: FieldRules) -> bool:
    pattern = json_pointer.pattern(leaf[0])
    rule = rules.rule(leaf[0])
    return any(json_pointer.pattern(p) == pattern and is_equal(rule, leaf[1], v) for p, v in json_pointer.leaves(data))


def pools(corpora: Path, choice: Iterable[Chosen]) -> dict[str, dict[str, list[Any]]]:
    """Return, for the fingerprint of each target of a choice, the labelled values of all its documents by pattern."""
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for name in dict.fromkeys(c.stratum.partition("/")[0] for c in choice):
        for case in cases_of(name, corpora):
            for path, value in json_pointer.leaves(case.expected):
                found[case.target.fingerprint][json_pointer.pattern(path)].append(value)
    return found


async def run(choice: list[Chosen], options: Any) -> None:
    """Measure every document and print a row a set."""
    policy = Policy.model_validate({"model": MODEL, **PATIENT})
    known = pools(options.corpora, choice)
    scores: dict[str, list[Score]] = defaultdict(list)
    async with opened_store(options.out) as store, ReaderPool(options.out / "spool", workers=2) as readers:
        model = model_of(policy, load(), store, book=store)
        for one in choice:
            reader = TranscribingReader(readers, model)
            source = make_source(source_of(one, options.out))
            documents = [r.document async for r in walk_tree(source, reader, policy.read)]
            pool = known[one.case.target.fingerprint]
            score = await measure(Opened(one, documents), pool, model, policy, options)
            scores[one.stratum.partition("/")[0]].append(score)
            for miss in score.misses if options.misses else ():
                print("   ", miss, flush=True)
        await model.aclose()
    print(
        "| set | documents | invented | removed | flagged | caught | true values | lost |\n|---|---|---|---|---|---|---|---|"
    )
    for name, of in [*scores.items(), ("all", [s for some in scores.values() for s in some])]:
        print(_row(name, of))


def _row(name: str, scores: list[Score]) -> str:
    sums = Counter[str]()
    for score in scores:
        sums.update({k: getattr(score, k) for k in ("planted", "removed", "flagged", "true", "lost")})
    caught = (sums["removed"] + sums["flagged"]) / max(1, sums["planted"])
    lost = sums["lost"] / max(1, sums["true"])
    counts = f"{len(scores)} | {sums['planted']} | {sums['removed']} | {sums['flagged']} | {caught:.4f}"
    return f"| {name} | {counts} | {sums['true']} | {sums['lost']} ({lost:.2%}) |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", default="http://127.0.0.1:8399/v1")
    parser.add_argument("--only", default="", help="documents whose stratum or name holds this")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--evaluator", choices=("known", "any", "model"), default="known")
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    os.environ.update({"THRESHER_API_BASE": options.base, "OPENAI_API_KEY": "none"})
    options.out.mkdir(parents=True, exist_ok=True)
    choice = [c for c in chosen(options.corpora, {}) if options.only in f"{c.stratum} {c.case.name}"]
    asyncio.run(run(choice, options))


if __name__ == "__main__":
    main()
