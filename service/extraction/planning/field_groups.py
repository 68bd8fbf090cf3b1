"""Divide a target whose schema is too large for one question into groups of fields, one group a question.

A group holds neighbouring members of the schema, in schema order. A member that is itself too large is divided among its
own members. Fields of one list stay together. Only a list item that is too large by itself is divided, into parts that
are asked in parallel and joined item by item; the fields that identify an item are asked for in every part.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from thresher.schemas import json_pointer
from thresher.schemas.target import Field, Target
from thresher.service.provider_schemas.dialects import DIALECTS, Dialect, Name
from thresher.service.provider_schemas.request_schema import RequestSchema, build_schema, request_schema_of
from thresher.service.provider_schemas.schema_size import SchemaSize, limits_exceeded, measured_size

FIELDS_MAX = 200  # in one question: a schema of 369 is answered by no model, one of some dozens by all
SLACK_DIVISOR = 8  # a question may ask for an eighth more, so that what belongs together stays together
KEY_FIELDS_MAX = 2  # fields that tell items apart, where the target declares none
LAST_CHARACTER = "\U0010ffff"  # sorts behind all others


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one question asks for. The other parts of a divided list item are in `beside`."""

    asked: RequestSchema
    fields: tuple[str, ...] | None = None  # patterns of the places asked for; None: all of the target
    beside: tuple[RequestSchema, ...] = ()
    lists: tuple[str, ...] = ()  # patterns of the lists of objects in it
    several: bool = False  # whether any field in it may have several values
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)  # for each divided list, what its parts share


@dataclass(frozen=True, slots=True)
class _Unit:
    """Paths that stay together, and how large they are."""

    places: tuple[str, ...]
    fields: int
    size: SchemaSize
    parts: tuple[tuple[str, ...], ...] = ()  # the places of each part, where a list's item had to be divided
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)  # for each divided list, what its parts share


def groups_of(target: Target, dialect: Name = "plain", most: int = FIELDS_MAX) -> tuple[Group, ...]:
    """Return the groups of a target in a dialect, in schema order; one group if it fits. `most` fields in each."""
    split = _Split(target, dialect, most)
    if split.fits(len(target.fields), measured_size(build_schema(target, None, dialect))):
        several = any(f.in_list for f in target.fields)
        return (Group(asked=request_schema_of(target, dialect=dialect), lists=target.lists, several=several),)
    return tuple(split.group(units) for units in split.packed(split.units("")))


class _Split:
    def __init__(self, target: Target, dialect: Name, most: int) -> None:
        self._target, self._name = target, dialect
        self._most = most + most // SLACK_DIVISOR
        self._dialect: Dialect = DIALECTS[dialect]
        self._lists = frozenset(target.lists)
        self._paths = [f.path for f in target.fields]
        self._leaves = frozenset(self._paths)
        self._sorted = sorted((path, number) for number, path in enumerate(self._paths))

    def fits(self, fields: int, size: SchemaSize) -> bool:
        return fields <= self._most and not any(limits_exceeded(size, self._dialect))

    def units(self, place: str) -> Iterator[_Unit]:
        """Return the members of a path, with those that are too large divided."""
        for member in self._members(place):
            unit = self._unit((member,))
            if self.fits(unit.fields, unit.size) or member in self._leaves:
                yield unit
            elif member in self._lists:
                yield self._divided(member, unit)
            else:
                yield from self.units(member)

    def packed(self, units: Iterator[_Unit]) -> Iterator[list[_Unit]]:
        """Return groups of units in schema order, as many in each as fit; a divided list is a group by itself."""
        group: list[_Unit] = []
        fields, size = 0, SchemaSize()
        for unit in units:
            fields, size = fields + unit.fields, size.beside(unit.size)
            if group and not self.fits(fields, size) and fields <= self._most:
                size = self._unit(
                    tuple(p for u in (*group, unit) for p in u.places)
                ).size  # what they share counts once
            if group and (unit.parts or group[-1].parts or not self.fits(fields, size)):
                yield group
                group, fields, size = [], unit.fields, unit.size
            group.append(unit)
        if group:
            yield group

    def group(self, units: list[_Unit]) -> Group:
        """Return the Group of some units."""
        places = tuple(p for u in units for p in u.places)
        lists = tuple(x for x in self._target.lists if any(_inside(x, p) for p in places))
        whole = units[0]
        if not whole.parts:
            several = any(self._target.fields[number].in_list for number in self._numbers(places))
            return Group(asked=self._ask(places), fields=places, lists=lists, several=several)
        first, *rest = (self._ask(part) for part in whole.parts)
        return Group(asked=first, beside=tuple(rest), fields=places, lists=lists, several=True, keys=whole.keys)

    def _ask(self, places: tuple[str, ...]) -> RequestSchema:
        return request_schema_of(self._target, fields=places, dialect=self._name)

    def _members(self, place: str) -> list[str]:
        """Return the paths just below one, in schema order; for a map or a list, those of its members."""
        below = [path for number in self._numbers((place,)) if (path := self._paths[number]) != place]
        found = dict.fromkeys(_first_step(place, path) for path in below)
        return [m for one in found for m in (self._members(one) if one.endswith("/*") and one not in below else [one])]

    def _unit(self, places: tuple[str, ...]) -> _Unit:
        fields = len(self._numbers(places))
        blanks = self._dialect.blanks or None
        return _Unit(places, fields, measured_size(build_schema(self._target, places, self._name, blanks=blanks)))

    def _numbers(self, places: tuple[str, ...]) -> list[int]:
        """Return the numbers of the fields at places and below them, in schema order."""
        found: set[int] = set()
        for place in places:
            for first, last in ((place, place), (f"{place}/", f"{place}/{LAST_CHARACTER}")):
                start, end = bisect_left(self._sorted, (first, 0)), bisect_left(self._sorted, (last, len(self._paths)))
                found.update(number for _, number in self._sorted[start:end])
        return sorted(found)

    def _divided(self, place: str, whole: _Unit) -> _Unit:
        """Divide a list whose item does not fit into parts."""
        keys: dict[str, tuple[str, ...]] = {}
        parts = tuple(self._parts(place, (), keys))
        return _Unit((place,), whole.fields, whole.size, parts, keys)

    def _parts(self, place: str, above: tuple[str, ...], keys: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
        """Return parts of a list's item, each with the fields that identify items, also those `above`. Adds to `keys`."""
        own = self._keys(place)
        keys[place] = tuple(k.removeprefix(f"{place}/*") for k in own)
        shared = (*above, *own)
        least = self._unit(shared)
        part: tuple[str, ...] = ()
        fields, size = least.fields, least.size
        for unit in (self._unit((m,)) for m in self._opened(place) if m not in own):
            if unit.places[0] in self._lists and not self._fit_together(least, unit):
                yield from self._parts(unit.places[0], shared, keys)
                continue
            fields, size = fields + unit.fields, size.beside(unit.size)
            if part and not self.fits(fields, size):
                yield (*shared, *part)
                part, fields, size = (), least.fields + unit.fields, least.size.beside(unit.size)
            part += unit.places
        if part:
            yield (*shared, *part)

    def _fit_together(self, one: _Unit, other: _Unit) -> bool:
        return self.fits(one.fields + other.fields, one.size.beside(other.size))

    def _opened(self, place: str) -> Iterator[str]:
        """Return the members of a path; in place of an object that is too large, its members."""
        for member in self._members(place):
            unit = self._unit((member,))
            whole = member in self._lists or member in self._leaves
            if whole or self.fits(unit.fields, unit.size):
                yield member
            else:
                yield from self._opened(member)

    def _keys(self, place: str) -> tuple[str, ...]:
        """Return the fields that identify a list's items: the declared ones, else the first required one."""
        below = (self._target.fields[number] for number in self._numbers((f"{place}/*",)))
        own = [f for f in below if "*" not in _rest(f.path, place)]
        declared = [f for f in own if f.schema.get("key") is True]
        telling = [f for f in own if f.kind in {"text", "integer", "date", "number"}]
        chosen = (
            declared
            or [f for f in telling if f.required][:KEY_FIELDS_MAX]
            or telling[:KEY_FIELDS_MAX]
            or own[:KEY_FIELDS_MAX]
        )
        return tuple(_paths(chosen))


def _paths(fields: list[Field]) -> Iterator[str]:
    return (f.path for f in fields)


def _rest(path: str, place: str) -> list[str]:
    """Return the part of a path below the items of a list."""
    return json_pointer.parts(path.removeprefix(f"{place}/*"))


def _inside(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")


def _first_step(place: str, path: str) -> str:
    """Return the path one step below another one, towards a given path.

    >>> _first_step("/a", "/a/b/c")
    '/a/b'
    """
    return path[: end if (end := path.find("/", len(place) + 1)) > 0 else len(path)]
