"""Corrections: is the passage that corrects a fact understood, and is nothing else taken for one?

    python -m bench.corrections CORPORA [--seeds 40000:40200]

First the corrected facts of generated documents, from their text alone. Then real texts, in which all dates, sums, companies
and rates are set against each other as rivals for a field: what is decided is printed, to be judged by eye.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.make import generate
from thresher.service.merging.corrections import Rival, find_correction

MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
DATES = re.compile(rf"\b(?:{MONTH}) \d{{1,2}}, \d{{4}}|\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}")
SUMS = re.compile(r"\$\s?\d[\d,]*(?:\.\d\d)?")
COMPANIES = re.compile(r"\b(?:[A-Z][\w&.-]+ ){1,4}(?:Inc|LLC|Corp|Corporation|Ltd|Limited|L\.P|Company)\b\.?")
RATES = re.compile(r"\b\d+(?:\.\d+)?%")
QUESTIONS = (
    *((name, DATES) for name in ("agreement_date", "expiration_date", "effective_date")),
    ("commitment_amount", SUMS),
    ("party", COMPANIES),
    ("borrower", COMPANIES),
    ("interest_rate", RATES),
)
SETS = (
    "cuad/text/*",
    "kleister_nda/text_best/*",
    "contractnli/text/*",
    "enron_responsive/documents/**/*",
    "discovery/eml/**/*",
)
MOST = 25  # rivals of one question


def understood(first: int, last: int) -> tuple[int, int]:
    """(documents whose correction is understood, documents)."""
    right = total = 0
    for kind in KINDS:
        for seed in range(first, last):
            made = generate(kind, 40, seed)
            ((name, values),) = made.corrections.items()
            found = find_correction([rival(made.text, str(v)) for v in values], [made.text], name)
            right += found is not None and found.left == (1,)
            total += 1
    return right, total


def rival(text: str, value: str) -> Rival:
    """A value, found where it first stands."""
    places = [m.span() for m in re.finditer(re.escape(value), text)][:1]
    return Rival(written=(value,), places=tuple((0, a, b) for a, b in places))


def decided(text: str) -> Iterator[tuple[str, str | None]]:
    """For each question that a text has rivals for, its name and the passage that decides; None: nothing does."""
    for name, kind in QUESTIONS:
        found: dict[str, list[tuple[int, int, int]]] = {}
        for match in kind.finditer(text):
            found.setdefault(" ".join(match[0].split()), []).append((0, *match.span()))
        rivals = [Rival(written=(v,), places=tuple(places)) for v, places in list(found.items())[:MOST]]
        if len(rivals) > 1:
            said = find_correction(rivals, [text], name)
            passage = " ".join(text[slice(*said.passage)].split()) if said else ""
            yield name, f"{rivals[said.winner].written[0]}: {passage}" if said else None


def main(corpora: Path, seeds: str) -> None:
    """Print both."""
    first, _, last = seeds.partition(":")
    right, total = understood(int(first), int(last))
    print(f"generated: {right} of {total} corrections understood")
    for pattern in SETS:
        files = [p for p in sorted(corpora.glob(pattern)) if p.is_file()]
        told = [(p, *q) for p in files for q in decided(p.read_text(errors="replace"))]
        fired = [(p, name, passage) for p, name, passage in told if passage]
        print(f"{pattern}: {len(files)} texts, {len(told)} questions, {len(fired)} decided")
        for path, name, passage in fired:
            print(f"  {path.name} {name} = {passage[:300]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--seeds", default="40000:40200")
    given = parser.parse_args()
    main(given.corpora, given.seeds)
