"""Find the nesting of XML, which its reader wrote as indented `name: value` lines, or of JSON as it stands.

A record is one of several sibling elements of the same name, or an object in a list. Data is cut between records, and a
part that begins inside one has as context what encloses it: the heads of all enclosing elements, and the single values that
stand before it in each of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from thresher.schemas.document import Document

Range = tuple[int, int]
XML = frozenset(("application/xml", "text/xml", "image/svg+xml"))
JSON = frozenset(("application/json", "application/x-ndjson"))
MAX_VALUES = 6  # single values of one element in the context
MAX_LEVELS = 100  # enclosing elements that are told as context
HEAD_MAX_CHARS = 200  # code points of one of them, or of a head
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+|"', re.DOTALL)


@dataclass(slots=True)
class Node:
    """An element or member: its head (a name, a bracket, a single value), and its parent."""

    start: int
    head: int  # where its head ends
    parent: int  # number of the enclosing node; -1: none
    name: str = ""
    end: int = 0  # where it ends, its content included
    opens: bool = False  # whether it may have content
    item: bool = False  # whether it is an item of a list


@dataclass(slots=True)
class Outline:
    """The nodes of one text, in text order."""

    nodes: list[Node] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # where nodes begin
    records: list[int] = field(default_factory=list)  # where records begin, sorted
    depths: dict[int, int] = field(default_factory=dict)  # by where a record begins: its depth, from 0

    def inside(self, offset: int) -> int:
        """Return the number of the innermost node that is open at an offset and began before it; -1 where none is."""
        i = bisect_right(self.starts, offset) - 1
        while i >= 0 and not (self.nodes[i].opens and self.nodes[i].start < offset < self.nodes[i].end):
            i = self.nodes[i].parent if self.nodes[i].end <= offset else i - 1
        return i

    def around(self, offset: int) -> list[Range]:
        """Return the ranges of context for a text that begins at an offset, the outermost element first.

        Of very deep data only the innermost elements are in it.
        """
        levels: list[list[Range]] = []
        i = self.inside(offset)
        while i >= 0 and len(levels) < MAX_LEVELS:
            levels.append([r for r in self._shown(i, offset) if r[1] <= offset])
            i = self.nodes[i].parent
        return list(chain.from_iterable(reversed(levels)))

    def snapped(self, offsets: Sequence[int]) -> list[int]:
        """Return where the records that contain offsets begin, each once, including elements that open just before them."""
        return sorted({self._snapped(offset) for offset in offsets})

    def _shown(self, i: int, offset: int) -> Iterator[Range]:
        """Yield the head of a node, and its own single values before an offset."""
        node = self.nodes[i]
        yield node.start, min(node.head, node.start + HEAD_MAX_CHARS)
        told = 0
        for child in self.nodes[i + 1 : i + 1 + 4 * MAX_VALUES]:
            if child.start >= offset or told == MAX_VALUES:
                return
            if child.parent == i and not child.opens:
                told += 1
                yield child.start, min(child.head, child.start + HEAD_MAX_CHARS)

    def _snapped(self, offset: int) -> int:
        at = bisect_right(self.records, offset) - 1
        if at < 0:
            return offset
        start = self.records[at]
        i = bisect_right(self.starts, start) - 1
        if self.nodes[i].end <= offset:
            return offset
        last = i - MAX_LEVELS
        while self.nodes[i].parent == i - 1 >= max(last, 0):  # it is the first child of its parent
            i -= 1
        return self.nodes[i].start


def outline_of(document: Document) -> Outline | None:
    """Return the Outline of a Document of nested data; None for any other."""
    kind = document.source.media_type
    nodes = list(_xml(document.text)) if kind in XML else _json(document.text) if kind in JSON else []
    if not nodes:
        return None
    outline = Outline(nodes, [n.start for n in nodes])
    depths: list[int] = []
    alike = Counter((n.parent, n.name) for n in nodes if n.opens)
    for node in nodes:
        depths.append(depths[node.parent] + 1 if node.parent >= 0 else 0)
        if node.opens and (node.item or (kind in XML and alike[node.parent, node.name] > 1)):
            outline.records.append(node.start)
            outline.depths[node.start] = depths[-1]
    return outline


def _xml(text: str) -> Iterator[Node]:
    """Yield the lines of XML as its reader writes it: indented by two blanks for each level."""
    found: list[Node] = []
    open_at: list[tuple[int, int]] = []  # (indentation, number) of the open nodes
    start = 0
    for line in text.split("\n"):
        end, indent = start + len(line), len(line) - len(line.lstrip(" "))
        while open_at and open_at[-1][0] >= indent:
            found[open_at.pop()[1]].end = start
        parent = open_at[-1][1] if open_at else -1
        if parent >= 0:
            found[parent].opens = True
        found.append(Node(start + indent, end, parent, line.strip().partition(":")[0]))
        open_at.append((indent, len(found) - 1))
        start = end + 1
    for _, i in open_at:
        found[i].end = len(text)
    yield from found


def _json(text: str) -> list[Node]:
    """Return the containers and the single values of a JSON text, valid or not, of any depth."""
    found: list[Node] = []
    stack: list[int] = []
    key: re.Match[str] | None = None  # key of the current member
    last: re.Match[str] | None = None  # the previous token
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign == ":":
            key = last
        elif sign in "{[" or sign not in "}],":
            _open(found, stack, (key, token), text)
            key = key if sign not in "{[" and _is_key(text, token) else None
        elif sign in "}]" and stack:
            found[stack.pop()].end = token.end()
            key = None
        else:
            key = None
        last = token
    for i in stack:
        found[i].end = len(text)
    return found


def _open(found: list[Node], stack: list[int], at: tuple[re.Match[str] | None, re.Match[str]], text: str) -> None:
    """Add the node of a value with its key; a key alone is no node."""
    key, token = at
    opens = token[0] in "{["
    if not opens and _is_key(text, token):
        return
    start = key.start() if key else token.start()
    parent = stack[-1] if stack else -1
    is_item = opens and token[0] == "{" and (parent < 0 or text[found[parent].head - 1] == "[")
    found.append(Node(start, token.end(), parent, key[0] if key else "", token.end(), opens=opens, item=is_item))
    if opens:
        stack.append(len(found) - 1)


def _is_key(text: str, token: re.Match[str]) -> bool:
    """Whether a token is followed by a colon."""
    end = token.end()
    while end < len(text) and text[end] in " \t\r\n":
        end += 1
    return text[end : end + 1] == ":"
