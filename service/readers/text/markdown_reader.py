"""Read Markdown by markdown-it-py: headings, items, tables, code; lines and runs of blanks stay.

The library gives the lines of each block, so evidence names lines of the file. Text that a viewer does not show
(comments, hidden markup, references without a target in the text) is left out with a Note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.token import Token

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, Note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.charset import decode
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.text.markdown_inline import inline_text
from thresher.service.readers.web.html_blocks import read_page, write_piece

if TYPE_CHECKING:
    from markdown_it.rules_core import StateCore
    from markdown_it.utils import EnvType

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY_VALUE = re.compile(r"([A-Za-z][\w -]{0,40}):[ \t]+(\S.*)")
_HTML_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_PARAGRAPH_MAX_CHARS = 20_000  # marks of longer paragraphs are not parsed, which might take hours
_MAX_NESTING = 150  # levels of blocks and marks; the library drops deeper ones
_TOO_DEEP = re.compile(r"^(?:[ \t]*(?:>|[-*+][ \t]|\d{1,9}[.)][ \t])){60}|^[ \t]{240}[ \t]*[-*+>]", re.MULTILINE)
_HIDING_MARKUP = re.compile(r"<[a-z][^>]*\b(?:style|hidden|class)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Writer:
    """Writes the blocks of a file into the builder."""

    builder: DocumentBuilder
    lines: list[str]  # of the body, as parsed
    first: int  # 1-based number of the body's first line in the file
    unseen: list[str]  # passages that a viewer does not show
    show_hidden: bool = False
    hidden: HiddenPassages = field(default_factory=HiddenPassages)
    limits: list[Note] = field(default_factory=list)  # on markup that was left out
    numbers: list[int | None] = field(default_factory=list)  # next number of each open list, None for bullets
    marker: str = ""  # of the current item, until it is written
    at: int = 0  # line on which that item begins (0-based)
    quotes: int = 0

    def write(self, tokens: list[Token]) -> None:
        """Write every block in order."""
        at = 0
        while at < len(tokens):
            at = self._table(tokens, at) if tokens[at].type == "table_open" else self._token(tokens, at)

    def _token(self, tokens: list[Token], at: int) -> int:
        token = tokens[at]
        if self.marker and token.type in {"ordered_list_open", "bullet_list_open", "list_item_close", "html_block"}:
            self._block("", self.at)  # an item without text still has its number
        match token.type:
            case "inline":
                self._inline(token, tokens[at - 1])
            case "fence" | "code_block":
                self._code(token)
            case "html_block":
                self._markup(token)
            case "ordered_list_open":
                start = token.attrs.get("start", 1)
                self.numbers.append(int(start))
            case "bullet_list_open":
                self.numbers.append(None)
            case "ordered_list_close" | "bullet_list_close":
                self.numbers.pop()
            case "list_item_open":
                self.marker = f"{token.info}{token.markup} " if token.info else ""
                self.at = (token.map or [self.at])[0]
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
        return at + 1

    def _inline(self, token: Token, opened: Token) -> None:
        span = token.map or [0, 1]
        text = inline_text(token, self.lines[span[0] : span[1]], show_hidden=self.show_hidden)
        ruled = opened.markup in {"=", "-"} and "\n" in text  # several lines over a rule are a table or a text
        if opened.type == "heading_open" and not ruled:
            self._block(text, span[0], BlockKind.HEADING, int(opened.tag[1]))
        else:
            self._block(text, span[0])

    def _block(self, text: str, line: int, kind: BlockKind = BlockKind.PARAGRAPH, level: int = 0) -> None:
        if text and self._is_unseen(text):
            return
        text, self.marker = self.marker + text, ""
        if kind is BlockKind.PARAGRAPH and self.numbers:
            kind, level = BlockKind.LIST_ITEM, len(self.numbers)
        elif kind is BlockKind.PARAGRAPH and self.quotes:
            kind, level = BlockKind.QUOTE, self.quotes
        if text.strip():
            self.builder.part(f"line {self.first + line}")
            self.builder.block(text.rstrip(), kind, level)

    def _is_unseen(self, text: str) -> bool:
        bare = " ".join(text.split())
        return not self.show_hidden and any(bare in passage for passage in self.unseen)

    def _code(self, token: Token) -> None:
        line = (token.map or [0])[0] + (token.type == "fence")
        self._block(token.content.rstrip("\n"), line)

    def _markup(self, token: Token) -> None:
        page = read_page(token.content, hidden_text=self.show_hidden)
        self.limits += page.limits()
        pieces = [p for p in page.pieces if p.rows or not self._is_unseen(p.text)]
        if pieces:
            self.builder.part(f"line {self.first + (token.map or [0])[0]}")
        for piece in pieces:
            write_piece(self.builder, piece)

    def _table(self, tokens: list[Token], at: int) -> int:
        """Write the table that opens at `at`; return the index after its tokens."""
        self._block("", self.at)
        end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
        rows: list[list[str]] = []
        row_lines: list[int] = []
        for token in tokens[at:end]:
            if token.type == "tr_open":
                rows.append([])
                row_lines.append((token.map or [0])[0])
            elif token.type == "inline":
                rows[-1].append(inline_text(token, [], show_hidden=self.show_hidden))
        count = len(self.builder.document.tables)
        self.builder.part(f"line {self.first + row_lines[0]}")
        self.builder.table(rows, header_rows=int(any(rows[0])))
        filled = [line for row, line in zip(rows, row_lines, strict=True) if any(cell.strip() for cell in row)]
        for table in self.builder.document.tables[count:]:
            for r in range(1, len(table)):
                self.builder.document.part_starts.append(table.row_range(r)[0])
                self.builder.document.part_labels.append(f"line {self.first + filled[r]}")
        return end + 1


def read(source: Source, options: ReadOptions, _spool: Spool) -> Reading:
    """Return the Document of a Markdown file. Raises InputProblem(too_large) above `limits.characters`."""
    decoded = decode(Path(source.blob).read_bytes())
    if len(decoded.text) > options.limits.characters:
        raise InputProblem("too_large", f"{source.path} has over {options.limits.characters} characters")
    builder = DocumentBuilder(source, kind="office")
    builder.document.notes.extend(decoded.notes)
    builder.document.facts.update(decoded.facts())
    body, first = _front_matter(builder, decoded.text)
    hidden = _write(builder, body, first, options)
    builder.part("")
    document = builder.build()
    document.notes.extend(hidden.notes(document))
    return Reading(document)


def _write(builder: DocumentBuilder, body: str, first: int, options: ReadOptions) -> HiddenPassages:
    visible = _HTML_COMMENT.sub(lambda m: "\n" * m[0].count("\n"), body)
    if _TOO_DEEP.search(visible):
        raise InputProblem("corrupt", "blocks are nested too deeply for Markdown")  # it is then read as plain text
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])
    parser.core.ruler.at("inline", _marks)
    parser.block.ruler.at("reference", _reference)
    references: EnvType = {}
    tokens = parser.parse(visible, references)
    page = read_page(parser.render(visible)) if _HIDING_MARKUP.search(visible) else None
    writer = _Writer(builder, visible.split("\n"), first, [], show_hidden=options.hidden_text)
    if page is not None:
        writer.unseen = [" ".join(passage.split()) for passage in page.unseen]
        writer.hidden = page.hidden
    writer.write(tokens)
    _write_unseen(writer, body, references)
    builder.document.notes += writer.limits
    return HiddenPassages() if options.hidden_text else writer.hidden


def _marks(state: StateCore) -> None:
    """Parse the marks of each paragraph like the library's rule, except in long ones."""
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > _PARAGRAPH_MAX_CHARS:
            token.children = [Token("text", "", 0, content=token.content)]
        elif token.type == "inline":
            token.children = []
            state.md.inline.parse(token.content, state.md, state.env, token.children)


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the library's interface
    """Parse the target of a link like the library's rule; the text of a footnote is none, and is shown."""
    at = state.bMarks[start] + state.tShift[start]
    return not state.src.startswith("[^", at) and reference(state, start, end, silent)


def _front_matter(builder: DocumentBuilder, text: str) -> tuple[str, int]:
    """Write the front matter, one Block a line; return the rest and its first line number (1-based)."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return text, 1
    for number, line in enumerate(match[1].splitlines(), 2):
        builder.part(f"line {number}")
        builder.block(line.rstrip(), BlockKind.FORM)
        if pair := _KEY_VALUE.fullmatch(line.rstrip()):
            builder.document.facts.setdefault(pair[1].lower(), pair[2].strip("\"'"))
    return text[match.end() :], 1 + match[0].count("\n")


def _write_unseen(writer: _Writer, body: str, references: EnvType) -> None:
    """Handle comments and references that only carry text: report them, or write them at the end as hidden."""
    for reason, line, text in (*_comments(body), *_remarks(references)):
        if writer.show_hidden:
            writer.builder.part(f"line {writer.first + line}")
            writer.builder.block(text, BlockKind.HIDDEN)
        else:
            writer.hidden.add(0, reason, f"line {writer.first + line}")


def _comments(body: str) -> Iterator[tuple[str, int, str]]:
    for match in _HTML_COMMENT.finditer(body):
        if match[1].strip():
            yield "comment", body.count("\n", 0, match.start()), match[1].strip()


def _remarks(references: EnvType) -> Iterator[tuple[str, int, str]]:
    """Yield `[//]: # (text)`, the usual notation for a remark that is not shown."""
    for found in (*references.get("references", {}).values(), *references.get("duplicate_refs", ())):
        if found.get("title") and found.get("href") in {"#", "", "<>"}:
            yield "remark", found["map"][0], found["title"].strip()


reader = PackageReader(name="markdown", reading=read, types=("text/markdown", "text/x-markdown"))
