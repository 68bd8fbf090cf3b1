"""Score a set of the corpora as it lies: `python -m bench.score sroie --corpora DIR [--model M] [--limit N] [--list]`.

Sets: sroie kleister_nda invoice2data fcc_adbuy zugferd cuad extract_bench. Scores on these halves are not comparable with
published ones: other documents, other metric.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from thresher.service.cli.score import Request, score
from thresher.service.scorecard.cases import Case

SETS = ("sroie", "kleister_nda", "invoice2data", "fcc_adbuy", "zugferd", "cuad", "extract_bench")


def cases_of(name: str, corpora: Path) -> Iterator[Case]:
    """The cases of a set."""
    yield from importlib.import_module(f"bench.adapters.{name}").cases(corpora / name)


def main() -> int:
    """Score or list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("out/score"))
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--gate", type=Path)
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    found = (c for c in cases_of(given.set, given.corpora) if given.only in c.name)
    cases = list(islice(found, given.limit))
    if given.list:
        print("\n".join(f"{c.name:50} {len(c.target.fields):4} fields  {str(c.expected)[:140]}" for c in cases))
        return 0
    choices = {"model": given.model, "unit": "document"}
    return score(cases, Request(None, None, given.out / given.set, choices=choices, gate=given.gate))


if __name__ == "__main__":
    raise SystemExit(main())
