"""The documents that `bench.lift` runs: a stratified choice of the tuning sets, split into two halves by a hash.

Of each stratum the documents come in the order of the SHA-256 of their names; the first goes to half "a", the second to
half "b", and so on. Long texts of fieldbench are left out so that a person can read every question.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from thresher.service.scorecard.cases import Case

MOST_BYTES = 30_000  # of a text of fieldbench
PDF_BYTES = 400_000  # of a contract
COUNTS = {  # documents of each set, or of each stratum of a set
    "fieldbench": 2,
    "invoice2data": 4,
    "zugferd": 4,
    "sroie": 4,
    "fcc_adbuy": 4,
    "kleister_nda": 4,
    "cuad": 2,
    "extract_bench": 2,
    "enron": 6,
}
FOLDERS = {"enron": "enron_responsive"}
KINDS = {"resume": 2, "swimming": 2, "10kq": 1}  # of extract_bench; its other kinds are too long to be read here


@dataclass(frozen=True, slots=True)
class Chosen:
    """One document of the choice."""

    stratum: str  # "fieldbench/receipts-real", "sroie"
    half: str  # "a" or "b"
    case: Case


def chosen(corpora: Path, counts: dict[str, int]) -> list[Chosen]:
    """Return the choice, in a fixed order; `counts` are the documents of sets where they differ from COUNTS."""
    return [c for name in COUNTS for c in _of_set(name, corpora, counts)]


def cases_of(name: str, corpora: Path) -> Iterable[Case]:
    """Return all labelled documents of a set."""
    found: Iterable[Case] = importlib.import_module(f"bench.adapters.{name}").cases(corpora / FOLDERS.get(name, name))
    return found


def _of_set(name: str, corpora: Path, counts: dict[str, int]) -> Iterator[Chosen]:
    cases = sorted(cases_of(name, corpora), key=lambda c: _stratum(name, c))
    for stratum, group in groupby(cases, key=lambda c: _stratum(name, c)):
        few = sorted((c for c in group if _is_short(name, c)), key=_order)
        for j, case in enumerate(few[: counts.get(name, _count(name, stratum))]):
            yield Chosen(stratum, "ab"[j % 2], case)


def _stratum(name: str, case: Case) -> str:
    if name == "fieldbench":
        return f"{name}/{'-'.join(case.name.split('-')[:2])}"
    return f"{name}/{_kind(case)}" if name == "extract_bench" else name


def _kind(case: Case) -> str:
    return next((k for k in KINDS if k in str(case.source)), "other")


def _count(name: str, stratum: str) -> int:
    return KINDS.get(stratum.partition("/")[2], 0) if name == "extract_bench" else COUNTS[name]


def _is_short(name: str, case: Case) -> bool:
    most = {"fieldbench": MOST_BYTES, "cuad": PDF_BYTES}.get(name)
    return most is None or case.source.stat().st_size <= most


def _order(case: Case) -> str:
    return hashlib.sha256(case.name.encode()).hexdigest()
