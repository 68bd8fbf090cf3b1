"""Bound the cost of validating one value by a JSON Schema: subschemas applied in its place, references followed.

Fifty short definitions, each of which names the next one twice, are a few hundred bytes and two to the power of fifty
steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thresher.schemas import json_pointer

LISTS = ("allOf", "anyOf", "oneOf")
ONE = ("not", "if", "then", "else")
REFERENCES = ("$ref", "$dynamicRef")
ENDLESS = 1 << 62  # steps of a schema that refers to itself in its own place


def most_steps(schema: dict[str, Any]) -> int:
    """Return the most subschemas that are applied to any one value. All references must begin with `#`.

    >>> most_steps({"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/b"}]}, "b": {}}})
    5
    >>> most_steps({"properties": {"a": {"$ref": "#/properties/a"}}}) == ENDLESS
    True
    """
    known: dict[int, int] = {}
    for one in _all(schema):
        _cost(one, schema, known)
    return max(known.values())


def _cost(node: dict[str, Any], root: dict[str, Any], known: dict[int, int]) -> int:
    """Return the steps of one place; every place is computed once, without recursion."""
    stack = [node]
    while stack:
        top = stack[-1]
        if known.get(id(top)) not in {None, 0}:
            stack.pop()
            continue
        first = id(top) not in known
        known[id(top)] = 0  # being computed
        inner = list(_in_place(top, root))
        open_ones = [one for one in inner if id(one) not in known]
        if first and open_ones:
            stack += open_ones
            continue
        endless = any(known[id(one)] == 0 for one in inner)
        known[id(top)] = ENDLESS if endless else min(ENDLESS, 1 + sum(known[id(one)] for one in inner))
        stack.pop()
    return known[id(node)]


def _in_place(node: dict[str, Any], root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the subschemas that are applied to the same value."""
    found: list[Any] = [one for word in LISTS if isinstance(node.get(word), list) for one in node[word]]
    found += [node.get(word) for word in ONE]
    dependent = node.get("dependentSchemas")
    found += dependent.values() if isinstance(dependent, dict) else ()
    found += [_at(root, str(node[word])) for word in REFERENCES if word in node]
    yield from (one for one in found if isinstance(one, dict))


def _at(root: dict[str, Any], reference: str) -> Any:
    """Return what a reference names; None where it names nothing."""
    found: Any = root
    for key in json_pointer.parts(reference.removeprefix("#")):
        if isinstance(found, dict):
            found = found.get(key)
        else:
            found = found[int(key)] if isinstance(found, list) and key.isdecimal() and int(key) < len(found) else None
    return found


def _all(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every object in a schema."""
    waiting: list[Any] = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
