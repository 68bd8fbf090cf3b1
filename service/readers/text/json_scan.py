"""Find records of lists in a JSON text, by one pass without recursion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+|"', re.DOTALL)
_ESCAPE = re.compile(r"(\\\\)|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(/)")


@dataclass(slots=True)
class Record:
    """An object: its range with braces, and the range of each member from key to value."""

    start: int
    end: int = 0
    members: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Records:
    """The objects of one list."""

    rows: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Scan:
    """The result of a pass: lists of objects in text order, not nested, and the first syntax error."""

    lists: list[Records] = field(default_factory=list)
    broken: int | None = None  # offset of the error


@dataclass(slots=True)
class _Open:
    """A container that is not closed yet."""

    kind: str
    rows: Records | None = None  # of a list
    record: Record | None = None  # of an object that is a row
    member: int | None = None  # start of the current member
    key: str = ""
    in_row: bool = False  # inside a row: has no rows itself


def scan(text: str) -> Scan:
    """Scan a JSON text, valid or not, of any depth, or one JSON value a line, in one pass."""
    found, stack = Scan(), [_Open("[", rows=Records())]  # values side by side are a list, too
    for token in _TOKEN.finditer(text):
        _take(found, stack, token)
    if len(stack) > 1 and found.broken is None:
        found.broken = len(text)
    _close_member(stack[0], len(text))
    _add_list(found, stack[0])
    found.lists.sort(key=lambda r: r.rows[0].start)
    return _outermost(found)


def _take(found: Scan, stack: list[_Open], token: re.Match[str]) -> None:
    """Handle one token."""
    mark = token[0]
    if mark in "{[":
        _open(stack, mark, token.start())
    elif mark in "}]":
        _close(found, stack, mark, token)
    elif mark == ",":
        _close_member(stack[-1], token.start())
    elif mark == '"' and found.broken is None:
        found.broken = token.start()
    elif mark[0] == '"':
        _string(stack[-1], token)


def _string(top: _Open, token: re.Match[str]) -> None:
    if top.kind == "{" and top.member is None:
        top.member, top.key = token.start(), token[0][1:-1]


def _open(stack: list[_Open], mark: str, at: int) -> None:
    """Push a container; it is a row where its parent is a list of rows."""
    top = stack[-1]
    inside = top.record is not None and len(stack) > 2  # the outermost object is a row only among others
    opened = _Open(mark, in_row=top.in_row or inside)
    if mark == "{" and top.kind == "[" and top.rows is not None:
        opened.record = Record(at)
    if mark == "[" and not opened.in_row:
        opened.rows = Records()
    stack.append(opened)


def _close(found: Scan, stack: list[_Open], mark: str, token: re.Match[str]) -> None:
    """Pop a container, and add it to the rows of its parent."""
    if len(stack) == 1 or (stack[-1].kind == "{") != (mark == "}"):
        found.broken = token.start() if found.broken is None else found.broken
        return
    closed = stack.pop()
    _close_member(closed, token.start())
    if closed.record is not None and stack[-1].rows is not None:
        closed.record.end = token.end()
        stack[-1].rows.rows.append(closed.record)
    _add_list(found, closed)


def _close_member(top: _Open, at: int) -> None:
    if top.record is not None and top.member is not None:
        top.record.members.append((top.member, at, top.key))
    top.member = None


def _add_list(found: Scan, closed: _Open) -> None:
    if closed.rows is not None and len(closed.rows.rows) > 1:
        found.lists.append(closed.rows)


def _outermost(found: Scan) -> Scan:
    """Drop lists inside others."""
    outermost: list[Records] = []
    for records in found.lists:
        if not outermost or records.rows[0].start >= outermost[-1].rows[-1].end:
            outermost.append(records)
    found.lists = outermost
    return found


def unescape(text: str) -> str:
    r"""Decode `\uXXXX` and `\/` where they are printable; other escapes stay.

    >>> unescape(r'"caf\u00e9 \u0022 \\u00e9"')
    '"café \\u0022 \\\\u00e9"'
    """
    return _ESCAPE.sub(_decoded_escape, text) if "\\" in text else text


def _decoded_escape(found: re.Match[str]) -> str:
    if found[2]:
        return chr(0x10000 + ((int(found[2], 16) & 0x3FF) << 10) + (int(found[3], 16) & 0x3FF))
    if found[4]:
        char = chr(int(found[4], 16))
        return char if char.isprintable() and char not in '"\\' else found[0]
    return "/" if found[5] else found[0]
