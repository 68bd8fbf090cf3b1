"""Fill: an answer in the asked shape, from what was read, by the names of its fields."""

from __future__ import annotations

from typing import Any

from tests.simulation.generator.kinds import KINDS
from tests.simulation.reader.read import Seen
from tests.simulation.reader.records import Record

Schema = dict[str, Any]
NAMES = {  # other names of columns and facts
    "date": "booked",
    "bookingdate": "booked",
    "text": "description",
    "claimnumber": "claim",
    "foliono": "folio",
    "klass": "share_class",
    "shareclass": "share_class",
    "lossdate": "loss_date",
    "accountholder": "holder",
    "accountnumber": "account",
}
SIDES = {"money_out": -1, "money_in": 1}  # fields that hold a signed amount from one side


def kind_asked(schema: Schema | None) -> str | None:
    """The kind of document that a schema asks for: the one that knows most of its fields; None where none does."""
    if schema is None:
        return None
    names = set(_names(schema, schema))
    known = {k: len(names & {c.name for c in kind.columns}) for k, kind in KINDS.items()}
    best = max(known, key=lambda k: known[k])
    return best if known[best] >= 2 else None


def filled(schema: Schema | None, seen: Seen, records: list[Record]) -> Any:
    """The answer as JSON. Without a schema it has the shape of the kind's own target."""
    if schema is None:
        kind = KINDS[seen.kind]
        rows = [{c.name: r.values.get(c.name) for c in kind.columns} for r in records]
        return {**{f.name: _plain(seen.facts.get(f.name)) for f in kind.facts}, kind.rows: rows}
    return _Filler(schema, seen, records).whole()


def extractions(shape: dict[str, list[str]], seen: Seen, records: list[Record]) -> Any:
    """The answer as few-shot examples of extraction classes show it: text and attributes of each record."""
    name = max(shape, key=lambda k: len(shape[k]))
    found = []
    for record in records:
        attributes = {a: _worded(_value(a, record.values)) for a in shape[name]}
        found.append({name: record.text.strip(), f"{name}_attributes": attributes})
    return {"extractions": [*found, *_single(shape, seen)]}


def _single(shape: dict[str, list[str]], seen: Seen) -> list[dict[str, Any]]:
    """Facts whose classes are named like them."""
    return [
        {k: str(seen.facts[k]), f"{k}_attributes": {}}
        for k, a in shape.items()
        if not a and seen.facts.get(k) is not None
    ]


class _Filler:
    def __init__(self, schema: Schema, seen: Seen, records: list[Record]) -> None:
        self._root, self._seen, self._records = schema, seen, records
        self._columns = {c.name for c in KINDS[seen.kind].columns}

    def whole(self) -> Any:
        return self._node("", self._root)

    def _node(self, name: str, schema: Schema) -> Any:
        forms = _forms(self._root, schema)
        listed = next((f for f in forms if f.get("type") == "array"), None)
        if listed is not None:
            return self._list(listed)
        thing = next((f for f in forms if "properties" in f), None)
        if thing is not None:
            return {n: self._node(n, s) for n, s in thing["properties"].items()}
        return _fitting(_plain(_value(name, self._seen.facts)), forms)

    def _list(self, schema: Schema) -> list[Any]:
        forms = _forms(self._root, schema.get("items") or {})
        item = next((f for f in forms if "properties" in f), None)
        if item is None:
            return []
        fields = {n: _forms(self._root, s) for n, s in item["properties"].items()}
        if sum(_name(n) in self._columns or n in SIDES for n in fields) < min(2, len(fields)):
            return []
        return [{n: _fitting(_value(n, r.values), f) for n, f in fields.items()} for r in self._records]


def _value(name: str, values: dict[str, Any]) -> Any:
    if name in SIDES:
        amount = values.get("amount")
        return abs(amount) if amount is not None and amount * SIDES[name] > 0 else None
    return values.get(_name(name))


def _name(name: str) -> str:
    return NAMES.get(name.lower().replace("_", "").replace(" ", ""), name)


def _fitting(value: Any, forms: list[Schema]) -> Any:
    """A value as a string where only strings are taken."""
    kinds = {k for f in forms for k in ([f["type"]] if isinstance(f.get("type"), str) else f.get("type") or [])}
    if value is None or not kinds or isinstance(value, str) or kinds & {"number", "integer"}:
        return value
    return _worded(value)


def _plain(value: Any) -> Any:
    return float(value) if type(value).__name__ == "Decimal" else value


def _worded(value: Any) -> str | None:
    """A value in words, sums with their cents."""
    return f"{value:.2f}" if isinstance(value, float) else None if value is None else str(value)


def _forms(root: Schema, schema: Schema, depth: int = 0) -> list[Schema]:
    """The branches of a schema, references followed."""
    if depth > 8 or not isinstance(schema, dict):
        return []
    if reference := schema.get("$ref"):
        node: Any = root
        for part in str(reference).lstrip("#/").split("/"):
            node = node.get(part, {}) if part else node
        return _forms(root, node, depth + 1)
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return [f for s in schema[union] for f in _forms(root, s, depth + 1)]
    return [schema]


def _names(root: Schema, schema: Schema, depth: int = 0) -> list[str]:
    """Names of all fields of a schema, as columns are called."""
    found = []
    for form in _forms(root, schema) if depth < 8 else []:
        for name, inner in (form.get("properties") or {}).items():
            found += [_name(name), *(["amount"] if name in SIDES else []), *_names(root, inner, depth + 1)]
        if isinstance(form.get("items"), dict):
            found += _names(root, form["items"], depth + 1)
    return found
