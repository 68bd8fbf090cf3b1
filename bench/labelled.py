"""Every labelled document of the tuning sets, each with the target that its labels are for, and what is wrong in an answer.

The sets of `bench.embedded_sets` come with the targets that were proposed with them, those of `bench.adapters` with the
adapters' own; of fieldbench every document whose text is not longer than `MOST_BYTES`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import embedded_case
from bench.embedded import asked_of, half_of
from bench.embedded_sets import items_of, sets
from bench.matching import same
from thresher.schemas import json_pointer
from thresher.schemas.target import Field, Target
from thresher.service.scorecard import cases as scored
from thresher.service.scorecard.align import judge
from thresher.service.scorecard.scored_fields import FieldRules
from thresher.service.targets.loading import target_from_schema

EMBEDDED = ("zugferd", "invoice2data", "fcc_adbuy", "kleister_nda", "sroie", "cuad")
ADAPTERS = {"fieldbench": "fieldbench", "enron": "enron_responsive", "extract_bench": "extract_bench"}
MOST_BYTES = 30_000
Wrong = Callable[[dict[str, Any]], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One document, its target, and a function that names the wrong values of an answer."""

    set: str  # fieldbench's real and synthetic texts are two sets
    name: str
    file: Path
    target: Target
    wrong: Wrong

    @property
    def half(self) -> str:
        """`dev` was looked at while the rules were made, `held` was not."""
        return half_of(self.name)


def labelled(corpora: Path, names: tuple[str, ...] = (*EMBEDDED, *ADAPTERS)) -> Iterator[Labelled]:
    """Yield the documents of some sets, in a fixed order."""
    for name in names:
        yield from _adapted(corpora, name) if name in ADAPTERS else _embedded(corpora, name)


def _embedded(corpora: Path, name: str) -> Iterator[Labelled]:
    schema, cases = sets(corpora)[name]
    target = target_from_schema(schema, name)
    for case in cases:
        yield Labelled(set=name, name=case.name, file=case.file, target=target, wrong=_wrong_of(target, case))


def _wrong_of(target: Target, case: embedded_case.Case) -> Wrong:
    def wrong(data: dict[str, Any]) -> list[str]:
        told = ((f, json_pointer.get(data, f.path.removesuffix("/*"))) for f in asked_of(target, case))
        found = [f"{f.name}: {got!r} for {case.truth[f.name]!r}" for f, got in told if _is_wrong(f, case.truth, got)]
        return [*found, *_wrong_cells(case, data)]

    return wrong


def _is_wrong(field: Field, truth: dict[str, Any], got: Any) -> bool:
    return got not in (None, []) and not same(field, truth[field.name], got)


def _wrong_cells(case: embedded_case.Case, data: dict[str, Any]) -> list[str]:
    """Name the cells that no true row at their place has; rows are met in order."""
    found = []
    for i, (want, got) in enumerate(zip(case.items, items_of(data), strict=False)):
        for key, value in want.items():
            kind = Field(path=f"/{key}", kind="text" if isinstance(value, str) else "number")
            if got.get(key) is not None and not same(kind, value, got[key]):
                found.append(f"item {i} {key}: {got[key]!r} for {value!r}")
    more = len(items_of(data)) - len(case.items)
    return [*found, *([f"{more} items too many"] if case.items and more > 0 else [])]


def _adapted(corpora: Path, name: str) -> Iterator[Labelled]:
    adapter = importlib.import_module(f"bench.adapters.{name}")
    for case in adapter.cases(corpora / ADAPTERS[name]):
        if name != "fieldbench" or case.source.stat().st_size <= MOST_BYTES:
            origin = f" {case.name.split('-')[1]}" if name == "fieldbench" else ""
            yield Labelled(
                set=f"{name}{origin}", name=case.name, file=case.source, target=case.target, wrong=_judged_by(case)
            )


def _judged_by(case: scored.Case) -> Wrong:
    def wrong(data: dict[str, Any]) -> list[str]:
        leaves = judge(case.expected, data, FieldRules(case.target)).leaves
        return [f"{x.field}: {x.given!r} for {x.truth!r}" for x in leaves if x.outcome in ("wrong", "invented")]

    return wrong
