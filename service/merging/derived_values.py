"""Restore values that no text contains where code can recompute them from located numbers.

Such a value is the sum of a column, or quantity times price. Its name must be that of a sum or amount, a column's too,
and factors must be named as quantity and price. Sums must be equal, products after rounding to the value's decimals, at
least two; only one column or pair may give the value. It goes back into the data, with Evidence of match "derived" that
names its sources.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence, Unsupported

_SUM = re.compile(r"total|sum|amount|gross|net|balance|betrag|summe|montant|importe", re.IGNORECASE)
_COUNT = re.compile(r"qty|quantity|count|units|hours|days|pieces|menge|anzahl|quantit|cantidad", re.IGNORECASE)
_PRICE = re.compile(r"price|rate|preis|prix|precio|cost|fee", re.IGNORECASE)
SUM_MIN_NUMBERS = 2  # numbers that make a sum

Numbers = dict[str, Decimal]  # located numbers by path


def add_derived_values(
    data: dict[str, Any], evidence: list[Evidence], unsupported: list[Unsupported]
) -> list[Unsupported]:
    """Put derived values back into `data`, their Evidence into `evidence`, and return what is still unsupported."""
    wanted = [u for u in unsupported if _number(u.value) is not None and "-" not in json_pointer.parts(u.path)]
    if not any(_SUM.search(_name(u.path)) for u in wanted):
        return unsupported
    located = {
        e.path: n
        for e in evidence
        if e.start is not None and (n := _number(json_pointer.get(data, e.path))) is not None
    }
    left = []
    for u in unsupported:
        sources = _sources(u, data, located) if u in wanted and json_pointer.get(data, u.path) is None else ()
        if not sources:
            left.append(u)
            continue
        json_pointer.put(data, u.path, u.value)
        evidence.append(
            Evidence(path=u.path, quote="", start=None, end=None, match="derived", derived_from=tuple(sources))
        )
    return left


def _sources(u: Unsupported, data: dict[str, Any], located: Numbers) -> tuple[str, ...]:
    """Return the paths of the numbers that give a value; empty where no set of them does, or several do."""
    value = _number(u.value)
    if value is None or not _SUM.search(_name(u.path)):
        return ()
    found = [*_sums(u.path, value, data, located), *_products(u.path, value, located)]
    return found[0] if len(found) == 1 else ()


def _sums(path: str, value: Decimal, data: dict[str, Any], located: Numbers) -> Iterator[tuple[str, ...]]:
    """Yield whole columns of lists next to the value whose numbers add up to it."""
    above = path.rpartition("/")[0]
    beside = json_pointer.get(data, above) if above else data
    columns: dict[tuple[str, str], list[str]] = defaultdict(list)
    for leaf, _ in json_pointer.leaves(beside):
        keys = leaf.split("/")
        if len(keys) == 4 and keys[2].isdigit() and _SUM.search(keys[3]):
            columns[keys[1], keys[3]].append(above + leaf)
    for (name, _), paths in columns.items():
        rows = json_pointer.get(beside, f"/{name}")
        whole = isinstance(rows, list) and len(rows) == len(paths) >= SUM_MIN_NUMBERS
        if whole and all(p in located for p in paths) and sum(located[p] for p in paths) == value:
            yield tuple(paths)


def _products(path: str, value: Decimal, located: Numbers) -> Iterator[tuple[str, ...]]:
    """Yield a quantity and a price next to the value whose product it is."""
    above = path.rpartition("/")[0]
    beside = [p for p in located if p.rpartition("/")[0] == above]
    for a, b in combinations(beside, 2):
        named = (_COUNT.search(_name(a)) and _PRICE.search(_name(b))) or (
            _PRICE.search(_name(a)) and _COUNT.search(_name(b))
        )
        if named and _rounded(located[a] * located[b], value) == value:
            yield a, b


def _rounded(number: Decimal, like: Decimal) -> Decimal:
    return number.quantize(Decimal(1).scaleb(min(int(like.as_tuple().exponent), -2)), ROUND_HALF_UP)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _number(value: Any) -> Decimal | None:
    """Return a finite number of modest size, also from a string of figures; None for anything else."""
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", str(value)):
        return None
    return Decimal(str(value))
