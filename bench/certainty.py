"""Precision against coverage: what each threshold of certainty gives on real documents, by set and half.

    python -m bench.certainty CORPORA_FOLDER [--sets sroie fcc_adbuy] [--half held]

One line a set and a threshold: the share of fields that get a value, how many values that is, and how much of them is
right. The thresholds of the stances are marked. No model is asked; fields, halves and rules of comparison are those of
`bench/embedded.py`.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from bench.embedded import SETS, asked_of, half_of, no_model, read
from bench.embedded_sets import sets
from bench.matching import same
from thresher.schemas.policy import Policy
from thresher.service.rules.confidence.thresholds import STANCES
from thresher.service.rules.extractor import weigh
from thresher.service.targets.loading import target_from_schema

STEPS = (0.0, 0.3, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)


def main() -> None:
    """Print the curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--half", choices=("dev", "held"), default="held")
    options = parser.parse_args()
    print(f"{'set':13} half  certainty  answered        right")
    for name in options.sets:
        points, fields = asyncio.run(_points(options, name))
        for least in STEPS:
            print(_line(name, options.half, least, (points, fields)))


async def _points(options: argparse.Namespace, name: str) -> tuple[list[tuple[float, bool]], int]:
    """(certainty, right) of every best value of a set's half, and how many fields were asked."""
    schema, cases = sets(options.corpora)[name]
    target, points, fields = target_from_schema(schema, name), [], 0
    for case in (c for c in cases if half_of(c.name) == options.half):
        weighed = await weigh(no_model(), read(case), target, Policy())
        for leaf in asked_of(target, case):
            fields += 1
            value, sign = weighed.signs.get(leaf.path.removesuffix("/*"), (None, None))
            if sign is not None:
                points.append((sign.worth, same(leaf, _none(case.truth[leaf.name]), value)))
    return points, fields


def _none(value: Any) -> Any:
    return None if value in ([], ()) else value


def _line(name: str, half: str, least: float, counted: tuple[list[tuple[float, bool]], int]) -> str:
    points, fields = counted
    given = [right for worth, right in points if worth >= least]
    stance = next((f"  {key}" for key, threshold in STANCES.items() if threshold == least), "")
    share = f"{sum(given) / len(given):.2f}" if given else "   -"
    return f"{name:13} {half:4}  {least:9.2f}  {len(given) / max(fields, 1):5.2f} ({len(given):3})  {share}{stance}"


if __name__ == "__main__":
    main()
