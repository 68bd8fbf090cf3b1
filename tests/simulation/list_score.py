"""Score of a list: what a pipeline found against a generated document's truth."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.simulation.generator.nouns import Generated

_NUMBER = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Shares are of 1."""

    recall: float  # records with every field exact, over records of the truth
    precision: float  # the same, over records told
    told: int
    repeated: int  # true records told more often than they stand there
    wrong: int  # records that stand nowhere as told: invented, or with a wrong field
    ordered: bool  # those that are right stand in the document's order
    facts: str  # single facts that are right, of all
    missing: tuple[int, ...]  # indices of records that were not found


def score(generated: Generated, data: dict[str, Any] | None) -> Score:
    """Compare records as multisets (equal ones count as often as they stand there), and facts one by one."""
    name = next(n for n, v in generated.truth.items() if isinstance(v, list))
    true = [_key(r) for r in generated.truth[name]]
    found = [_key(r) for r in ((data or {}).get(name) or [])]
    wanted, given = Counter(true), Counter(found)
    right = sum(min(n, given[k]) for k, n in wanted.items())
    facts = {n: v for n, v in generated.truth.items() if n != name}
    sound = sum(_plain((data or {}).get(n)) == _plain(v) for n, v in facts.items())
    return Score(
        recall=right / max(len(true), 1),
        precision=right / len(found) if found else 0.0,
        told=len(found),
        repeated=sum(max(0, n - wanted[k]) for k, n in given.items() if k in wanted),
        wrong=sum(n for k, n in given.items() if k not in wanted),
        ordered=_is_ordered(true, [k for k in found if k in wanted]),
        facts=f"{sound}/{len(facts)}",
        missing=tuple(_missing(true, given)),
    )


def _missing(true: list[str], given: Counter[str]) -> list[int]:
    left = Counter(given)
    lost = []
    for i, key in enumerate(true):
        if left[key]:
            left[key] -= 1
        else:
            lost.append(i)
    return lost


def _is_ordered(true: list[str], found: list[str]) -> bool:
    """Whether the found ones can be laid on the true ones from front to back."""
    places: dict[str, list[int]] = defaultdict(list)
    for i, key in enumerate(true):
        places[key].append(i)
    at = -1
    used: Counter[str] = Counter()
    for key in found:
        rest = [i for i in places[key][used[key] :] if i > at][:1]
        if not rest:
            if used[key] < len(places[key]):
                return False
            continue
        at = rest[0]
        used[key] = places[key].index(at) + 1
    return True


def _key(record: Any) -> str:
    row = record if isinstance(record, dict) else dict(record)
    return json.dumps({n: _plain(v) for n, v in row.items()}, sort_keys=True, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    """Numbers as numbers, whatever they are written as, decimals as text too; text without doubled blanks."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return round(float(value), 6)
    return " ".join(str(value).split())
