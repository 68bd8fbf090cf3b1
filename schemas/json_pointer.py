"""JSON Pointers (RFC 6901): name, find and change places in a JSON value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def join(path: str, key: str | int) -> str:
    """Return the pointer of a member.

    >>> join("/lines", 3), join("", "a/b")
    ('/lines/3', '/a~1b')
    """
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"


def parts(path: str) -> list[str]:
    """Return the keys of a pointer.

    >>> parts("/a~1b/0")
    ['a/b', '0']
    """
    return [p.replace("~1", "/").replace("~0", "~") for p in path.split("/")[1:]]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (pointer, value) of every leaf that is not null; empty objects and lists have none.

    >>> list(leaves({"a": [1, None], "b": {}}))
    [('/a/0', 1)]
    """
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, join(path, key))
    elif isinstance(value, list):
        for i, member in enumerate(value):
            yield from leaves(member, join(path, i))
    elif value is not None:
        yield path, value


def copied(value: Any) -> Any:
    """Return a deep copy of a JSON value."""
    if isinstance(value, dict):
        return {key: copied(member) for key, member in value.items()}
    return [copied(member) for member in value] if isinstance(value, list) else value


def get(value: Any, path: str) -> Any:
    """Return the value at a pointer; None where there is none."""
    for key in parts(path):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def put(value: Any, path: str, new: Any) -> None:
    """Replace what stands at an existing pointer, in place; a pointer to nowhere changes nothing."""
    *above, last = parts(path)
    for key in above:
        value = get(value, join("", key))
    if isinstance(value, dict):
        value[last] = new
    elif isinstance(value, list) and last.isdecimal() and int(last) < len(value):
        value[int(last)] = new


def pattern(path: str) -> str:
    """Replace every list index of a pointer by `*`, as target fields are named.

    >>> pattern("/lines/3/amount")
    '/lines/*/amount'
    """
    return "/".join("*" if p.isdecimal() else p for p in path.split("/"))
