"""Decide when two values are equal: a rule for each kind of field, also stated in every report.

| Form | Equal when |
|---|---|
| text | similar to at least 0.85 (Levenshtein, without case, spaces, punctuation) and the same figures in both |
| id | equal without case, spaces and kinds of dash: for texts of one word with a digit, and by hint |
| name | equal without case and punctuation; legal forms count, "Ltd." and "Limited" are one form |
| number | within one part in a million; `within` of a hint is absolute |
| money | within half a cent; texts are parsed as amounts; currencies must agree where both have one |
| date, datetime, time | the same day, moment or time in any format |
| boolean, enum, email, uri | equal without case (a URI's scheme and last slash do not count) |

A target chooses with `Field(json_schema_extra={"score": "name"})`, or
`{"score": {"as": "number", "within": 0.01}}`, `{"score": {"as": "text", "at_least": 0.7}}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, cast, get_args

from rapidfuzz.distance import Levenshtein

from thresher.schemas.target import Field
from thresher.service.formats.displayed_values import (
    normal_text,
    parse_bool,
    parse_currency,
    parse_date,
    parse_datetime,
    parse_number,
    parse_time,
)

Form = Literal["text", "id", "name", "number", "money", "boolean", "date", "datetime", "time", "enum", "email", "uri"]
FORMS: tuple[str, ...] = get_args(Form)
TEXT_MIN_SIMILARITY = 0.85  # least similarity (0..1) of two free texts
RELATIVE_TOLERANCE = Decimal("0.000001")  # of the larger number
MONEY_TOLERANCE = Decimal("0.005")
CHARACTERS_MAX = 20_000  # characters of both texts compared one by one; longer texts are compared by words
_KINDS: dict[str, Form] = {
    "integer": "number", "number": "number", "boolean": "boolean", "date": "date", "datetime": "datetime",
    "time": "time", "enum": "enum", "const": "enum", "email": "email", "uri": "uri",
}  # fmt: skip
_NAME_WORDS = frozenset({
    "name", "company", "party", "parties", "merchant", "seller", "buyer", "vendor", "supplier", "customer", "issuer",
    "advertiser", "borrower", "lender", "lenders", "agent", "arranger", "employer", "institution", "author", "authors",
    "attendees", "sender", "signatory",
})  # fmt: skip
_SHORT_LEGAL_FORMS = {
    "limited": "ltd", "incorporated": "inc", "corporation": "corp", "company": "co", "sendirian": "sdn",
    "berhad": "bhd", "gesellschaft mit beschränkter haftung": "gmbh", "aktiengesellschaft": "ag",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The comparison rule of a field."""

    form: Form = "text"
    within: Decimal | None = None  # absolute tolerance of a number
    at_least: float = TEXT_MIN_SIMILARITY  # similarity of free text, 0..1


def rule_of(field: Field | None) -> Rule:
    """Return the rule of a field: from its hint, else its kind, else its name.

    >>> rule_of(Field(path="/seller/name", kind="text")).form, rule_of(Field(path="/total", kind="number")).form
    ('name', 'number')
    """
    if field is None:
        return Rule()
    hint = field.schema.get("score")
    if isinstance(hint, dict) and hint.get("as") in FORMS:
        within = hint.get("within")
        least = float(hint.get("at_least", TEXT_MIN_SIMILARITY))
        return Rule(form=hint["as"], within=None if within is None else Decimal(str(within)), at_least=least)
    if hint in FORMS:
        return Rule(form=cast("Form", hint))
    return Rule(form=_KINDS.get(field.kind) or _by_name(field.name))


def _by_name(name: str) -> Form:
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())
    return "name" if words and words[-1] in _NAME_WORDS else "text"


def is_equal(rule: Rule, truth: Any, given: Any) -> bool:
    """Whether a given value equals the true one. Neither is null.

    >>> is_equal(Rule(form="date"), "2024-03-03", "3 March 2024"), is_equal(Rule(form="money"), "$1,204.50", 1204.5)
    (True, True)
    >>> is_equal(Rule(form="name"), "ACME Works, Limited", "Acme Works Ltd."), is_equal(Rule(form="name"), "Acme Ltd", "Acme")
    (True, False)
    >>> is_equal(Rule(), "payable within 30 days", "payable within 60 days")
    False
    """
    a, b = canonical_value(rule, truth), canonical_value(rule, given)
    if a == b:
        return _currencies_agree(truth, given) if rule.form == "money" else True
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return abs(a - b) <= _tolerance(rule, a, b) and (rule.form != "money" or _currencies_agree(truth, given))
    if isinstance(a, datetime) and isinstance(b, datetime):
        return (a.tzinfo is None) != (b.tzinfo is None) and a.replace(tzinfo=None) == b.replace(tzinfo=None)
    return rule.form == "text" and _similar(rule, truth, given)


def _similar(rule: Rule, truth: Any, given: Any) -> bool:
    """Whether two unequal texts are similar enough."""
    if _is_id(truth) or _is_id(given):
        return _id(truth) == _id(given)
    a, b = _text(truth), _text(given)
    return re.findall(r"\d+", a) == re.findall(r"\d+", b) and likeness(a, b) >= rule.at_least


def canonical_value(rule: Rule, value: Any) -> Hashable:
    """Return a value's canonical form, equal for equal values; a value that cannot be parsed stays text."""
    if isinstance(value, (dict, list)):
        return repr(value)
    found = _PARSERS[rule.form](value)
    return _letters(str(value)) if found is None else found


def likeness(a: str, b: str) -> float:
    """Return the similarity of two texts, 0..1: one less the Levenshtein distance over the length of the longer.

    >>> likeness("agreement", "agreemant")
    0.8888888888888888
    """
    if len(a) + len(b) > CHARACTERS_MAX:
        return float(Levenshtein.normalized_similarity(a.split(), b.split()))
    return float(Levenshtein.normalized_similarity(a, b))


def _tolerance(rule: Rule, a: Decimal, b: Decimal) -> Decimal:
    if rule.within is not None:
        return rule.within
    return MONEY_TOLERANCE if rule.form == "money" else RELATIVE_TOLERANCE * max(abs(a), abs(b))


def _currencies_agree(truth: Any, given: Any) -> bool:
    currencies = [parse_currency(m) for v in (truth, given) if (m := re.sub(r"[\d.,'()\s+-]+", "", str(v)))]
    known = {c for c in currencies if c}
    return len(known) < 2


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        return Decimal(str(value)).normalize()
    found = parse_number(str(value))
    return None if found is None else found.normalize()


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else parse_bool(str(value))


def _moment(value: Any) -> datetime | None:
    text = str(value)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parse_datetime(text)


def _letters(text: str) -> str:
    """Return the text in lower case with punctuation as single spaces; a point or comma within a figure stays."""
    bare = re.sub(r"(?<!\d)[^\w\s]|[^\w\s](?!\d)", " ", normal_text(text))
    return re.sub(r"[\s_]+", " ", bare).strip()


def _text(value: Any) -> str:
    return _id(value) if _is_id(value) else _letters(str(value)) or normal_text(str(value))


def _is_id(value: Any) -> bool:
    """Whether a text is one word with a digit."""
    text = str(value).strip()
    return bool(re.search(r"\d", text)) and not re.search(r"\s", text)


def _id(value: Any) -> str:
    return re.sub(r"\s", "", normal_text(str(value)))


def _name(value: Any) -> str:
    """Return only letters and figures, with joined initials ("N.A." is "na") and short legal forms."""
    text = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", normal_text(str(value)).replace("&", " and "))
    words = re.sub(r"[^\w\s]|_", " ", text.replace("'", ""))
    spaced = f" {' '.join(words.split())} "
    for long, short in _SHORT_LEGAL_FORMS.items():
        spaced = spaced.replace(f" {long} ", f" {short} ")
    return spaced.strip()


def _uri(value: Any) -> str:
    return re.sub(r"^[a-z][a-z0-9+.-]*:(//)?(www\.)?", "", str(value).strip().casefold()).rstrip("/")


_PARSERS: dict[Form, Callable[[Any], Hashable | None]] = {
    "text": _text,
    "id": _id,
    "name": _name,
    "number": _number,
    "money": _number,
    "boolean": _boolean,
    "date": lambda v: parse_date(str(v)[:10] if re.match(r"\d{4}-\d\d-\d\dT", str(v)) else str(v)),
    "datetime": _moment,
    "time": lambda v: parse_time(str(v)),
    "enum": lambda v: normal_text(str(v)),
    "email": lambda v: str(v).strip().casefold(),
    "uri": _uri,
}
