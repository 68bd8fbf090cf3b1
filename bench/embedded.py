"""The embedded model on real documents: accuracy by field, invention, abstention and seconds, beside two baselines.

    python -m bench.embedded CORPORA_FOLDER [--sets sroie fcc_adbuy] [--no-model] [--mistakes]

Reads the documents end to end (PDF text, OCR of photos), asks through `extract_by_rules`, and prints one table a set and a
half. `first`: the first candidate of the right form in document order. `ranked`: the best-ranked candidate, no model.
`model`: what the pipeline gives with the embedded model; what it is not sure of it leaves out, and the last line of a half
says how much it answered, how much of that is right, and how many wrong values stand in Results shown as complete. The
same candidates serve all three. The rules of comparison are those of `bench/matching.py`. Halves are cut by a fixed hash of the document's name: `dev` was looked at while
tuning, `held` was not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.embedded_case import Case
from bench.embedded_sets import items_of, sets
from bench.matching import same
from thresher.schemas import json_pointer
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Extraction
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.question import Model
from thresher.schemas.source import Source
from thresher.schemas.target import Field, Target
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source
from thresher.service.rules.confidence.span_confidence import undecidable_paths
from thresher.service.rules.extractor import extract_by_rules
from thresher.service.rules.target_values import first_values, ranked_values
from thresher.service.targets.loading import target_from_schema

SETS = ["sroie", "kleister_nda", "invoice2data", "fcc_adbuy", "zugferd", "cuad", "cuad_bare", "contractnli", "credit"]


@dataclass
class Tally:
    """Counts of one field."""

    documents: int = 0
    right: dict[str, int] = field(default_factory=lambda: {"first": 0, "ranked": 0, "model": 0})
    absent: int = 0
    given: int = 0  # values given where the truth has none
    foreign: int = 0  # values whose evidence is not in the document
    answers: int = 0  # values given
    good: int = 0  # of them, right
    refused: int = 0  # left out as not sure
    lost: int = 0  # of them, right


@dataclass
class Half:
    """Counts of one half of a set."""

    fields: dict[str, Tally] = field(default_factory=dict)
    pages: int = 0
    seconds: float = 0.0  # of choosing, model included
    reading: float = 0.0
    calls: int = 0
    whole: list[int] = field(default_factory=lambda: [0, 0, 0])  # documents, shown as complete, wrong values in those
    items: list[int] = field(default_factory=lambda: [0, 0, 0, 0, 0])  # true rows, rows given, rows met, cells, right


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--no-model", action="store_true")
    parser.add_argument("--mistakes", action="store_true", help="print what went wrong on the dev half")
    options = parser.parse_args()
    asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> None:
    model = no_model() if options.no_model else _embedded()
    print(f"{'set':13} half {'field':16} docs  first ranked  model  given/absent  foreign  right/given right/refused")
    for name in options.sets:
        schema, cases = sets(options.corpora)[name]
        target, halves = target_from_schema(schema, name), {"dev": Half(), "held": Half()}
        for case in cases:
            half = half_of(case.name)
            wrong = await _case(model, target, case, halves[half])
            if options.mistakes and half == "dev":
                print(*wrong, sep="\n")
        for half, counts in halves.items():
            _print(name, half, counts)


def half_of(name: str) -> str:
    """The half that a document is in, by a hash of its name."""
    return "held" if hashlib.sha256(f"thresher-bench:{name}".encode()).digest()[0] % 2 else "dev"


async def _case(model: Model, target: Target, case: Case, half: Half) -> list[str]:
    begin = time.perf_counter()
    document = read(case)
    middle = time.perf_counter()
    extraction = await extract_by_rules(model, document, target, Policy())
    half.seconds += time.perf_counter() - middle
    half.reading += middle - begin
    half.pages += max(len(document.pages), 1)
    half.calls += len(extraction.attempts)
    answers = {"first": first_values(document, target), "ranked": ranked_values(document, target)}
    before = _errors(half)
    wrong = [w for f in asked_of(target, case) for w in _score(f, case, answers, extraction, half)]
    complete = not (extraction.unsupported or extraction.unresolved or _unseen(document, target, extraction))
    half.whole = [a + b for a, b in zip(half.whole, [1, complete, complete * (_errors(half) - before)], strict=True)]
    _foreign(document, extraction, half)
    _items(case, extraction.data, half)
    return wrong


def _errors(half: Half) -> int:
    return sum(t.answers - t.good for t in half.fields.values())


def _unseen(document: Document, target: Target, extraction: Extraction) -> bool:
    """Whether a field without a value is one that the choosing can not tell to be absent: the Result is partial."""
    paths = (path.removesuffix("/*") for path in undecidable_paths(document, target))
    return any(json_pointer.get(extraction.data, path) in (None, []) for path in paths)


def asked_of(target: Target, case: Case) -> Iterator[Field]:
    """The fields whose truth is known, those of items aside."""
    for leaf in target.fields:
        if leaf.name in case.truth and not any(leaf.path.startswith(f"{p}/*") for p in target.lists):
            yield leaf


def _score(
    leaf: Field, case: Case, answers: dict[str, dict[str, Any]], extraction: Extraction, half: Half
) -> Iterator[str]:
    want, got = case.truth[leaf.name], json_pointer.get(extraction.data, leaf.path.removesuffix("/*"))
    want, got = (None if v in ([], ()) else v for v in (want, got))
    tally = half.fields.setdefault(leaf.name, Tally())
    tally.documents += 1
    for column, values in answers.items():
        tally.right[column] += same(leaf, want, values[leaf.path])
    tally.right["model"] += same(leaf, want, got)
    tally.answers += got is not None
    tally.good += got is not None and same(leaf, want, got)
    for doubt in (u for u in extraction.unsupported if u.path == leaf.path.removesuffix("/*")):
        tally.refused += 1
        tally.lost += same(leaf, want, doubt.value)
    if want is None:
        tally.absent += 1
        tally.given += got is not None
    if not same(leaf, want, got):
        yield f"  {case.name[:10]} {leaf.name}: want {want!r}, got {got!r}"


def _foreign(document: Document, extraction: Extraction, half: Half) -> None:
    for e in extraction.evidence:
        name = e.path.split("/")[1]
        if e.start is None or e.end is None or document.text[e.start : e.end] != e.quote or not e.quote.strip():
            half.fields.setdefault(name, Tally()).foreign += 1


def _items(case: Case, data: dict[str, Any], half: Half) -> None:
    """Rows are met in order; a cell counts where the truth has a value."""
    if not case.items:
        return
    given = items_of(data)
    half.items[0] += len(case.items)
    half.items[1] += len(given)
    for want, got in zip(case.items, given, strict=False):
        half.items[2] += 1
        for key, value in want.items():
            half.items[3] += 1
            kind = Field(path=f"/{key}", kind="text" if isinstance(value, str) else "number")
            half.items[4] += same(kind, value, got.get(key))


def _print(name: str, half: str, counts: Half) -> None:
    means = {"first": 0.0, "ranked": 0.0, "model": 0.0}
    scored = {k: t for k, t in counts.fields.items() if t.documents}
    for key, t in scored.items():
        shares = {c: n / t.documents for c, n in t.right.items()}
        means = {c: means[c] + shares[c] / len(scored) for c in means}
        row = "  ".join(f"{shares[c]:5.2f}" for c in means)
        said = f"{t.good:4}/{t.answers:<4} {t.lost:3}/{t.refused:<3}"
        print(
            f"{name:13} {half:4} {key:16.16} {t.documents:4}  {row}  {t.given:5}/{t.absent:<6}  {t.foreign:7}  {said}"
        )
    row = "  ".join(f"{m:5.2f}" for m in means.values())
    speed = f"{counts.seconds / max(counts.pages, 1):.2f} s a page choosing, {counts.reading / max(counts.pages, 1):.2f} reading"
    print(f"{name:13} {half:4} {'MEAN':16} {'':4}  {row}  {speed}, {counts.calls} calls")
    _print_given(name, half, counts)
    if counts.items[0]:
        rows, given, met, cells, right = counts.items
        print(f"{name:13} {half:4} items: {given} rows given of {rows}, {met} met, {right}/{cells} cells right")


def _print_given(name: str, half: str, counts: Half) -> None:
    """How much is answered over all fields and documents, how much of it is right, and what the status hides."""
    tallies = list(counts.fields.values())
    asked, given, good = (sum(getattr(t, k) for t in tallies) for k in ("documents", "answers", "good"))
    refused, lost = (sum(getattr(t, k) for t in tallies) for k in ("refused", "lost"))
    right = sum(t.right["model"] for t in tallies)
    documents, complete, hidden = counts.whole
    print(
        f"{name:13} {half:4} right {right}/{asked} ({right / max(asked, 1):.2f}), answered {given} ({given / max(asked, 1):.2f}), "
        f"of them right {good} ({good / max(given, 1):.2f}); refused {refused}, of them right {lost}; "
        f"complete {complete} of {documents} documents, wrong values in those {hidden}"
    )


def read(case: Case) -> Document:
    """The case's Document, through the readers; a set that comes as text is taken as text."""
    data = case.file.read_bytes()
    source = Source(
        path=case.file.name,
        blob=str(case.file),
        name=case.file.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )
    with tempfile.TemporaryDirectory() as spool, contextlib.suppress(OSError):
        return read_source(source, ReadOptions(), Spool(Path(spool))).document
    return DocumentBuilder(source, kind="text").build()


def _embedded() -> Model:
    from thresher.service.llm.client import ModelClient  # noqa: PLC0415 - only with the model
    from thresher.service.llm.providers.embedded.embedded_transport import (  # noqa: PLC0415 - the same
        EmbeddedTransport,
        facts,
        identity,
        known_setup,
    )
    from thresher.service.llm.providers.embedded.model_weights import SMOLLM2  # noqa: PLC0415 - only with the model

    folder = Path.home() / ".cache" / "thresher"
    wire = EmbeddedTransport(lambda: known_setup("smollm2", folder))
    return ModelClient(name="embedded", facts=facts(), wire=wire, identity=identity(SMOLLM2))


def no_model() -> Model:
    """A model that never knows."""
    from thresher.service.llm.client import ModelClient  # noqa: PLC0415 - only without the model
    from thresher.service.llm.providers.scripted import FACTS, ScriptedTransport  # noqa: PLC0415 - the same

    null = json.dumps({"value": None})
    return ModelClient(name="none", facts=FACTS, wire=ScriptedTransport({"": null}), identity="none")


if __name__ == "__main__":
    main()
