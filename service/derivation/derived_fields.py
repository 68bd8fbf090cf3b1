"""Compute each derived field of a whole, and compare the result with what the model gave.

Where both agree to the printed precision, the value is derived, with the paths of its sources. Where the model gave none
and the expression has a result, the result is filled in. Where they differ, the model's value stays, with the reason
`arithmetic`; but not where the document itself prints it, unless the target gives the expression by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence
from thresher.schemas.numbers import number_of
from thresher.schemas.result import Reason
from thresher.schemas.target import Field, Target
from thresher.service.derivation.evaluator import MissingError, Outcome, Value, evaluate, to_unit
from thresher.service.derivation.expression_language import Expression, ExpressionError, parse_expression
from thresher.service.derivation.scopes import DataScope, SourcesRead, Tables, term_of_leaf

FILLED_MAX_DECIMALS = 6  # decimals of a filled value at most
MAX_ROUNDS = 2  # a derived value may depend on another one


@dataclass(frozen=True, slots=True)
class DerivedResult:
    """The result for one derived value."""

    path: str
    value: Any
    evidence: Evidence
    reason: Reason | None = None


@dataclass(slots=True)
class DerivedFields:
    """A whole whose derived fields are computed."""

    data: dict[str, Any]
    evidence: dict[str, Evidence]  # by path
    target: Target
    documents: Sequence[Document]

    def run(self, rivals: dict[str, list[Any]]) -> list[DerivedResult]:
        """Return the result for each derived value, in schema order; `rivals` are other values given for a path.

        `data` is changed in place, because one value may depend on another.
        """
        fields = [f for f in self.target.fields if f.method == "derived"]
        tables = Tables(self.documents)
        found: dict[str, DerivedResult] = {}
        for _ in range(MAX_ROUNDS if fields else 0):
            for field in fields:
                for path in matching_paths(self.data, field.path):
                    settled = self._settled(field, path, rivals.get(path, []), tables)
                    if settled:
                        found[path] = settled
                        json_pointer.put(self.data, path, settled.value)
        return list(found.values())

    def _settled(self, field: Field, path: str, rivals: list[Any], tables: Tables) -> DerivedResult | None:
        value = json_pointer.get(self.data, path)
        known = self.evidence.get(path)
        computed = _computed(field, DataScope(self.data, path, tables, self.target.lists))
        if computed is None:
            return _unproved(path, value, known)
        outcome, rests = computed
        if value is None and not rivals:
            filled = _filled(outcome, field)
            return None if filled is None else DerivedResult(path, filled, self._derived(path, rests))
        given = [v for v in (value, *rivals) if v is not None]
        right = next((v for v in given if agrees(v, outcome.value)), None)
        if right is not None:
            return DerivedResult(path, right, self._derived(path, rests))
        if value is None:
            return None
        printed = known if known and known.start is not None and self._is_printed(field, known) else None
        if printed and "x-derived" not in field.schema:
            return None
        return DerivedResult(path, value, printed or _unknown(path, known), _differs(field, path, value, outcome.value))

    def _derived(self, path: str, rests: SourcesRead) -> Evidence:
        """Return Evidence of a computed value: the paths that it was computed from, or the headings of the table."""
        if rests.table is None:
            return Evidence(
                path=path,
                quote="",
                start=None,
                end=None,
                match="derived",
                method="derived",
                derived_from=tuple(rests.paths),
            )
        number, start, end = rests.table
        document = self.documents[number]
        return Evidence.at(
            document,
            (start, end),
            path,
            match="derived",
            method="derived",
            source=document.source.path if number else None,
            derived_from=tuple(rests.paths),
        )

    def _is_printed(self, field: Field, evidence: Evidence) -> bool:
        """Whether the document itself states a value: outside its tables, or on one line after a word of the field's name."""
        document = next((d for d in self.documents if d.source.path == evidence.source), None)
        document = document or (self.documents[0] if self.documents else None)
        if document is None or evidence.start is None:
            return False
        before = document.text[document.text.rfind("\n", 0, evidence.start) + 1 : evidence.start]
        words = set(_words(" ".join([field.name, field.title, *field.aliases])))
        return document.table_at(evidence.start) is None or bool(words & set(_words(before)))


def _unproved(path: str, value: Any, known: Evidence | None) -> DerivedResult | None:
    """Return a value that no expression checks, with the reason `arithmetic`.

    None where there is none or the text contains it.
    """
    if value is None or (known and known.match != "none"):
        return None
    message = f"{value} is computed, and nothing that was found computes it"
    return DerivedResult(path, value, _unknown(path, known), Reason(code="arithmetic", path=path, message=message))


def agrees(value: Any, computed: Value) -> bool:
    """Return whether a value equals a computed one, to the precision in which it is given.

    >>> agrees(14.33, Decimal("14.3333333")), agrees(14.34, Decimal("14.3333333")), agrees("2024-05-01", date(2024, 5, 1))
    (True, False, True)
    """
    given = term_of_leaf(value)
    if not isinstance(given, Decimal) or not isinstance(computed, Decimal):
        return given == computed
    unit = Decimal(1).scaleb(min(int(given.as_tuple().exponent), 0))
    ways = (ROUND_HALF_UP, ROUND_HALF_EVEN) if unit == 1 else (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
    return any(to_unit(computed, unit, way) == given for way in ways)


def matching_paths(data: Any, pattern: str, path: str = "") -> Iterator[str]:
    """Yield the paths in the data that a field's pattern matches, whether or not they have a value.

    >>> list(matching_paths({"lines": [{"a": 1}, {}]}, "/lines/*/a"))
    ['/lines/0/a', '/lines/1/a']
    """
    first, *rest = pattern.split("/")[1:]
    here = json_pointer.get(data, path) if path else data
    keys = [first]
    if first == "*":
        keys = [
            str(k) for k in (here if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ())
        ]
    elif not isinstance(here, dict):
        return
    for key in keys:
        at = f"{path}/{key}"
        if rest:
            yield from matching_paths(data, "/" + "/".join(rest), at)
        else:
            yield at


def _computed(field: Field, scope: DataScope) -> tuple[Outcome, SourcesRead] | None:
    expression = parsed_or_none(field.derived) if field.derived else None
    if expression is None:
        return None
    try:
        return evaluate(expression, scope), scope.rests
    except MissingError:
        return None


@lru_cache(maxsize=1024)
def parsed_or_none(text: str) -> Expression | None:
    """Return the parsed expression; None where the text is none."""
    try:
        return parse_expression(text)
    except ExpressionError:
        return None


def _filled(outcome: Outcome, field: Field) -> Any:
    """Return a computed value in JSON form; None where the field cannot have it, or an item was left out."""
    value = outcome.value
    if not outcome.complete:
        return None
    if isinstance(value, date):
        return value.isoformat() if field.kind in {"date", "text", "any"} else None
    if not isinstance(value, Decimal):
        return value if field.kind in {"text", "any"} else None
    if field.kind == "integer":
        return int(value) if value == int(value) else None
    short = (
        value
        if -int(value.as_tuple().exponent) <= FILLED_MAX_DECIMALS
        else to_unit(value, Decimal(1).scaleb(-FILLED_MAX_DECIMALS), ROUND_HALF_EVEN)
    )
    return number_of(short) if field.kind in {"number", "any"} else f"{short:f}" if field.kind == "text" else None


def _unknown(path: str, known: Evidence | None) -> Evidence:
    chunk = known.chunk if known else None
    return Evidence(path=path, quote="", start=None, end=None, match="none", method="derived", chunk=chunk)


def _differs(field: Field, path: str, value: Any, computed: Value) -> Reason:
    shown = (
        f"{to_unit(computed, Decimal('1e-6'), ROUND_HALF_EVEN).normalize():f}"
        if isinstance(computed, Decimal)
        else computed
    )
    return Reason(code="arithmetic", path=path, message=f"it says {value}, and {field.derived} gives {shown}")


def _words(text: str) -> list[str]:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return [w for w in re.findall(r"[^\W\d_]+", parted.casefold()) if len(w) > 1]
