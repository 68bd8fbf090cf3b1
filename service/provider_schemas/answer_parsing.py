"""Read a model's JSON into the target's shape, and displayed values where they have one reading."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from thresher.schemas.target import Kind, Target
from thresher.service.formats.amounts import DecimalMark
from thresher.service.formats.dates import DateOrder
from thresher.service.formats.displayed_values import (
    normal_text,
    parse_bool,
    parse_date,
    parse_datetime,
    parse_number,
    parse_time,
)
from thresher.service.targets.fields import kind_of
from thresher.service.targets.shapes import Shape, Shapes

OTHER_ENTRIES_KEY = "other_entries"  # asked for where a map has named keys too and the provider takes no maps
ABSENCE_TEXTS = frozenset(
    ("", "null", "none", "n/a", "na", "nil", "not stated", "not specified", "not available", "unknown", "-", "--")
)
_EMPTY = frozenset(("", "null"))  # what stands for absence even where text is wanted
_UNIT = re.compile(r"(?P<number>[-+]?\d[\d.,'’]*)\s?(?P<unit>[^\W\d_]{1,12}\.?|[°%‰]|[^\W\d_]{1,3}[²³])")
_SEVERAL = frozenset(("dozen", "dutzend", "douzaine", "docena", "dozzina", "dozijn", "pair", "pairs", "gross", "score"))
"""Words behind a number that multiply it."""
Schemas = list[Any]


def read_answer(
    target: Target,
    answer: Any,
    *,
    order: DateOrder | None = None,
    point: DecimalMark | None = None,
    spots: SchemaPlaces | None = None,
) -> Any:
    """Return an answer in the requested schema as a value of the target's shape: `restore` and `coerce` in one.

    Keys that differ from the target's only in case and punctuation are renamed; keys that nobody asked for are left
    out. `order` and `point` are the document's habits in dates and numbers; `spots` are those of the target's schema,
    for who reads many answers.
    """
    return _Reader(spots or SchemaPlaces(target.schema), NotationHabits(order, point), coerces=True).read(
        answer, [target.schema]
    )


def restore(target: Target, answer: Any) -> Any:
    """Return an answer in the requested schema in the target's shape: lists of key and value become maps again."""
    return _Reader(SchemaPlaces(target.schema), NotationHabits(), coerces=False).read(answer, [target.schema])


def coerce(target: Target, value: Any, *, order: DateOrder | None = None, point: DecimalMark | None = None) -> Any:
    """Read displayed texts as what the target wants, where they have one reading.

    "1,204.50" becomes 1204.5 in a number's place, "March 3, 2024" becomes "2024-03-03" in a date's. What has several
    readings (03/04/2024 without `order`) or none stays as it is.
    """
    return read_answer(target, value, order=order, point=point)


@dataclass(frozen=True, slots=True)
class NotationHabits:
    """How the documents write: the order of dates in figures, the decimal point."""

    order: DateOrder | None = None
    point: DecimalMark | None = None


class SchemaPlace:
    """The shapes that one place may have, by type."""

    def __init__(self, shapes: list[Shape]) -> None:
        """Sort the shapes that the place may have."""
        self.objects = [s for s in shapes if s.type == "object"]
        self.arrays = [s for s in shapes if s.type == "array"]
        self.scalars = [s for s in shapes if s.type not in {"object", "array", "null"}]
        self.kind = kind_of(self.scalars) if self.scalars else None
        self.nullable = any(s.type == "null" for s in shapes)
        self.is_map = bool(shapes) and all(_is_map(s) for s in shapes)


class SchemaPlaces:
    """The SchemaPlaces of one schema, each made once."""

    def __init__(self, root: dict[str, Any]) -> None:
        """Take the whole schema as `root`."""
        self._shapes = Shapes(root)
        self._known: dict[tuple[int, ...], tuple[Schemas, SchemaPlace]] = {}  # by the schemas' identities, kept alive

    def at(self, schemas: Schemas) -> SchemaPlace:
        """Return the SchemaPlace of a place that has any of the schemas, made once."""
        key = tuple(map(id, schemas))
        if key not in self._known:
            self._known[key] = schemas, SchemaPlace([s for schema in schemas for s in self._shapes.at(schema)])
        return self._known[key][1]


class _Reader:
    def __init__(self, spots: SchemaPlaces, habits: NotationHabits, *, coerces: bool) -> None:
        self._spots, self._habits, self._coerces = spots, habits, coerces

    def read(self, value: Any, schemas: Schemas) -> Any:
        """Return the value for a place that has any of the schemas."""
        spot = self._spots.at(schemas)
        objects, arrays = spot.objects, spot.arrays
        if isinstance(value, str) and (objects or arrays) and not spot.scalars:
            value = _written_out(value)
        if value is None and self._coerces and spot.is_map:
            return {}
        if objects and _is_entries(value) and not (arrays and self._may_hold_objects(value, arrays)):
            value = {entry["key"]: entry["value"] for entry in value}
        if isinstance(value, dict) and objects:
            return self._object(value, objects)
        if arrays and (self._coerces or isinstance(value, list)):
            return self._array(value, spot)
        if self._coerces and not isinstance(value, (dict, list)):
            return coerced_scalar(value, spot, self._habits)
        return value

    def _may_hold_objects(self, value: list[Any], arrays: list[Shape]) -> bool:
        """Whether entries of key and value may be items of a list that stands beside the map in a union."""
        return not value or bool(self._spots.at(list(_item_schemas(arrays, 0))).objects)

    def _object(self, value: dict[str, Any], objects: list[Shape]) -> dict[str, Any]:
        fitting = _branch(value, objects)
        others = value.get(OTHER_ENTRIES_KEY)
        if others is not None and _is_entries(others) and not any(OTHER_ENTRIES_KEY in _properties(o) for o in fitting):
            value = {k: v for k, v in value.items() if k != OTHER_ENTRIES_KEY} | {e["key"]: e["value"] for e in others}
        found: dict[str, Any] = {}
        for key, member in _named(value, fitting):
            schemas = [o.schema["properties"][key] for o in fitting if key in _properties(o)] or _extras(fitting)
            if schemas:
                found[key] = self.read(member, schemas)
        return found

    def _array(self, value: Any, spot: SchemaPlace) -> Any:
        if value is None:
            return None if spot.nullable else []
        if not isinstance(value, list):
            single = spot.scalars or spot.objects
            return coerced_scalar(value, spot, self._habits) if single else self._array([value], spot)
        return [self.read(member, list(_item_schemas(spot.arrays, i))) for i, member in enumerate(value)]


def _written_out(text: str) -> Any:
    """Parse an object or a list given as JSON text; other text is returned unchanged, None for empty text."""
    try:
        found = json.loads(text) if text.strip() else None
    except ValueError:
        return text
    return found if found is None or isinstance(found, (dict, list)) else text


def _is_entries(value: Any) -> bool:
    keys = {"key", "value"}
    return isinstance(value, list) and all(
        isinstance(e, dict) and e.keys() == keys and isinstance(e["key"], str) for e in value
    )


def _is_map(shape: Shape) -> bool:
    return shape.type == "object" and not _properties(shape)


def _properties(shape: Shape) -> dict[str, Any]:
    return shape.schema.get("properties") or {}


def _branch(value: dict[str, Any], objects: list[Shape]) -> list[Shape]:
    """Return the branches of a union that match a value's tags; all of them where none does."""
    fitting = [o for o in objects if all(value.get(t) in _values(_properties(o)[t]) for t in o.tags)]
    return fitting or objects


def _values(schema: dict[str, Any]) -> list[Any]:
    return list(schema.get("enum", [schema.get("const")]))


def _named(value: dict[str, Any], objects: list[Shape]) -> Iterator[tuple[str, Any]]:
    """Yield the members under the target's own spelling of their keys."""
    known = dict.fromkeys(k for o in objects for k in _properties(o))
    spelt = {_letters(k): k for k in known} if any(k not in known for k in value) else {}
    for key, member in value.items():
        right = key if key in known else spelt.get(_letters(key), key)
        yield (right if right == key or right not in value else key), member


def _letters(key: str) -> str:
    return "".join(c for c in key.casefold() if c.isalnum())


def _extras(objects: list[Shape]) -> Schemas:
    """Return the schemas of members under free keys; none where the object is closed or names all its keys."""
    found: Schemas = []
    for shape in objects:
        extra = shape.schema.get("additionalProperties", not _properties(shape))
        found += [] if extra is False else [extra]
        found += list((shape.schema.get("patternProperties") or {}).values())
    return found


def _item_schemas(arrays: list[Shape], index: int) -> Iterator[Any]:
    for shape in arrays:
        first = shape.schema.get("prefixItems") or []
        yield first[index] if index < len(first) else shape.schema.get("items", True)


def coerced_scalar(value: Any, spot: SchemaPlace, habits: NotationHabits) -> Any:
    """Read one scalar as the type that its place takes.

    >>> number, day = Shape({"type": "number"}), Shape({"type": "string", "format": "date"})
    >>> coerced_scalar("1.204,50 €", SchemaPlace([number]), NotationHabits()), coerced_scalar("3. März 2024", SchemaPlace([day]), NotationHabits())
    (1204.5, '2024-03-03')
    """
    scalars, kind = spot.scalars, spot.kind
    if kind is None or value is None:
        return value
    if isinstance(value, str):
        absent = _EMPTY if kind in {"text", "any"} else ABSENCE_TEXTS
        return (
            None
            if value.strip().casefold() in absent and value not in _choices(scalars)
            else _text(value, kind, scalars, habits)
        )
    if isinstance(value, bool):
        return value
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    only_text = kind in {"text", "email", "uri"} and all(s.type == "string" for s in scalars)
    return _shown(value) if only_text else _chosen(value, scalars)


def _text(text: str, kind: Kind, scalars: list[Shape], habits: NotationHabits) -> Any:
    if kind in {"enum", "const"}:
        return _chosen(text, scalars)
    if kind in {"number", "integer"}:
        number = _number(text, habits.point, whole=kind == "integer")
        return _json_number(number, kind, text)
    if kind == "boolean":
        said = parse_bool(text)
        return text if said is None else said
    if kind in {"date", "datetime", "time"}:
        return _clock(text, kind, habits.order)
    if kind == "email":
        return text.strip().removeprefix("mailto:").strip("<>")
    return f"https://{text.strip()}" if kind == "uri" and text.strip().lower().startswith("www.") else text


def _number(text: str, point: DecimalMark | None, *, whole: bool) -> Decimal | None:
    """Return the number of a text, also of one that goes on with a unit: "350 pcs". None where there is none."""
    unit = _UNIT.fullmatch(text.strip())
    counted = unit is not None and unit["unit"].casefold() not in _SEVERAL
    plain = parse_number(text, point=point, whole=whole)
    return parse_number(unit["number"], point=point, whole=whole) if plain is None and unit and counted else plain


def _clock(text: str, kind: Kind, order: DateOrder | None) -> str:
    if kind == "date":
        day = parse_date(text, order=order)
        return day.isoformat() if day else text
    moment = parse_datetime(text, order=order) if kind == "datetime" else parse_time(text)
    return moment.isoformat() if moment else text


def _json_number(number: Decimal | None, kind: Kind, text: str) -> Any:
    """Return a JSON number, or the text where reading it would change it."""
    if number is None:
        return text
    if number == number.to_integral_value() and (kind == "integer" or "." not in str(number)):
        return int(number)
    near = float(number)
    return text if kind == "integer" or Decimal(repr(near)) != number else near


def _choices(scalars: list[Shape]) -> list[Any]:
    return [v for s in scalars for v in s.schema.get("enum", [s.schema["const"]] if "const" in s.schema else [])]


def _chosen(value: Any, scalars: list[Shape]) -> Any:
    """Return the one choice that is spelt like the value; the value itself where none or several are."""
    choices = _choices(scalars)
    if not choices or value in choices:
        return value
    spelt: str = _letters(normal_text(str(value)))
    alike = [c for c in choices if _letters(normal_text(str(c))) == spelt]
    return alike[0] if spelt and len(alike) == 1 else value


def _shown(number: Any) -> str:
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)
