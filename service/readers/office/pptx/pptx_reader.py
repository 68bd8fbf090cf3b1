"""Read PowerPoint files (PPTX, PPTM, PPSX): one page a slide, shapes in reading order, tables, charts, notes."""

from __future__ import annotations

import zipfile
from typing import Any

from lxml import etree
from pptx.exc import PythonPptxError
from pptx.package import Package as Deck

from thresher.schemas.document import BlockKind, Box, DocumentBuilder
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.zip_package import Link, Package, open_package
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.office.office_children import embedded_children
from thresher.service.readers.office.office_properties import ooxml_facts
from thresher.service.readers.office.ooxml_drawing import chart_rows, diagram_text
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.office.pptx.pptx_shapes import EMU, PlacedShape, picture_crop, picture_key, placed_shapes
from thresher.service.readers.office.pptx.pptx_visibility import (
    Covers,
    background_of,
    is_off,
    is_switched_off,
    paragraph_text,
    slide_background,
)
from thresher.service.readers.placed_pictures import PlacedPictures, ShownPicture, SlidePlace
from thresher.service.readers.text_marks import is_label

_DAMAGE = (PythonPptxError, KeyError, ValueError, zipfile.BadZipFile, etree.XMLSyntaxError, AttributeError)


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of a presentation, and its images and objects. Raises InputProblem(corrupt)."""
    package = open_package(source, options.limits)
    try:
        deck = Deck.open(source.blob).presentation_part.presentation
        slides = list(deck.slides)
    except _DAMAGE as error:
        raise InputProblem("corrupt", source.name or source.path) from error
    builder = DocumentBuilder(source, kind="office")
    builder.document.facts.update(ooxml_facts(package))
    size = (deck.slide_width or 9_144_000) / EMU, (deck.slide_height or 6_858_000) / EMU
    seen: set[str] = set()
    hidden = HiddenPassages()
    parts = [_part(slide) for slide in slides]
    under = dict.fromkeys(_part(level) for slide in slides for level in _levels(slide))
    pictures = PlacedPictures(options, spool, embedded_children(source, package, [*parts, *under], spool))
    for slide, part in zip(slides, parts, strict=True):
        builder.page(*size)
        _Slide(builder, package, part, hidden, pictures).write(slide, seen)
    document = builder.build()
    document.notes += [*hidden.notes(document), *package.notes]
    return Reading(document, pictures.remaining)


class _Slide:
    """Writes one slide into the builder."""

    def __init__(
        self, builder: DocumentBuilder, package: Package, part: str, hidden: HiddenPassages, pictures: PlacedPictures
    ) -> None:
        self.builder, self.package, self.page = builder, package, len(builder.document.pages)
        self.size = builder.document.pages.width[-1], builder.document.pages.height[-1]
        self.links, self.hidden, self.pictures = package.links(part), hidden, pictures
        self.show_hidden = pictures.options.hidden_text
        self.paper: str | None = None
        self.boxes: list[tuple[Any, Box]] = []
        self.covers: Covers | None = None

    def write(self, slide: Any, seen: set[str]) -> None:
        """Write the visible content of a slide, its notes and comments; `seen` has the layouts already written."""
        if slide._element.get("show") in {"0", "false"}:  # noqa: SLF001 - the library does not expose it
            if not self.show_hidden:
                self._hide("hidden slide")
                return
            self.builder.document.notes.append(note("hidden_kept", f"slide {self.page}", self.page))
        self.paper = slide_background(slide)
        shown = list(placed_shapes(slide.shapes))
        self.covers = Covers([(p.shape, p.box) for p in shown], slide._element)  # noqa: SLF001 - see above
        self.boxes = [(p.shape, p.box) for p in (*shown, *self._under(slide))]
        for placed in shown:
            if reason := "" if self.show_hidden else self._hidden_reason(placed):
                if _has_text(placed.shape):
                    self._hide(reason)
            else:
                self._shape(placed)
        self._layouts(slide, seen)
        self._notes(slide)
        self._comments()

    def _hide(self, reason: str) -> None:
        self.hidden.add(self.builder.length, reason, f"slide {self.page}")

    def _hidden_reason(self, placed: PlacedShape) -> str:
        """Return why a shape is not visible; empty where it is."""
        if is_switched_off(placed.shape):
            return "hidden shape"
        if is_off(placed.box, self.size):
            return "off the slide"
        return "covered by a shape" if self.covers and self.covers.hide(placed.shape, placed.box) else ""

    def _under(self, slide: Any) -> list[PlacedShape]:
        """Return the shapes that layout and master draw under the slide, without placeholders."""
        return [p for level in _levels(slide) for p in placed_shapes(level.shapes) if not p.shape.is_placeholder]

    def _shape(self, placed: PlacedShape) -> None:
        shape = placed.shape
        if getattr(shape, "has_table", False):
            self._table(shape.table, placed.box)
        elif getattr(shape, "has_text_frame", False):
            others = [box for other, box in self.boxes if other is not shape and any(box)]
            ground = background_of(shape, others, placed.box, self.paper)
            for text, kind, level in placed.paragraphs(lambda p: self._text(p, ground)):
                self._boxed(self.builder.block(text, kind, level), placed.box)
        elif picture_key(shape):
            self._picture(self.links, placed)
        else:
            self._drawing(shape, placed.box)

    def _picture(self, links: dict[str, Link], placed: PlacedShape) -> None:
        link = links.get(picture_key(placed.shape))
        if link is not None and not link.external:
            shown = ShownPicture(link.target, picture_crop(placed.shape))
            self.pictures.write(self.builder, shown, SlidePlace(self.page, placed.box))

    def _text(self, paragraph: Any, ground: str | None) -> str:
        text, reasons = paragraph_text(paragraph, ground, show_hidden=self.show_hidden)
        for reason in reasons:
            self._hide(reason)
        return text

    def _boxed(self, span: tuple[int, int], box: Box) -> None:
        """Add the box of a written range as a printed line."""
        if span[0] < span[1] and box[2] > box[0]:
            self.builder.document.lines.add(*span, self.page, box)

    def _table(self, table: Any, box: Box) -> None:
        rows: list[list[str]] = []
        for row in table.rows:
            above = rows[-1] if rows else []
            rows.append([self._cell(cell, column, above) for column, cell in enumerate(row.cells)])
        count, before = len(self.builder.document.tables), [float(row.height) / EMU for row in table.rows]
        self.builder.table(rows, header_rows=int(bool(table.first_row) and len(rows) > 1))
        if len(self.builder.document.tables) == count:
            return
        made, scale = self.builder.document.tables[-1], (box[3] - box[1]) / (sum(before) or 1)
        for r in range(len(made)):
            top = box[1] + scale * sum(before[: made.row[r] - 1])
            bottom = top + scale * before[made.row[r] - 1]
            self._boxed(made.row_range(r), (box[0], top, box[2], bottom))

    def _cell(self, cell: Any, column: int, above: list[str]) -> str:
        """Return a cell's text; a label that spans rows is repeated in each of them."""
        if cell.is_spanned:
            down = cell._tc.vMerge and not cell._tc.hMerge  # noqa: SLF001 - the library does not expose the direction
            return above[column] if down and column < len(above) and is_label(above[column], column) else ""
        lines = (self._text(p._p, None) for p in cell.text_frame.paragraphs)  # noqa: SLF001
        return "\n".join(filter(None, lines))

    def _chart(self, root: Any, box: Box) -> None:
        title, rows = chart_rows(root)
        self.builder.part("chart")
        self._boxed(self.builder.block(title), box)
        self._boxed(self.builder.table(rows, header_rows=1), box)
        self.builder.part("")

    def _drawing(self, shape: Any, box: Box) -> None:
        """Write a SmartArt diagram or a chart, also of the kinds that the library does not know."""
        for element in shape._element.iter("{*}relIds", "{*}chart"):  # noqa: SLF001 - as in `_cell`
            keys = [value for name, value in element.attrib.items() if name.endswith(("}dm", "}id"))]
            for root in (self.package.xml(self.links[key].target) for key in keys if key in self.links):
                if root is not None and element.tag.endswith("}chart"):
                    self._chart(root, box)
                elif root is not None:
                    self._boxed(self.builder.block(diagram_text(root)), box)

    def _layouts(self, slide: Any, seen: set[str]) -> None:
        """Write the text and pictures that layout and master add to slides, once."""
        for level in _levels(slide):
            part = _part(level)
            if part in seen:
                continue
            seen.add(part)
            links = self.package.links(part)
            for placed in placed_shapes(level.shapes):
                if placed.shape.is_placeholder:
                    continue
                if getattr(placed.shape, "has_text_frame", False):
                    text = placed.shape.text_frame.text.replace("\v", "\n").strip()
                    self._boxed(self.builder.block(text, BlockKind.FOOTER), placed.box)
                elif picture_key(placed.shape) and not self._hidden_reason(placed):
                    self._picture(links, placed)

    def _notes(self, slide: Any) -> None:
        frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        if frame is not None and frame.text.strip():
            self.builder.part("notes")
            self.builder.block(frame.text.replace("\v", "\n").strip(), BlockKind.COMMENT)
            self.builder.part("")

    def _comments(self) -> None:
        for link in (v for v in self.links.values() if v.type == "comments"):
            root = self.package.xml(link.target)
            for comment in [] if root is None else root.iter("{*}cm"):
                text = comment.findtext("{*}text") or "".join(t.text or "" for t in comment.iter("{*}t"))
                self.builder.part("comment")
                self.builder.block(text.strip(), BlockKind.COMMENT)
                self.builder.part("")


def _part(level: Any) -> str:
    """Return the member of the package that a slide, layout or master is."""
    return str(level.part.partname).lstrip("/")


def _levels(slide: Any) -> tuple[Any, Any]:
    """Return what is drawn under a slide: its layout and its master."""
    return slide.slide_layout, slide.slide_layout.slide_master


def _has_text(shape: Any) -> bool:
    """Whether a shape has any text."""
    return any((t.text or "").strip() for t in shape._element.iter("{*}t"))  # noqa: SLF001


reader = PackageReader(
    name="pptx",
    reading=read,
    types=("application/vnd.openxmlformats-officedocument.presentationml.", "application/vnd.ms-powerpoint."),
    members=("ppt/presentation",),
)
