"""RTF through striprtf, with what it leaves out read beside it: headers, footers, footnotes, comments, pictures.

striprtf skips those groups, joins cells by "|" and breaks on binary data, so binary data is cut out first, cells are
marked by private characters, and each such group is converted by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striprtf.striprtf import rtf_to_text

from schemas.document import BlockKind, DocumentBuilder
from schemas.errors import InputProblem, note
from schemas.policy import ReadOptions
from schemas.source import Source
from service.readers.base import Reading, Spool
from service.readers.signed import SignedReader

_convert: Any = rtf_to_text  # the library has no types
_CELL, _ROW = "\ue000", "\ue001"
_TOKEN = re.compile(r"\\(?:[a-zA-Z]+-?\d* ?|'[0-9a-fA-F]{2}|.)|[{}]", re.DOTALL)
_GROUP = re.compile(r"\{(?:\\\*)?[\r\n ]*\\([a-z]+)")
_BINARY = re.compile(r"\\bin(\d{1,10}) ?")
_FONTS = re.compile(r"\\(?:ansicpg\d+|deff\d+)")
_UNSEEN = re.compile(r"\\(?:v|deleted)(?![a-z0-9])")
_STRAY = re.compile(r"(?<![{\\\s])\\\*(?=\\)")
_HEX = re.compile(r"[0-9a-fA-F\s]{40,}\Z")
_KINDS = {
    "header": BlockKind.HEADER, "headerl": BlockKind.HEADER, "headerr": BlockKind.HEADER, "headerf": BlockKind.HEADER,
    "footer": BlockKind.FOOTER, "footerl": BlockKind.FOOTER, "footerr": BlockKind.FOOTER, "footerf": BlockKind.FOOTER,
    "footnote": BlockKind.PARAGRAPH, "annotation": BlockKind.COMMENT,
}  # fmt: skip
_FACTS = ("title", "author", "subject", "company", "keywords", "operator")
_WANTED = frozenset({*_KINDS, *_FACTS, "pict", "objdata", "fonttbl"})


@dataclass(frozen=True, slots=True)
class Group:
    """A group of one of the wanted kinds: its first control word and its text, braces included."""

    word: str
    text: str


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """The Document of an RTF file. Raises InputProblem `corrupt` where striprtf can make nothing of it."""
    del options
    raw = without_binary(Path(source.blob).read_bytes().decode("latin-1"))
    groups = list(find_groups(raw))
    builder = DocumentBuilder(source, kind="office")
    preamble = "{\\rtf1" + "".join(_FONTS.findall(raw[:4096])) + "".join(g.text for g in groups if g.word == "fonttbl")
    try:
        body = plain(raw)
        asides = [(g.word, plain(preamble + _opened(g) + "}").strip()) for g in groups if g.word in {*_KINDS, *_FACTS}]
    except (ValueError, LookupError, OverflowError, TypeError) as error:
        raise InputProblem("corrupt", source.name or source.path) from error
    _write(builder, body, asides)
    children = [
        spool.child(source, data, name=f"picture{i + 1}.{kind}", ordinal=i, relation="inline")
        for i, (kind, data) in enumerate(_pictures(groups))
    ]
    _flag(builder, raw, groups)
    return Reading(builder.build(), children)


def _write(builder: DocumentBuilder, body: str, asides: list[tuple[str, str]]) -> None:
    builder.document.facts.update({word: text for word, text in reversed(asides) if word in _FACTS and text})
    _write_asides(builder, asides, BlockKind.HEADER)
    for piece in re.split(rf"((?:[^{_ROW}\n]*{_CELL}[^{_ROW}]*{_ROW}\n?)+)", body):
        if _ROW in piece:
            builder.table([line.strip().removesuffix(_CELL).split(_CELL) for line in piece.split(_ROW) if line.strip()])
        else:
            for line in piece.replace(_CELL, "\t").split("\n"):
                builder.block(line.strip())
    for kind in (BlockKind.PARAGRAPH, BlockKind.COMMENT, BlockKind.FOOTER):
        _write_asides(builder, asides, kind)


def _write_asides(builder: DocumentBuilder, asides: list[tuple[str, str]], kind: BlockKind) -> None:
    found = dict.fromkeys((word, text) for word, text in asides if _KINDS.get(word) is kind)
    for word, text in found:
        builder.part(word[:6] if word.startswith(("header", "footer")) else word)
        builder.block(text.replace(_CELL, "\t").replace(_ROW, ""), kind)
    builder.part("")


def plain(rtf: str) -> str:
    r"""Text of RTF: cells end in a private character, rows in another and a newline.

    >>> plain(r"{\rtf1\ansi a\par b\u8364?}")
    'a\nb€'
    """
    marked = re.sub(r"\\(?:nest)?cell(?![a-z]) ?", _CELL, re.sub(r"\\(?:nest)?row(?![a-z]) ?", _ROW + "\\\\line ", rtf))
    marked = _STRAY.sub("", marked)  # striprtf drops a whole group for a "\\*" anywhere in it
    text: str = _convert(marked, errors="replace")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def without_binary(rtf: str) -> str:
    r"""RTF without the raw bytes that follow `\binN`.

    >>> without_binary(r"a\bin3 {}}b")
    'ab'
    """
    pieces, at = [], 0
    while match := _BINARY.search(rtf, at):
        pieces.append(rtf[at : match.start()])
        at = match.end() + int(match[1])
    return "".join([*pieces, rtf[at:]])


def find_groups(rtf: str) -> Iterator[Group]:
    """The outermost groups of the wanted kinds, in order, in one pass."""
    depth, start, word, floor = 0, 0, "", 0
    for token in _TOKEN.finditer(rtf):
        if token[0] == "{":
            depth += 1
            match = None if word else _GROUP.match(rtf, token.start())
            if match and match[1] in _WANTED:
                start, word, floor = token.start(), match[1], depth
        elif token[0] == "}":
            if word and depth == floor:
                yield Group(word, rtf[start : token.end()])
                word = ""
            depth -= 1


def _opened(group: Group) -> str:
    """A group without the control word for which it would be skipped."""
    match = _GROUP.match(group.text)
    return "{" + (group.text[match.end() :] if match else group.text)


def _pictures(groups: list[Group]) -> Iterator[tuple[str, bytes]]:
    for group in (g for g in groups if g.word == "pict"):
        kind = "png" if "\\pngblip" in group.text else "jpg" if "\\jpegblip" in group.text else ""
        digits = _HEX.search(group.text[:-1]) if kind else None
        if digits:
            yield kind, bytes.fromhex("".join(digits[0].split())[: len("".join(digits[0].split())) // 2 * 2])


def _flag(builder: DocumentBuilder, raw: str, groups: list[Group]) -> None:
    objects = sum(g.word == "objdata" for g in groups)
    if objects:
        builder.document.notes.append(note("embedded_unreadable", f"{objects} objects in the RTF"))
    if _UNSEEN.search(raw):
        builder.document.notes.append(note("hidden_kept", "deleted or hidden passages of the RTF"))


reader = SignedReader(name="rtf", reading=read, types=("application/rtf", "text/rtf"), start=b"{\\rtf")
