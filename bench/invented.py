"""What grounding catches of values that were invented, and what it loses of true ones, on labelled documents.

    python -m bench.invented CORPORA [--only SET] [--rounds 3] [--misses]

The answer is the truth itself, whole, with the whole Document as one Chunk. First it is grounded as it is: `true` is
the share of its leaves that code finds (truth that the document writes nowhere, an enum, a computed sum, counts as
lost, so the share is no measure by itself: compare it between two states of the code). Then, in each round, one leaf in
ten is replaced by another document's value of the same field: one that this document does not hold, judged by letters
and figures alone and not by grounding. `caught` is the share of these that grounding does not find.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import re
import sys
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.adapters import extract_bench, fcc_adbuy, invoice2data, kleister_nda, zugferd
from thresher.schemas import json_pointer
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.source import Source
from thresher.schemas.target import Target, Validation
from thresher.service.grounding.grounder import Grounder
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source

SHARE = 0.1  # of the leaves that are replaced in a round
MOST_PAGES_BYTES = 2_000_000  # larger PDFs are left out: minutes of reading for few leaves
TARGET = Target(name="T", schema={}, validate=lambda data: Validation(data=data), fields=())
ADAPTERS = {
    "invoice2data": invoice2data,
    "zugferd": zugferd,
    "extract_bench": extract_bench,
    "kleister_nda": kleister_nda,
    "fcc_adbuy": fcc_adbuy,
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One document and its true values."""

    name: str
    document: Document
    truth: dict[str, Any]


@dataclass(slots=True)
class Score:
    """Counts of one set."""

    leaves: int = 0
    found: int = 0
    invented: int = 0
    passed: int = 0  # invented values that were found all the same
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)


def fieldbench(corpora: Path, category: str) -> Iterator[Labelled]:
    """Texts of one category with their expected values."""
    folder = corpora / "fieldbench" / category
    for file in sorted((folder / "documents").glob("*.md")):
        truth = json.loads((folder / "expected" / f"{file.stem}.json").read_text("utf-8"))
        yield Labelled(file.stem, opened(file), truth)


def adapted(corpora: Path, name: str) -> Iterator[Labelled]:
    """Cases of one of the scorecard's adapters that have a text of their own."""
    for one in ADAPTERS[name].cases(corpora / name):
        if one.source.stat().st_size <= MOST_PAGES_BYTES and (document := opened(one.source)).text.strip():
            yield Labelled(one.name, document, one.expected)


def opened(path: Path) -> Document:
    """A file as the readers read it, pictures left out."""
    source = Source(path=path.name, blob=str(path), sha256="", size=path.stat().st_size, name=path.name)
    with TemporaryDirectory() as spool:
        return read_source(source, ReadOptions(ocr="off"), Spool(Path(spool))).document


def grounded(one: Labelled, data: dict[str, Any]) -> dict[str, str]:
    """The quote of every leaf that is found, by path."""
    chunk = Chunk(index=0, start=0, end=len(one.document.text), text=one.document.text, count=len)
    found = Grounder(one.document, chunk, TARGET, fuzzy=Policy().fuzzy).ground(data)
    return {e.path: f"{e.match} {e.quote!r}" for e in found.evidence}


def leaves(truth: dict[str, Any]) -> list[tuple[str, Any]]:
    """What can be read: no booleans, no blanks."""
    return [(p, v) for p, v in json_pointer.leaves(truth) if v not in {None, ""} and not isinstance(v, bool)]


def folded(text: str) -> str:
    """Letters and figures alone."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if c.isalnum())


def stands(value: Any, text: str, letters: str) -> bool:
    """Whether a text might hold a value, by its letters and figures: rather yes than no."""
    if isinstance(value, int | float):
        figures = re.sub(r"\D", "", f"{value:.10f}".rstrip("0")).lstrip("0")
        runs = {re.sub(r"\D", "", r).strip("0") for r in re.findall(r"\d[\d.,' \u00a0]*", text)}
        runs |= {r.strip("0") for r in re.findall(r"\d+", text)}
        return figures.strip("0") in runs or not figures
    day = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", str(value))
    if day:
        year, _, date = day.groups()
        return bool(re.search(rf"{year}|{year[2:]}\b", text)) and bool(re.search(rf"(?<!\d)0?{int(date)}(?!\d)", text))
    return folded(str(value)) in letters


def replaced(one: Labelled, pool: dict[str, list[Any]], dice: random.Random) -> tuple[dict[str, Any], list[str]]:
    """The truth with a tenth of its leaves invented, and their paths."""
    letters, data = folded(one.document.text), copy.deepcopy(one.truth)
    paths: list[str] = []
    known = leaves(one.truth)
    for path, value in dice.sample(known, len(known)):
        if len(paths) >= max(1, round(SHARE * len(known))):
            break
        others = [
            v for v in pool[json_pointer.pattern(path)] if v != value and not stands(v, one.document.text, letters)
        ]
        if others:
            json_pointer.put(data, path, dice.choice(others))
            paths.append(path)
    return data, paths


def measure(name: str, cases: list[Labelled], rounds: int) -> Score:
    """One set's score."""
    score, dice, pool = Score(), random.Random(11), defaultdict(list)
    for one in cases:
        for path, value in leaves(one.truth):
            pool[json_pointer.pattern(path)].append(value)
    for one in cases:
        started = time.process_time()
        found = grounded(one, one.truth)
        score.seconds += time.process_time() - started
        score.leaves += len(leaves(one.truth))
        score.found += sum(p in found for p, _ in leaves(one.truth))
        score.misses += [f"LOST {name} {one.name} {p} {v!r}" for p, v in leaves(one.truth) if p not in found]
        for _ in range(rounds):
            data, paths = replaced(one, pool, dice)
            found = grounded(one, data)
            score.invented += len(paths)
            passed = [p for p in paths if p in found]
            score.passed += len(passed)
            score.misses += [f"PASSED {name} {one.name} {p} {json_pointer.get(data, p)!r}: {found[p]}" for p in passed]
    return score


def row(name: str, score: Score) -> str:
    """One line of the table."""
    true, caught = score.found / max(score.leaves, 1), 1 - score.passed / max(score.invented, 1)
    return f"| {name} | {score.leaves} | {true:.4f} | {score.invented} | {caught:.4f} | {score.seconds:.1f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    categories = sorted(p.name for p in (options.corpora / "fieldbench").iterdir() if p.is_dir())
    print("| set | leaves | true found | invented | caught | CPU s |\n|---|---|---|---|---|---|")
    total = Score()
    for name in options.only or [*categories, *ADAPTERS]:
        cases = list(adapted(options.corpora, name) if name in ADAPTERS else fieldbench(options.corpora, name))
        score = measure(name, cases, options.rounds)
        for part in ("leaves", "found", "invented", "passed", "seconds"):
            setattr(total, part, getattr(total, part) + getattr(score, part))
        print(row(name, score), flush=True)
        for miss in score.misses if options.misses else ():
            print("   ", miss, file=sys.stderr)
    print(row("all", total))


if __name__ == "__main__":
    main()
