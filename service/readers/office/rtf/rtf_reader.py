"""Read RTF files: paragraphs, tables, headers, footers, notes, comments, text boxes and pictures."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, Note, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.office.rtf.rtf_pictures import RtfPictures, binary_as_groups, stored_pictures
from thresher.service.readers.office.rtf.rtf_story import FACTS, FOOTERS, HEADERS, Stories, Story, read_stories
from thresher.service.readers.placed_pictures import PlacedPictures

_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)  # escaped ones count for nothing


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of an RTF file. Raises InputProblem(too_large) above the limit of characters."""
    raw = Path(source.blob).read_bytes().decode("latin-1")
    stories = read_stories(raw, show_hidden=options.hidden_text)
    builder = DocumentBuilder(source, kind="office")
    builder.document.facts.update(
        {s.kind: text for s in reversed(stories.others) if s.kind in FACTS and (text := s.text().strip())}
    )
    children, shown = stored_pictures(source, stories.pictures, spool)
    pictures = RtfPictures(PlacedPictures(options, spool, children), shown)
    _write(builder, stories, pictures)
    if builder.length > options.limits.characters:
        raise InputProblem("too_large", f"{source.path} has over {options.limits.characters} characters")
    document = builder.build()
    document.notes += _notes(stories, builder)
    if not children and not document.text.strip():
        if _is_cut(binary_as_groups(raw)):
            raise InputProblem("corrupt", f"{source.path} breaks off before its text")
        document.notes += [] if document.notes else [note("no_text", "the RTF holds none")]
    return Reading(document, pictures.placed.remaining)


def _write(builder: DocumentBuilder, stories: Stories, pictures: RtfPictures) -> None:
    def asides(kinds: frozenset[str], kind: BlockKind) -> None:
        _write_asides(builder, [s for s in stories.others if s.kind in kinds], kind, pictures)

    asides(HEADERS, BlockKind.HEADER)
    _write_story(builder, stories.body, pictures)
    for story in stories.others:
        if story.kind in {"shptxt", "dptxbxtext"}:
            builder.part("text box")
            _write_story(builder, story, pictures)
            builder.part("")
    asides(frozenset(("footnote",)), BlockKind.PARAGRAPH)
    asides(frozenset(("annotation",)), BlockKind.COMMENT)
    asides(FOOTERS, BlockKind.FOOTER)


def _write_story(builder: DocumentBuilder, story: Story, pictures: RtfPictures) -> None:
    for item in story.items:
        if isinstance(item, str):
            pictures.write_paragraph(builder, item)
        else:
            pictures.write_table(builder, item)


def _write_asides(builder: DocumentBuilder, stories: list[Story], kind: BlockKind, pictures: RtfPictures) -> None:
    """Write each different story once, as a header is stated for left and right pages."""
    found: dict[tuple[str, str], str] = {}
    for s in stories:
        word = s.kind[:6] if s.kind[:4] in {"head", "foot"} and s.kind != "footnote" else s.kind
        found.setdefault((word, s.text()), s.placed_text())
    for (word, text), placed in found.items():
        builder.part(word)
        builder.block(text.strip(), kind)
        pictures.write_aside(builder, placed)
    builder.part("")


def _is_cut(rtf: str) -> bool:
    r"""Whether a file ends within its groups.

    >>> _is_cut(r"{\rtf1 a\}}"), _is_cut(r"{\rtf1{\fonttbl")
    (False, True)
    """
    braces = Counter(match[0] for match in _BRACE.finditer(rtf))
    return braces["{"] > braces["}"]


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
