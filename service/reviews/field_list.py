"""List the leaves of a Result in the order of its target, missing ones too, each with its doubts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.result import Reason
from thresher.schemas.review import FieldDoubt
from thresher.schemas.target import Field, Target

ANY = "*"  # in a pattern: any index of a list, any key of a map


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of a Result's data."""

    path: str
    field: Field | None  # of the target; None where the target does not have it, or is not known
    value: Any


@dataclass(slots=True)
class _Node:
    """A place in the target: a leaf, or what is below it by key."""

    known: Field | None = None
    below: dict[str, _Node] = field(default_factory=dict)


def leaves_of(values: Any, target: Target | None) -> list[Leaf]:
    """Return the leaves in the order of the target; those that it does not have come after their neighbours."""
    return list(_walk(values, None if target is None else _tree(target), ""))


def _tree(target: Target) -> _Node:
    root = _Node()
    for one in target.fields:
        node = root
        for key in json_pointer.parts(one.path):
            node = node.below.setdefault(key, _Node())
        node.known = one
    return root


def _walk(value: Any, node: _Node | None, path: str) -> Iterator[Leaf]:
    named = [key for key in node.below if key != ANY] if node else []
    if isinstance(value, list) and not (node and node.known and not node.below):
        for i, member in enumerate(value):
            yield from _walk(member, node.below.get(ANY) if node else None, json_pointer.join(path, i))
    elif node is not None and node.known is not None and not (isinstance(value, dict) and node.below):
        yield Leaf(path, node.known, value)
    elif isinstance(value, dict) or (value is None and named):
        for key in dict.fromkeys([*named, *(value or ())]):
            inner = (node.below.get(key) or node.below.get(ANY)) if node else None
            yield from _walk((value or {}).get(key), inner, json_pointer.join(path, key))
    elif node is None or not node.below:
        yield Leaf(path, None, value)


def doubts_of(reasons: Iterable[Reason], leaves: Iterable[Leaf]) -> dict[str, list[FieldDoubt]]:
    """Return the doubts of each leaf by its path: the reasons that name it.

    A reason that names what holds several leaves (a list's row, a whole list) is told at the first of them.
    """
    paths = [leaf.path for leaf in leaves]
    known, by_pattern, found = set(paths), dict[str, list[str]](), dict[str, list[FieldDoubt]]()
    for path in paths:
        by_pattern.setdefault(json_pointer.pattern(path), []).append(path)
    for reason in reasons:
        doubt = FieldDoubt(code=reason.code, message=reason.message)
        if reason.path in known:
            places = [reason.path]
        elif reason.path and ANY in reason.path:
            places = by_pattern.get(reason.path, [])
        else:
            places = [p for p in paths if reason.path and p.startswith(f"{reason.path}/")][:1]
        for path in places:
            found.setdefault(path, []).append(doubt)
    return found


def label_of(path: str, known: Field | None = None) -> str:
    """Return a field's name for people: its title in the target, else its key in words.

    >>> label_of("/lines/3/unit_price"), label_of("/vatRate")
    ('Unit price', 'Vat rate')
    """
    if known is not None and known.title:
        return known.title
    key = next((p for p in reversed(json_pointer.parts(path)) if not p.isdecimal() and p != ANY), "")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key).replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + (words[1:].lower() if words[1:] != words[1:].upper() else words[1:])


def lists_of(values: Any, target: Target | None) -> list[str]:
    """Return the paths of the lists of records that the data holds, and those of the target that are empty."""
    patterns = list(target.lists) if target is not None else []
    found = [path for pattern in patterns for path in _matching(values, json_pointer.parts(pattern), "")]
    if target is None:
        found = [path for path, value in _containers(values, "") if _is_table(value)]
    return list(dict.fromkeys(found))


def _matching(value: Any, keys: list[str], path: str) -> Iterator[str]:
    """Yield the paths in a value that a pattern stands for."""
    if not keys:
        yield path
        return
    key, *rest = keys
    if key != ANY:
        yield from _matching(json_pointer.get(value, json_pointer.join("", key)), rest, json_pointer.join(path, key))
    elif isinstance(value, list):
        for i, member in enumerate(value):
            yield from _matching(member, rest, json_pointer.join(path, i))
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _matching(member, rest, json_pointer.join(path, name))


def _containers(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in pairs:
        yield from _containers(member, json_pointer.join(path, key))


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(v, dict) for v in value)


def columns_of(path: str, values: Any, target: Target | None) -> list[str]:
    """Return the columns of a list of records: of the target, else of its rows; in what is nested, keys with "/"."""
    if target is not None:
        above = f"{json_pointer.pattern(path)}/*/"
        return [
            f.path.removeprefix(above)
            for f in target.fields
            if f.path.startswith(above) and ANY not in f.path.removeprefix(above)
        ]
    rows = json_pointer.get(values, path)
    return list(dict.fromkeys(key for row in rows or () if isinstance(row, dict) for key in row))
