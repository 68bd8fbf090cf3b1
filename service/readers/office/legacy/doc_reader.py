"""Read old Word files (DOC): text by the piece table of the open specification [MS-DOC].

The main story, then footnotes, comments, endnotes and text boxes (also those of headers); headers and footers as such. Cells and rows are found
by their marks (07). Styles are not read, so there are no headings, and deleted and hidden text is read like the rest.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

import olefile

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.office.legacy.ole_children import ole_children, refuse_protected
from thresher.service.readers.office.legacy.ole_properties import ole_facts
from thresher.service.readers.office.office_decryption import read_legacy
from thresher.service.readers.office.package_reader import PackageReader

_MAGIC = 0xA5EC  # wIdent of the file information block
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200  # bits of its flags
_STORY_LENGTHS = 0x4C  # offset of ccpText: the lengths in characters of the eight stories
_CLX = 0x01A2  # offset of fcClx and lcbClx
_HIDING_MARKS = (b"\x00\x08\x01", b"\x3c\x08\x01")  # sprmCFRMarkDel and sprmCFVanish, switched on
_FIELD = re.compile("\x13[^\x13\x14\x15]*\x14?([^\x13\x14\x15]*)\x15")
_LINE = re.compile(r"(?<=\x07)\x07|\r(?![^\x07]{0,2000}\x07)")
_MARKS = {0x0B: "\n", 0x0C: "\n", 0x0D: "\n", 0x0E: "\n", 0x1E: "\N{NON-BREAKING HYPHEN}", 0x1F: "", 0x01: "", 0x02: "",
          0x03: "", 0x04: "", 0x05: "", 0x08: "", 0x13: "", 0x14: "", 0x15: "", 0x00: ""}  # fmt: skip
_PARTS = (
    "",
    "footnote",
    "header",
    "",
    "comment",
    "endnote",
    "text box",
    "text box of header",
)  # the stories in their order; the 4th is macros
_KINDS = {"header": BlockKind.HEADER, "text box of header": BlockKind.HEADER, "comment": BlockKind.COMMENT}


class Piece(NamedTuple):
    """A run of characters, and the position of its bytes."""

    size: int  # characters
    offset: int  # bytes
    narrow: bool  # one byte a character (cp1252), else two (UTF-16)

    @property
    def end(self) -> int:
        """Return where its bytes end."""
        return self.offset + (self.size if self.narrow else 2 * self.size)


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of an old Word file. Raises InputProblem(password_protected, unsupported_type, corrupt)."""
    return read_legacy(source, options, spool, _read)


def _read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    del options
    try:
        with olefile.OleFileIO(source.blob) as ole:
            refuse_protected(ole, source)
            main = ole.openstream("WordDocument").read()
            flags = _checked(main, source)
            table = ole.openstream("1Table" if flags & _TABLE_1 else "0Table").read()
        found = list(pieces(main, table))
        text = b"".join(_units(main, found))
        counts = struct.unpack_from("<8i", main, _STORY_LENGTHS)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise InputProblem("corrupt", source.name or source.path) from error
    builder = DocumentBuilder(source, kind="office")
    builder.document.facts.update(ole_facts(source.blob))
    start = 0
    for part, count in zip(_PARTS, counts, strict=True):
        builder.part(part)
        story = text[2 * start : 2 * (start + max(count, 0))].decode("utf-16-le", "replace")
        _write(builder, story, _KINDS.get(part, BlockKind.PARAGRAPH))
        start += max(count, 0)
    builder.part("")
    if any(mark in main for mark in _HIDING_MARKS):
        builder.document.notes.append(note("hidden_kept", "deleted or hidden passages of an old Word file"))
    if lost := sum(piece.end > len(main) for piece in found):
        builder.document.notes.append(note("corrupt_partial", f"{lost} of {len(found)} pieces of the text are cut"))
    children, notes = ole_children(source, spool)
    builder.document.notes.extend(notes)
    return Reading(builder.build(), children)


def _checked(main: bytes, source: Source) -> int:
    """Return the flags of the file information block; raise for encrypted or too old files."""
    ident, version = struct.unpack_from("<HH", main)
    (flags,) = struct.unpack_from("<H", main, 0x0A)
    if flags & _ENCRYPTED:
        raise InputProblem("password_protected", source.name or source.path)
    if ident != _MAGIC or version < 0x00C0:
        raise InputProblem("unsupported_type", f"{source.name or source.path} is of a Word older than 97")
    return int(flags)


def pieces(main: bytes, table: bytes) -> Iterator[Piece]:
    """Yield the entries of the piece table, which follows the property runs in the Clx."""
    at, size = struct.unpack_from("<II", main, _CLX)
    clx = table[at : at + size]
    at = 0
    while clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    (size,) = struct.unpack_from("<I", clx, at + 1)
    plan = clx[at + 5 : at + 5 + size]
    count = (len(plan) - 4) // 12
    bounds = struct.unpack_from(f"<{count + 1}I", plan)
    for i in range(count):
        (where,) = struct.unpack_from("<I", plan, 4 * (count + 1) + 8 * i + 2)
        narrow = bool(where & 0x4000_0000)
        offset = where & 0x3FFF_FFFF
        yield Piece(bounds[i + 1] - bounds[i], offset // 2 if narrow else offset, narrow)


def _units(main: bytes, found: list[Piece]) -> Iterator[bytes]:
    """Yield the pieces in UTF-16, in whose units the format counts: characters beyond the basic plane take two."""
    for piece in found:
        if piece.size < 0:
            raise ValueError(piece)
        raw = main[piece.offset : piece.end]
        wide = raw.decode("cp1252", "replace").encode("utf-16-le") if piece.narrow else raw
        yield wide.ljust(2 * piece.size, b"\0")


def _write(builder: DocumentBuilder, story: str, kind: BlockKind) -> None:
    while (bare := _FIELD.sub(lambda m: m[1], story)) != story:  # nested fields, innermost first
        story = bare
    rows: list[list[str]] = []
    for line in _LINE.split(story):
        if "\x07" in line:
            before, cells = _row(line, inside=bool(rows))
            for paragraph in before:
                builder.block(paragraph, kind)
            rows.append(cells)
            continue
        builder.table(rows)
        rows = []
        builder.block(line.translate(_MARKS).strip(), kind)
    builder.table(rows)


def _row(line: str, *, inside: bool) -> tuple[list[str], list[str]]:
    """Return the paragraphs before a row, and its cells.

    Only the marks show where a table begins: of the paragraphs before the first mark, all but the last are above it.
    """
    first, *rest = line.removesuffix("\x07").split("\x07")
    *before, first_cell = [first] if inside else first.split("\r")
    shown = [text.translate(_MARKS).strip() for text in (*before, first_cell, *rest)]
    return shown[: len(before)], shown[len(before) :]


reader = PackageReader(name="doc", reading=read, types=("application/msword",), streams=("WordDocument",))
