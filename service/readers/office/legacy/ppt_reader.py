"""Read old PowerPoint files (PPT): the text of each slide, then its notes, by the open specification [MS-PPT].

The document's list of slide texts is read first; text only in a slide's drawing follows it. Positions of shapes are not
read, so there are no boxes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import olefile

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.office.legacy.ole_children import ole_children, refuse_protected
from thresher.service.readers.office.legacy.ole_properties import ole_facts
from thresher.service.readers.office.office_decryption import read_legacy
from thresher.service.readers.office.package_reader import PackageReader

_DOCUMENT, _SLIDE, _NOTES, _LIST, _PERSIST = 0x03E8, 0x03EE, 0x03F0, 0x0FF0, 0x03F3
_KIND, _CHARS, _BYTES, _PAGE = 0x0F9F, 0x0FA0, 0x0FA8, 0x03E9
_USER_EDIT, _POINTERS = 0x0FF5, 0x1772
_TITLES = frozenset({0, 6})  # text types: title, centred title
_MASTER_UNIT_POINTS = 1 / 8  # 576 units an inch
_CLEAN = {0x0B: "\n", 0x0D: "\n", 0x00: ""}
_DEPTH_MAX = 40  # levels of nested containers; the format needs about ten


Listed = tuple[int, list[tuple[int, str]]]  # offset of a slide, its (type, text) pairs


class Record(NamedTuple):
    """One record: its type, instance, and the range of its body in the stream."""

    type: int
    instance: int
    start: int
    end: int
    container: bool


@dataclass(slots=True)
class Deck:
    """The document stream, and the offsets of its persistent objects."""

    data: bytes
    offsets: dict[int, int] = field(default_factory=dict)  # of each persistent object

    def records(self, start: int, end: int) -> Iterator[Record]:
        """Yield the records of a range, one after the other."""
        while start + 8 <= end:
            version, kind, size = struct.unpack_from("<HHI", self.data, start)
            stop = min(start + 8 + size, end)
            yield Record(kind, version >> 4, start + 8, stop, version & 0xF == 0xF)
            start = stop

    def texts(self, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, str]]:
        """Yield (type, text) of each text beneath a container."""
        kind = 4
        for record in self.records(start, end):
            if record.type == _KIND and record.end - record.start >= 4:
                kind = struct.unpack_from("<I", self.data, record.start)[0]
            elif record.type in {_CHARS, _BYTES}:
                codec = "utf-16-le" if record.type == _CHARS else "latin-1"
                yield kind, self.data[record.start : record.end].decode(codec, "replace").translate(_CLEAN).strip()
            elif record.container and depth < _DEPTH_MAX:
                yield from self.texts(record.start, record.end, depth + 1)


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of an old presentation. Raises InputProblem(password_protected, corrupt)."""
    return read_legacy(source, options, spool, _read)


def _read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    del options
    try:
        with olefile.OleFileIO(source.blob) as ole:
            refuse_protected(ole, source)
            if ole.exists("EncryptedSummary") or ole.exists("EncryptedSummaryInformation"):
                raise InputProblem("password_protected", source.name or source.path)
            deck = Deck(ole.openstream("PowerPoint Document").read())
            user = ole.openstream("Current User").read() if ole.exists("Current User") else b""
        builder = DocumentBuilder(source, kind="office")
        _pointers(deck, user)
        _write(builder, deck)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise InputProblem("corrupt", source.name or source.path) from error
    builder.document.facts.update(ole_facts(source.blob))
    children, notes = ole_children(source, spool)
    builder.document.notes.extend(notes)
    return Reading(builder.build(), children)


def _pointers(deck: Deck, user: bytes) -> None:
    """Follow the chain of edits from the last one, and store the newest offset of each object."""
    (at,) = struct.unpack_from("<I", user, 16) if len(user) >= 20 else (0,)
    seen: set[int] = set()
    while at and at not in seen and at + 8 <= len(deck.data):
        seen.add(at)
        edit = next(deck.records(at, len(deck.data)))
        if edit.type != _USER_EDIT:
            return
        before, directory = struct.unpack_from("<II", deck.data, edit.start + 8)
        for record in deck.records(directory, directory + 8 + _size(deck, directory)):
            _add_offsets(deck, record)
        at = before


def _size(deck: Deck, at: int) -> int:
    return int(struct.unpack_from("<I", deck.data, at + 4)[0])


def _add_offsets(deck: Deck, record: Record) -> None:
    at = record.start
    while record.type == _POINTERS and at + 4 <= record.end:
        (head,) = struct.unpack_from("<I", deck.data, at)
        first, count = head & 0xFFFFF, head >> 20
        for i in range(min(count, (record.end - at - 4) // 4)):
            deck.offsets.setdefault(first + i, struct.unpack_from("<I", deck.data, at + 4 + 4 * i)[0])
        at += 4 + 4 * count


def _write(builder: DocumentBuilder, deck: Deck) -> None:
    documents = [r for r in deck.records(0, len(deck.data)) if r.type == _DOCUMENT]
    if not documents:
        raise ValueError(source_of(builder))
    size = 720.0, 540.0
    slides: list[Listed] = []
    notes: list[Listed] = []
    for record in deck.records(documents[-1].start, documents[-1].end):
        if record.type == _LIST and record.instance in {0, 2}:
            (slides if record.instance == 0 else notes).extend(_listed(deck, record))
        elif record.type == 0x03E9:
            x, y = struct.unpack_from("<ii", deck.data, record.start)
            size = x * _MASTER_UNIT_POINTS, y * _MASTER_UNIT_POINTS
    speaker_notes = {i: _notes_of(deck, offset) for i, (offset, _) in enumerate(notes)}
    for number, (offset, texts) in enumerate(slides):
        builder.page(*size)
        _slide(builder, deck, offset, texts)
        if speaker_notes.get(number):
            builder.part("notes")
            builder.block(speaker_notes[number], BlockKind.COMMENT)
            builder.part("")


def source_of(builder: DocumentBuilder) -> str:
    """Return the path of the file, for messages."""
    return builder.document.source.path


def _listed(deck: Deck, record: Record) -> list[Listed]:
    """Return (offset of the slide, its listed texts) for each slide of a list."""
    found: list[Listed] = []
    kind = 4
    for entry in deck.records(record.start, record.end):
        if entry.type == _PERSIST:
            found.append((deck.offsets.get(struct.unpack_from("<I", deck.data, entry.start)[0], -1), []))
        elif entry.type == _KIND:
            kind = struct.unpack_from("<I", deck.data, entry.start)[0]
        elif entry.type in {_CHARS, _BYTES} and found:
            found[-1][1].extend((kind, text) for _, text in deck.texts(entry.start - 8, entry.end))
    return found


def _slide(builder: DocumentBuilder, deck: Deck, offset: int, listed: list[tuple[int, str]]) -> None:
    drawn = list(_drawn(deck, offset))
    known = {text for _, text in listed}
    for kind, text in [*listed, *(d for d in drawn if d[1] not in known)]:
        for line in filter(None, (part.strip() for part in text.split("\n"))):
            builder.block(line, BlockKind.HEADING if kind in _TITLES else BlockKind.PARAGRAPH, int(kind in _TITLES))


def _drawn(deck: Deck, offset: int) -> Iterator[tuple[int, str]]:
    if 0 <= offset <= len(deck.data) - 8:
        slide = next(deck.records(offset, len(deck.data)))
        if slide.type in {_SLIDE, _NOTES}:
            yield from deck.texts(slide.start, slide.end)


def _notes_of(deck: Deck, offset: int) -> str:
    return "\n".join(text for _, text in _drawn(deck, offset) if text and text != "*")


reader = PackageReader(
    name="ppt", reading=read, types=("application/vnd.ms-powerpoint",), streams=("PowerPoint Document",)
)
