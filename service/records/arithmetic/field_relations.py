"""Find values that follow from other values of their record: a unit price is amount over quantity.

Field names do not matter. A relation between three fields of a list counts where it holds, to the cent or closer, in most
records whose other two values stand in the text, and in several of them or with figures that hardly agree by chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from itertools import permutations
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.numbers import decimal_of

MAX_FIELDS = 10  # numbers of one record; among more, some pair gives almost any number
HOLDING_MIN_SHARE = (
    2 / 3
)  # share of the records with all three values in which a relation must hold: some value may be wrong
MIN_RECORDS = 2  # records with different values
TELLING_MIN_FIGURES = 3  # significant figures from which one value is hardly chance

Relation = tuple[str, str, str]  # operation and the names of two fields
_OPERATIONS: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "times": lambda a, b: a * b,
    "over": lambda a, b: a / b,
    "and": lambda a, b: a + b,
    "less": lambda a, b: a - b,
    "per cent of": lambda a, b: a * b / 100,
}
_COMMUTATIVE = {"times", "and", "per cent of"}


@dataclass(frozen=True, slots=True)
class _Record:
    path: str
    numbers: dict[str, Decimal]  # own leaves by name
    found: frozenset[str]  # names of those that are located in the text


def computed_within_records(data: Any, wanted: Collection[str], located: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return, for wanted paths whose values follow from two located ones of the same record, the paths of these two.

    `wanted` and `located` are pointers into `data`.

    >>> computed_within_records({"lines": [{"n": 4, "each": 46.51, "amount": 186.04}]}, {"/lines/0/each"}, {"/lines/0/n", "/lines/0/amount"})
    {'/lines/0/each': ('/lines/0/amount', '/lines/0/n')}
    """
    alike: dict[str, set[str]] = defaultdict(set)
    for path in wanted:
        above, _, name = path.rpartition("/")
        alike[json_pointer.pattern(above)].add(name)
    records = list(_records(data, frozenset(located)))
    found: dict[str, tuple[str, str]] = {}
    for pattern, names in alike.items():
        own = [r for r in records if json_pointer.pattern(r.path) == pattern]
        for name in sorted(names):
            found |= {p: pair for p, pair in _made(own, name).items() if p in wanted and p not in found}
    return found


def _made(records: list[_Record], name: str) -> dict[str, tuple[str, str]]:
    """Return the values of one field that follow from others, in all records of a list."""
    having = [r for r in records if name in r.numbers and len(r.numbers) <= MAX_FIELDS]
    others = dict.fromkeys(k for r in having for k in r.numbers if k != name)
    found: dict[str, tuple[str, str]] = {}
    for a, b in permutations(others, 2):
        for way in _OPERATIONS:
            if way in _COMMUTATIVE and a > b:
                continue
            holding = _holding(having, name, (way, a, b))
            found = {f"{r.path}/{name}": (f"{r.path}/{a}", f"{r.path}/{b}") for r in holding} | found
    return found


def _holding(records: list[_Record], name: str, relation: Relation) -> list[_Record]:
    """Return the records in which a relation holds, where this is no chance."""
    _, a, b = relation
    whole = [r for r in records if {a, b} <= r.found]
    holding = [r for r in whole if _comes_out(r, name, relation)]
    telling = {r.numbers[name] for r in holding if _tells(r, name, relation)}
    sure = len(telling) >= MIN_RECORDS or any(
        len(v.normalize().as_tuple().digits) >= TELLING_MIN_FIGURES for v in telling
    )
    if not sure or len(holding) < HOLDING_MIN_SHARE * len(whole):
        return []
    return holding


def _comes_out(record: _Record, name: str, relation: Relation) -> bool:
    way, a, b = relation
    value = record.numbers[name]
    try:
        made = _OPERATIONS[way](record.numbers[a], record.numbers[b])
        places = min(int(value.as_tuple().exponent), -2)
        return made.quantize(Decimal(1).scaleb(places), ROUND_HALF_UP) == value
    except DecimalException:
        return False


def _tells(record: _Record, name: str, relation: Relation) -> bool:
    """Whether a record shows more than that times 1 or plus 0 changes nothing."""
    _, a, b = relation
    first, second, value = record.numbers[a], record.numbers[b], record.numbers[name]
    return value not in {first, second, 0} and not {first, second} & {Decimal(0), Decimal(1)}


def _records(value: Any, located: frozenset[str], path: str = "") -> Iterator[_Record]:
    if isinstance(value, dict):
        numbers = {k: n for k, v in value.items() if (n := decimal_of(v)) is not None}
        found = frozenset(k for k in numbers if json_pointer.join(path, k) in located)
        yield _Record(path, numbers, found)
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from _records(member, located, json_pointer.join(path, key))
