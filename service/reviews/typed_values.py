"""Take a value as a person types it: "1.234,56" for a number, "3. März 2024" for a date, "ja" for yes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from thresher.schemas.errors import InputProblem
from thresher.schemas.numbers import number_of
from thresher.schemas.target import Field
from thresher.service.formats.amounts import parse_number
from thresher.service.formats.dates import DateOrder, parse_date, parse_datetime, parse_time
from thresher.service.formats.displayed_values import normal_text, parse_bool

ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")


def typed_value(given: Any, field: Field | None, old: Any) -> Any:
    """Return the JSON value that a person means; `old` is the one that it replaces.

    Without a `field` of the target, the kind is that of the old value. Raises InputProblem(value_not_understood), with
    what it could be.
    """
    kind = kind_of(field, old)
    if isinstance(given, str):
        text = given.strip()
        if not text:
            raise _unclear(given, "nothing is written; where the document states no value, mark it as absent")
        return READ[kind](text, field, old)
    return _checked(given, kind, field, old)


def kind_of(field: Field | None, value: Any) -> str:
    """Return the kind of a field; without one, the kind that its value looks like."""
    if field is not None:
        return field.kind
    if isinstance(value, bool):
        return "boolean"
    return "integer" if isinstance(value, int) else "number" if isinstance(value, float) else "any"


def _checked(given: Any, kind: str, field: Field | None, old: Any) -> Any:
    """Return a value that came as JSON, where it fits the kind."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if is_number and not math.isfinite(given):
        raise _unclear(given, "a number of this size is no value")
    if kind in {"number", "integer"} and is_number:
        return _exact(Decimal(str(given)), field, old)
    if kind == "boolean" and not isinstance(given, bool):
        raise _unclear(given, "yes or no is expected")
    if kind in {"enum", "const"} and field is not None and given not in field.choices:
        raise _unclear(given, f"one of {_listed(field.choices)} is expected")
    if kind in {"text", "email", "uri", "date", "datetime", "time", "number", "integer"}:
        raise _unclear(given, f"a {kind} is expected")
    return given


def _number(text: str, field: Field | None, old: Any) -> Any:
    return _exact(_one_number(text), field, old)


def _exact(number: Decimal, field: Field | None, old: Any) -> Any:
    """Return a number with its digits; as text where the field's numbers are text (a Decimal)."""
    if kind_of(field, old) == "integer":
        return _whole(number)
    return format(number, "f") if _is_decimal_text(field, old) else number_of(number)


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value():
        raise _unclear(number, "a whole number is expected")
    return int(number)


def _one_number(text: str) -> Decimal:
    """Return the one number that a text can be."""
    readings = [parse_number(text, point="."), parse_number(text, point=",")]
    found = list(dict.fromkeys(n for n in readings if n is not None))
    if not found:
        raise _unclear(text, "a number is expected, as 1234.56 or 1.234,56")
    if len(found) > 1:
        ways = " or ".join(str(n) for n in found)
        clear = " or ".join(_plain(n) for n in found)
        raise _unclear(text, f"it could be {ways}; write {clear}")
    return found[0]


def _plain(number: Decimal) -> str:
    """Return a number as text that has one reading.

    >>> _plain(Decimal("1.204")), _plain(Decimal("1204"))
    ('1.2040', '1204')
    """
    text = format(number, "f")
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text


def _integer(text: str, field: Field | None, old: Any) -> Any:
    del field, old
    number = parse_number(text, whole=True)
    if number is None:
        raise _unclear(text, "a whole number is expected")
    return _whole(number)


def _is_decimal_text(field: Field | None, old: Any) -> bool:
    """Whether numbers of a field are written as text: pydantic's Decimal."""
    if isinstance(old, str):
        return True
    branches = (field.schema.get("anyOf") or [field.schema]) if field is not None else []
    return old is None and any(b.get("type") == "string" for b in branches if isinstance(b, dict))


def _boolean(text: str, field: Field | None, old: Any) -> Any:
    del field, old
    found = parse_bool(text)
    if found is None:
        raise _unclear(text, "yes or no is expected")
    return found


def _choice(text: str, field: Field | None, old: Any) -> Any:
    del old
    choices = field.choices if field is not None else ()
    for same in (str, lambda c: normal_text(str(c))):
        found = [c for c in choices if same(c) == same(text)]
        if len(found) == 1:
            return found[0]
    raise _unclear(text, f"one of {_listed(choices)} is expected")


def _date(text: str, field: Field | None, old: Any) -> Any:
    del field, old
    return _moment(text, "date", lambda t, order: parse_date(t, order=order), date.fromisoformat)


def _datetime(text: str, field: Field | None, old: Any) -> Any:
    del field, old
    return _moment(text, "date and time", lambda t, order: parse_datetime(t, order=order), datetime.fromisoformat)


def _moment(text: str, what: str, parse: Callable[[str, DateOrder | None], Any], iso: Callable[[str], Any]) -> str:
    """Return a date as ISO text: as ISO, else as documents write it, where that has one reading."""
    try:
        return str(iso(text).isoformat())
    except ValueError:
        found = parse(text, None)
    if found is not None:
        return str(found.isoformat())
    ways = list(dict.fromkeys(str(d.isoformat()) for order in ORDERS if (d := parse(text, order)) is not None))
    raise _unclear(text, f"it could be {' or '.join(ways)}" if ways else f"a {what} is expected, as 2024-03-31")


def _time(text: str, field: Field | None, old: Any) -> Any:
    del field, old
    found = parse_time(text)
    if found is None:
        raise _unclear(text, "a time is expected, as 14:30")
    return found.isoformat()


def _text(text: str, field: Field | None, old: Any) -> Any:
    del field, old
    return text


READ: dict[str, Callable[[str, Field | None, Any], Any]] = {
    "text": _text,
    "email": _text,
    "uri": _text,
    "any": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "enum": _choice,
    "const": _choice,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
}


def _listed(choices: tuple[Any, ...]) -> str:
    return ", ".join(json.dumps(c, ensure_ascii=False) for c in choices[:20])


def _unclear(given: Any, why: str) -> InputProblem:
    return InputProblem("value_not_understood", f"{str(given)[:80]!r}: {why}")
