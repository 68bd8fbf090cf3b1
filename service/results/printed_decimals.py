"""Write numbers with the decimals that the document prints."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence
from thresher.schemas.numbers import Number, number_of
from thresher.schemas.target import Target
from thresher.service.formats.amounts import parse_number

PRINTED_MATCHES = {"exact", "normalised"}


def with_printed_decimals(data: dict[str, Any], evidence: Iterable[Evidence], target: Target) -> dict[str, Any]:
    """Return the data with 42.00 for a 42 that the document prints as "42.00"; the same object where nothing changes.

    A value never changes: only decimals are added or kept. A field of whole numbers stays one.
    """
    wanted = {f.path for f in target.fields if f.kind in {"number", "any"}}
    shown = {e.path: n for e in evidence if e.match in PRINTED_MATCHES and (n := _shown(data, e, wanted)) is not None}
    if not shown:
        return data
    printed: dict[str, Any] = json_pointer.copied(data)
    for path, number in shown.items():
        json_pointer.put(printed, path, number)
    return printed


def _shown(data: Any, evidence: Evidence, wanted: set[str]) -> Number | None:
    """Return a value as its quote writes it; None where it is no number, another one, or written so already."""
    value = json_pointer.get(data, evidence.path)
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or json_pointer.pattern(evidence.path) not in wanted
    ):
        return None
    told = Decimal(str(value))
    quoted = parse_number(evidence.quote, point=None)
    if quoted is None or abs(quoted) != abs(told):
        quoted = parse_number(evidence.quote, point=",")
    if quoted is None or abs(quoted) != abs(told):
        return None
    number = number_of(quoted.copy_sign(told))
    return None if number.text == str(value) else number


def with_digits(data: Any, found: Any) -> Any:
    """Return data in JSON form with the digits of the same data as it was found; other values stay as they are."""
    if isinstance(data, dict) and isinstance(found, dict):
        return {key: with_digits(member, found.get(key)) for key, member in data.items()}
    if isinstance(data, list) and isinstance(found, list) and len(data) == len(found):
        return [with_digits(*pair) for pair in zip(data, found, strict=True)]
    same = isinstance(found, Number) and isinstance(data, float) and data == found
    return found if same else data
