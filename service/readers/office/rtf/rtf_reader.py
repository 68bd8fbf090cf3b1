"""Read RTF files: paragraphs, tables, headers, footers, notes, comments and text boxes; pictures as children."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, Note, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.office.rtf.rtf_story import FACTS, FOOTERS, HEADERS, Stories, Story, read_stories

_TOKEN = re.compile(r"\\(?:[a-zA-Z]+-?\d* ?|'[0-9a-fA-F]{2}|.)|[{}]", re.DOTALL)
_GROUP = re.compile(r"\{(?:\\\*)?[\r\n ]*\\([a-z]+)")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)  # escaped ones count for nothing
_BINARY = re.compile(r"\\bin(\d{1,10}) ?")
_HEX = re.compile(r"[0-9a-fA-F\s]{40,}\Z")


@dataclass(frozen=True, slots=True)
class Group:
    """The group of a picture: its text with the braces."""

    word: str
    text: str


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of an RTF file. Raises InputProblem(too_large) above the limit of characters."""
    raw = without_binary(Path(source.blob).read_bytes().decode("latin-1"))
    stories = read_stories(raw, show_hidden=options.hidden_text)
    builder = DocumentBuilder(source, kind="office")
    builder.document.facts.update(
        {s.kind: text for s in reversed(stories.others) if s.kind in FACTS and (text := s.text().strip())}
    )
    _write(builder, stories)
    if builder.length > options.limits.characters:
        raise InputProblem("too_large", f"{source.path} has over {options.limits.characters} characters")
    children = [
        spool.child(source, data, name=f"picture{i + 1}.{kind}", ordinal=i, relation="inline")
        for i, (kind, data) in enumerate(_pictures(list(find_groups(raw))))
    ]
    document = builder.build()
    document.notes += _notes(stories, builder)
    if not children and not document.text.strip():
        if _is_cut(raw):
            raise InputProblem("corrupt", f"{source.path} breaks off before its text")
        document.notes += [] if document.notes else [note("no_text", "the RTF holds none")]
    return Reading(document, children)


def _write(builder: DocumentBuilder, stories: Stories) -> None:
    _write_asides(builder, [s for s in stories.others if s.kind in HEADERS], BlockKind.HEADER)
    _write_story(builder, stories.body)
    for story in stories.others:
        if story.kind in {"shptxt", "dptxbxtext"}:
            builder.part("text box")
            _write_story(builder, story)
            builder.part("")
    _write_asides(builder, [s for s in stories.others if s.kind == "footnote"], BlockKind.PARAGRAPH)
    _write_asides(builder, [s for s in stories.others if s.kind == "annotation"], BlockKind.COMMENT)
    _write_asides(builder, [s for s in stories.others if s.kind in FOOTERS], BlockKind.FOOTER)


def _write_story(builder: DocumentBuilder, story: Story) -> None:
    for item in story.items:
        if isinstance(item, str):
            builder.block(item.strip())
        else:
            builder.table(item)


def _write_asides(builder: DocumentBuilder, stories: list[Story], kind: BlockKind) -> None:
    """Write each different story once, as a header is stated for left and right pages."""
    for word, text in dict.fromkeys(
        (s.kind[:6] if s.kind[:4] in {"head", "foot"} and s.kind != "footnote" else s.kind, s.text()) for s in stories
    ):
        builder.part(word)
        builder.block(text.strip(), kind)
    builder.part("")


def without_binary(rtf: str) -> str:
    r"""Remove the raw bytes that follow `\binN`.

    >>> without_binary(r"a\bin3 {}}b")
    'ab'
    """
    pieces, at = [], 0
    while match := _BINARY.search(rtf, at):
        pieces.append(rtf[at : match.start()])
        at = match.end() + int(match[1])
    return "".join([*pieces, rtf[at:]])


def _is_cut(rtf: str) -> bool:
    r"""Whether a file ends within its groups.

    >>> _is_cut(r"{\rtf1 a\}}"), _is_cut(r"{\rtf1{\fonttbl")
    (False, True)
    """
    braces = Counter(match[0] for match in _BRACE.finditer(rtf))
    return braces["{"] > braces["}"]


def find_groups(rtf: str) -> Iterator[Group]:
    """Yield the groups of pictures, in order, in one pass."""
    depth, start, word, floor = 0, 0, "", 0
    for token in _TOKEN.finditer(rtf):
        if token[0] == "{":
            depth += 1
            match = None if word else _GROUP.match(rtf, token.start())
            if match and match[1] == "pict":
                start, word, floor = token.start(), match[1], depth
        elif token[0] == "}":
            if word and depth == floor:
                yield Group(word, rtf[start : token.end()])
                word = ""
            depth -= 1


def _pictures(groups: list[Group]) -> Iterator[tuple[str, bytes]]:
    for group in groups:
        kind = "png" if "\\pngblip" in group.text else "jpg" if "\\jpegblip" in group.text else ""
        digits = _HEX.search(group.text[:-1]) if kind else None
        if digits:
            yield kind, bytes.fromhex("".join(digits[0].split())[: len("".join(digits[0].split())) // 2 * 2])


def _notes(stories: Stories, builder: DocumentBuilder) -> list[Note]:
    hidden, found = HiddenPassages(), []
    for reason, place in stories.unseen:
        hidden.add(0, reason, place)
    if stories.objects:
        found.append(note("embedded_unreadable", f"{stories.objects} objects in the RTF"))
    if stories.lost:
        found.append(note("decode_loss", f"{stories.lost} characters are not of their fonts' code pages"))
    return [*found, *hidden.notes(builder.document)]


reader = PackageReader(name="rtf", reading=read, types=("application/rtf", "text/rtf"), start=b"{\\rtf")
