"""Read pictures set into a text, of an office file, a page or a mail, and write their words where the picture stands.

A picture is read as an image file is, under the same limits. One whose words are all that a model needs becomes part of the
text, and one without words is passed over. Every other one stays a child, which is read as a Document of its own with its
Notes: one that could not be read, that a model is shown as a picture, or that is beyond the time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import NamedTuple

from thresher.schemas.document import BlockKind, Box, Document, DocumentBuilder
from thresher.schemas.errors import Problem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool

_PIXELS_A_SECOND = 400_000  # read for each second that the file may take, as on pages of PDF
_MIN_PIXELS, _MAX_PIXELS = 200_000, 4_000_000  # that one picture counts for: opening takes time, OCR scales down


class SlidePlace(NamedTuple):
    """Where a picture stands on a slide."""

    page: int  # 1-based
    box: Box  # in points


class ShownPicture(NamedTuple):
    """A picture as it is shown: a member of the package, and what is cut off it."""

    member: str
    crop: Box = (0.0, 0.0, 0.0, 0.0)  # shares of width and height: left, top, right, bottom


class CellPicture(NamedTuple):
    """A picture whose words stand in a cell of a table."""

    shown: ShownPicture
    row: int  # 0-based, as the column
    column: int
    offset: int  # of its words in the cell's text


class PlacedPicture(NamedTuple):
    """A picture that has a place in the text, and is written later."""

    pictures: PlacedPictures
    shown: ShownPicture
    line: str  # its words in one line; never empty

    def write(self, builder: DocumentBuilder, kind: BlockKind | None = None, level: int = 0) -> None:
        """Write its words as a part of its own; `kind` and `level` are those of all its Blocks, such as of a quote."""
        self.pictures.write_read(builder, self.shown, kind, level)

    def mark(self, document: Document, start: int) -> None:
        """Record that its line stands at an offset, as in a cell of a table."""
        self.pictures.mark_line(document, self.shown, start)


class ReadPicture(NamedTuple):
    """A picture that was read."""

    document: Document
    is_emblem: bool  # whether it is as small and compact as a logo


@dataclass(slots=True)
class PlacedPictures:
    """The pictures of one file. Each content is read once, when it first has a place in the text."""

    options: ReadOptions
    spool: Spool
    children: dict[str, Source]  # by member of the file, such as a path in its package; pictures and other files
    placed: set[str] = field(default_factory=set)  # members whose words were written, or that have none
    unread: set[str] = field(default_factory=set)  # members shown somewhere in a way that was not read
    _read: dict[tuple[str, Box], ReadPicture | None] = field(default_factory=dict)  # by content and crop
    _spent: int = 0  # pixels so far

    @property
    def remaining(self) -> list[Source]:
        """Return the children without the pictures that were read. Their ordinals do not change."""
        return [child for member, child in self.children.items() if member not in self.placed - self.unread]

    def write(self, builder: DocumentBuilder, shown: ShownPicture, place: SlidePlace | None = None) -> None:
        """Write the words of a picture as a part of its own, where it could be read. A logo is written once."""
        found = self._placed(builder.document, shown, place)
        if found is not None and found.text:
            around = _current_part(builder.document)
            builder.part(self._label(shown))
            _write_document(builder, found, place)
            builder.part(around)

    def write_read(
        self, builder: DocumentBuilder, shown: ShownPicture, kind: BlockKind | None = None, level: int = 0
    ) -> None:
        """Write the words of a picture that `place` returned, as Blocks of one kind where one is given."""
        found = self._read[self._key(shown)]
        if found is not None:
            around = _current_part(builder.document)
            builder.part(self._label(shown))
            _write_document(builder, found.document, None, kind, level)
            builder.part(around)

    def place(self, document: Document, shown: ShownPicture) -> PlacedPicture | None:
        """Return a picture that has words to write here; None for others, and for a logo that has been written."""
        line = self.line(document, shown)
        return PlacedPicture(self, shown, line) if line else None

    def line(self, document: Document, shown: ShownPicture) -> str:
        """Return the words of a picture in one line, as a cell of a table takes them; empty where there are none."""
        found = self._placed(document, shown, None)
        return " ".join(found.text.split()) if found is not None else ""

    def fill_cell(
        self, document: Document, grid: list[list[str]], column: int, shown: ShownPicture
    ) -> list[CellPicture]:
        """Add the words of a picture to the text of a cell in the last row, and return where they stand."""
        line, before = self.line(document, shown), " ".join(grid[-1][column].split())
        if not line:
            return []
        grid[-1][column] = f"{before} {line}".strip()
        return [CellPicture(shown, len(grid) - 1, column, len(before) + bool(before))]

    def mark_cells(self, document: Document, grid: list[list[str]], cells: Iterable[CellPicture]) -> None:
        """Record where the words of pictures stand in the table just written, which has no empty rows."""
        filled = [r for r, row in enumerate(grid) if any(cell.strip() for cell in row)]
        for one in cells:
            start, _, _ = document.tables[-1].cells(filled.index(one.row))[one.column]
            self.mark_line(document, one.shown, start + one.offset)

    def mark_line(self, document: Document, shown: ShownPicture, start: int) -> None:
        """Record that the line of a picture stands at an offset: its part, and its words with their confidence."""
        found = self._read[self._key(shown)]
        if found is None:
            return
        text, words, at = " ".join(found.document.text.split()), found.document.words, 0
        for i in range(len(words)):
            word = found.document.text[words.start[i] : words.end[i]]
            if (at := text.find(word, at)) < 0:  # a word with blanks of its own
                break
            document.words.add(start + at, start + at + len(word), words.x0[i], words.x1[i], words.confidence[i])
            at += len(word)
        around = _current_part(document)
        document.part_starts.extend((start, start + len(text)))
        document.part_labels.extend((self._label(shown), around))

    def _key(self, shown: ShownPicture) -> tuple[str, Box]:
        child = self.children.get(shown.member)
        return (child.sha256 if child is not None else shown.member), shown.crop

    def _label(self, shown: ShownPicture) -> str:
        return f"picture {self.children[shown.member].name}"

    def _placed(self, document: Document, shown: ShownPicture, place: SlidePlace | None) -> Document | None:
        """Return what was read of a picture that is now part of the text; its Notes come with its first place."""
        key = self._key(shown)
        is_known = key in self._read
        if not is_known:
            self._read[key] = self._reading(shown)
        found = self._read[key]
        if found is None:
            self.unread.add(shown.member)
            return None
        self.placed.add(shown.member)
        if is_known and found.is_emblem:
            return None
        if not is_known:
            page, box = place or (None, None)
            document.notes.extend(note(one.code, self._label(shown), page, box) for one in found.document.notes)
        return found.document

    def _reading(self, shown: ShownPicture) -> ReadPicture | None:
        """Return what was read of a picture; None where it stays a child."""
        child = self.children.get(shown.member)
        if child is None or child.relation != "inline" or not _is_wanted(self.options):
            return None
        from thresher.service.readers.image import is_emblem, picture_size  # noqa: PLC0415 - Pillow, for pictures only
        from thresher.service.readers.registry import guarded, read_source  # noqa: PLC0415 - it names this reader

        try:
            width, height, pages = guarded(lambda: picture_size(child, self.options.limits), child)
            self._spent += min(max(width * height, _MIN_PIXELS), _MAX_PIXELS)
            if pages > 1 or self._spent > _PIXELS_A_SECOND * self.options.limits.seconds:
                return None
            visible = guarded(lambda: self._cropped(child, shown.crop), child) if any(shown.crop) else child
            reading = read_source(visible, self.options, self.spool)
        except Problem:  # said when the child is read
            return None
        document = reading.document
        if document.pictures or reading.children or (document.notes and not document.text):
            return None
        return ReadPicture(document, is_emblem(width, height))

    def _cropped(self, child: Source, crop: Box) -> Source:
        """Return what is visible of a picture, as a picture of its own. Raises InputProblem, ValueError for nothing."""
        from thresher.service.ocr.pixels import to_rgb  # noqa: PLC0415 - as above
        from thresher.service.readers.image import page_image  # noqa: PLC0415 - as above

        image, _ = page_image(child, self.options.limits, 1)
        (width, height), data = image.size, BytesIO()
        left, top, right, bottom = crop
        box = (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
        to_rgb(image.crop(box)).save(data, "PNG")
        return self.spool.child(child, data.getvalue(), name="visible.png", ordinal=0, relation="inline")


def _current_part(document: Document) -> str:
    """Return the label of the part that is being written; empty outside any."""
    return document.part_labels[-1] if document.part_labels else ""


def _is_wanted(options: ReadOptions) -> bool:
    """Whether pictures are read here: by OCR on this machine, and not all of them shown to a model."""
    return options.ocr not in {"off", "vision"} and options.inline != "none" and options.pictures != "all"


def _write_document(
    builder: DocumentBuilder, found: Document, place: SlidePlace | None, kind: BlockKind | None = None, level: int = 0
) -> None:
    """Write the Blocks of a picture with their words, as one kind where it is given; on a slide also with boxes."""
    for start, end, own, own_level in found.blocks:
        table = found.table_at(start) if own is BlockKind.TABLE else None
        if table is None:
            at, _ = builder.block(
                found.text[start:end], own if kind is None else kind, own_level if kind is None else level
            )
        else:
            rows = [[found.text[a:b] for a, b, _ in table.cells(r)] for r in range(len(table))]
            at, _ = builder.table(rows, header_rows=table.header_rows)
        _add_words(builder.document, found, (start, end, at - start), place)
        if place is not None:
            _add_lines(builder.document, found, (start, end, at - start), place)


def _add_words(document: Document, found: Document, span: tuple[int, int, int], place: SlidePlace | None) -> None:
    """Add the words of a span (start, end, how far it moved), with their confidence."""
    words, (start, end, moved) = found.words, span
    for i in range(bisect_left(words.start, start), bisect_left(words.start, end)):
        x0, x1 = words.x0[i], words.x1[i]
        if place is not None:
            x0, _, x1, _ = _on_slide((x0, 0, x1, 0), found, place)
        document.words.add(words.start[i] + moved, words.end[i] + moved, x0, x1, words.confidence[i])


def _add_lines(document: Document, found: Document, span: tuple[int, int, int], place: SlidePlace) -> None:
    """Add the printed lines of a span (start, end, how far it moved), with boxes on the slide."""
    lines, (start, end, moved) = found.lines, span
    for i in range(bisect_left(lines.start, start), bisect_left(lines.start, end)):
        x0, y0, x1, y1 = lines.box[4 * i : 4 * i + 4]
        box = _on_slide((x0, y0, x1, y1), found, place)
        document.lines.add(lines.start[i] + moved, lines.end[i] + moved, place.page, box)


def _on_slide(box: Box, found: Document, place: SlidePlace) -> Box:
    """Return a box in a picture as a box on the slide."""
    left, top, right, bottom = place.box
    across, down = (right - left) / (found.pages.width[0] or 1), (bottom - top) / (found.pages.height[0] or 1)
    return left + box[0] * across, top + box[1] * down, left + box[2] * across, top + box[3] * down
