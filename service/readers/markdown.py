"""Markdown through `unstructured`: headings, items, tables, code; each Block says the line of the file it stands on.

The library gives elements without places, flattens items nested by two blanks and drops the numbers of ordered items, so
each element is found again in the file, in order, and takes depth and number from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import html as markup

from schemas.document import BlockKind, DocumentBuilder
from schemas.errors import note
from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Reading, Spool
from service.readers.charset import decode
from service.readers.signed import SignedReader
from service.readers.unstructured_offline import partition_markdown

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_PAIR = re.compile(r"([A-Za-z][\w -]{0,40}):[ \t]+(\S.*)")
_HIDDEN = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_WORD = re.compile(r"\w+")
_ITEM = re.compile(r"([ \t>]*)(?:[-*+]|(\d{1,9}[.)]))(?:[ \t]|$)")
_AHEAD = 2_000  # words of the file in which an element is looked for; beyond, its place stays unknown
_BETWEEN = 24  # words of markup (an address, tags) that may stand between two words of a text
_ALIKE = 0.8  # share of a text's words that must be found
_KINDS = {"Title": BlockKind.HEADING, "ListItem": BlockKind.LIST_ITEM, "Header": BlockKind.HEADER}


@dataclass(slots=True)
class Places:
    """The words of a file with their lines, read once from start to end."""

    lines: list[str]
    first: int  # 1-based number of the first line
    words: list[tuple[str, int]] = field(default_factory=list)
    at: int = 0

    def __post_init__(self) -> None:
        """List the words."""
        self.words = [(w, i) for i, line in enumerate(self.lines) for w in _WORD.findall(line)]

    def find(self, text: str) -> int | None:
        """Index of the line on which a text begins, after the last one found; None where it is not found."""
        wanted = _WORD.findall(text)
        for i in range(self.at, min(self.at + _AHEAD, len(self.words)) if wanted else 0):
            if self.words[i][0] == wanted[0]:
                end, matched = self._follow(wanted, i)
                if matched >= _ALIKE * len(wanted):
                    self.at = end
                    return self.words[i][1]
        return None

    def _follow(self, wanted: list[str], start: int) -> tuple[int, int]:
        """Where the words of a text end if they begin at `start`, and how many are found; markup may stand between."""
        at, matched = start, 0
        for word in wanted:
            near = (k for k in range(at, min(at + _BETWEEN, len(self.words))) if self.words[k][0] == word)
            found = next(near, None)
            if found is not None:
                at, matched = found + 1, matched + 1
        return at, matched

    def item(self, index: int) -> tuple[int, str]:
        """Nesting (1-based) and number of the item on a line; an item without a number has an empty one."""
        match = _ITEM.match(self.lines[index])
        if match is None:
            return 0, ""
        stack = [_indent(match)]
        for line in reversed(self.lines[:index]):
            above = _ITEM.match(line)
            if above is not None and _indent(above) < stack[-1]:
                stack.append(_indent(above))
            if stack[-1] == 0 or (line and above is None and not line[0].isspace()):
                break
        return len(stack), match[2] or ""


def read(source: Source, options: ReadOptions, _spool: Spool) -> Reading:
    """The Document of a Markdown file."""
    decoded = decode(Path(source.blob).read_bytes())
    builder = DocumentBuilder(source, kind="office")
    builder.document.notes.extend(decoded.notes)
    builder.document.facts.update(decoded.facts())
    body, first = _front_matter(builder, decoded.text)
    visible = _HIDDEN.sub(lambda m: "\n" * m[0].count("\n"), body)
    places = Places(visible.split("\n"), first)
    for element in partition_markdown(visible) if visible.strip() else []:
        _write(builder, places, element)
    _hidden(builder, body, first, options)
    builder.part("")
    return Reading(builder.build())


def _front_matter(builder: DocumentBuilder, text: str) -> tuple[str, int]:
    """Write what stands between rules at the very top, a Block a line; gives the rest and its first line number."""
    match = _FRONT.match(text)
    if match is None:
        return text, 1
    for number, line in enumerate(match[1].splitlines(), 2):
        builder.part(f"line {number}")
        builder.block(line.rstrip(), BlockKind.FORM)
        if pair := _PAIR.fullmatch(line.rstrip()):
            builder.document.facts.setdefault(pair[1].lower(), pair[2].strip("\"'"))
    return text[match.end() :], 1 + match[0].count("\n")


def _write(builder: DocumentBuilder, places: Places, element: Any) -> None:
    if element.category == "Table" and element.metadata.text_as_html:
        _write_table(builder, places, element.metadata.text_as_html)
        return
    line = places.find(element.text)
    if line is not None:
        builder.part(f"line {places.first + line}")
    kind = _KINDS.get(element.category, BlockKind.PARAGRAPH)
    depth, text = element.metadata.category_depth or 0, element.text
    level = depth + 1 if kind is BlockKind.HEADING else depth
    if line is not None and kind is not BlockKind.HEADING and (found := places.item(line))[0]:
        kind, level = BlockKind.LIST_ITEM, found[0]
        text = f"{found[1]} {text}".strip()
    builder.block(text, kind, level or int(kind is BlockKind.LIST_ITEM))


def _write_table(builder: DocumentBuilder, places: Places, html: str) -> None:
    rows = list(_rows(html))
    lines = [places.find(" ".join(cells)) for cells, _ in rows]
    builder.part(f"line {places.first + lines[0]}" if lines and lines[0] is not None else "")
    count = len(builder.document.tables)
    builder.table([cells for cells, _ in rows], header_rows=int(bool(rows) and rows[0][1]))
    for table in builder.document.tables[count:]:
        for r in range(1, len(table)):
            line = lines[table.row[r] - 1]
            if line is not None:
                builder.document.part_starts.append(table.row_range(r)[0])
                builder.document.part_labels.append(f"line {places.first + line}")


def _rows(html: str) -> Iterator[tuple[list[str], bool]]:
    """(cells, whether it is a header) of each row."""
    for row in markup.fragment_fromstring(html, create_parent="div").iter("tr"):
        cells = [cell for cell in row if cell.tag in {"td", "th"}]
        texts = [" ".join(cell.text_content().split()) for cell in cells]
        yield texts, bool(cells) and all(c.tag == "th" for c in cells)


def _hidden(builder: DocumentBuilder, body: str, first: int, options: ReadOptions) -> None:
    """Comments of the file: left out with a Note, or written at the end as hidden."""
    found = [m for m in _HIDDEN.finditer(body) if m[1].strip()]
    if found and not options.hidden_text:
        builder.document.notes.append(note("hidden_text", f"{len(found)} comments"))
        return
    for match in found:
        builder.part(f"line {first + body.count(chr(10), 0, match.start())}")
        builder.block(match[1].strip(), BlockKind.HIDDEN)


def _indent(match: re.Match[str]) -> int:
    return len(match[1].expandtabs(4))


reader = SignedReader(name="markdown", reading=read, types=("text/markdown", "text/x-markdown"))
