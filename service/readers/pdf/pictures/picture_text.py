"""Read pictures on pages that have text, too: each region that may contain words is read in its place.

Plain decoration costs little: it is too small, was met before, or has too few edges for letters. Each region that may
contain text and could not be read is named in a Note with page and box.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pypdfium2.raw as pdfium

from thresher.schemas.errors import InputProblem, Note, Problem, SetupProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.service.ocr.base import DRAWN_DPI, OcrEngine, PrintedLine
from thresher.service.ocr.blank_check import CHECK_DPI, may_contain_text
from thresher.service.ocr.scripts import UNREADABLE_MIN_SHARE, unread_share
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.objects import pixel_sizes
from thresher.service.readers.pdf.pictures.raster import picture, render
from thresher.service.readers.pdf.pictures.recognised_words import (
    RecognisedWords,
    placed_codes,
    recognised_words_of,
    with_words_painted_over,
)
from thresher.service.readers.pdf.pictures.textless_regions import MAX_REGIONS_A_PAGE, TextlessRegion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thresher.service.ocr.codes import Barcode
    from thresher.service.readers.pdf.page_handle import PageContent

DPI = 200
_MAX_DPI = 400  # for small pictures of a high resolution
_FINE_MAX_SIDE = 1600  # pixels: the longest side of a picture that is rendered finer than DPI
_HASHED_BYTES = 2**18  # of an image, which identify it together with its length
_MAX_HASHED_IMAGES = 8  # of a region whose text is remembered
_PIXELS_A_SECOND = 400_000  # of pictures on pages of text, read for each second that the file may take
_EMBLEM_MAX_AREA = 0.03  # of the page's area: a logo covers less
_LINE_MIN_RATIO = 5  # width / height of a line of text rather than a logo
_CERTAIN_MIN_CONFIDENCE = 0.8  # mean of a region's characters; below it a Note asks for a check


@dataclass(slots=True)
class PictureReader:
    """A reader of the regions of one file's pages.

    Results are stored for other pages with the same picture.
    """

    options: ReadOptions
    engine: Callable[[str], OcrEngine]
    notes: list[Note]
    known: dict[tuple[bytes, ...], RecognisedWords] = field(default_factory=dict)

    spent: float = 0.0  # pixels read so far
    missing: bool = False  # whether no OCR engine is installed
    named: set[tuple[bytes, ...]] = field(default_factory=set)  # pictures that a Note says were not read

    def read(self, held: PageContent, frame: PageFrame, found: tuple[list[TextlessRegion], Floats]) -> RecognisedWords:
        """Return the words in the regions of a page. `found` is the regions, and the boxes of the known words."""
        (regions, words), number = found, held.number
        largest = sorted(regions, key=lambda one: -one.area)
        if len(regions) > MAX_REGIONS_A_PAGE:
            self._note_unread(
                number,
                largest[MAX_REGIONS_A_PAGE],
                f"page {number}, {len(regions) - MAX_REGIONS_A_PAGE} of {len(regions)} pictures",
            )
        chosen, whole = largest[:MAX_REGIONS_A_PAGE], RecognisedWords()
        for region in (one for one in regions if one in chosen):
            whole.extend(self._region(held, frame, (region, words)))
        return whole

    def _region(self, held: PageContent, frame: PageFrame, place: tuple[TextlessRegion, Floats]) -> RecognisedWords:
        """Return the words in one region, from an earlier page where the same picture was read there."""
        region, words = place
        within = words[_touching(words, region.box)]
        key = _key(region) if not len(within) else None
        if key not in self.known:
            try:
                read = self._recognised(held, frame, (region, within))
            except Problem as problem:
                self._note_failure(problem, held.number, region, frame)
                return RecognisedWords()
            if key is None or read is None:
                return RecognisedWords() if read is None else read
            moved = RecognisedWords()
            moved.extend(read, -region.box[0], -region.box[1])
            self.known[key] = moved
        placed = RecognisedWords()
        placed.extend(self.known[key], region.box[0], region.box[1])
        return placed

    def _recognised(
        self, held: PageContent, frame: PageFrame, place: tuple[TextlessRegion, Floats]
    ) -> RecognisedWords | None:
        """Return the words of a region; None, with a Note, where it was not read.

        A region that cannot hold text has no words, and no Note. Raises Problem.
        """
        region, number = place[0], held.number
        most = self.options.limits.pixels
        if region.pixels > most:
            raise InputProblem("too_large", f"an image of {region.pixels:,} pixels")
        if not region.words and not may_contain_text(_grey(_rendered(held, frame, (CHECK_DPI, most), place)[0])):
            return RecognisedWords()
        if self.options.ocr == "off" or self.missing:
            self._pass_over(number, region, frame)
            return None
        dpi = _resolution(region)
        self.spent += (region.area / 72 / 72) * dpi * dpi
        if self.spent > _PIXELS_A_SECOND * self.options.limits.seconds:
            self._note_unread(number, region, f"page {number}, beyond the time for pictures")
            return None
        from thresher.service.ocr.codes import barcodes_in  # noqa: PLC0415 - Pillow loads only for pages with pictures

        engine = self.engine("auto" if self.options.ocr == "vision" else self.options.ocr)
        pixels, scale = _rendered(held, frame, (dpi, most), place)
        image = picture(pixels)
        image.info[DRAWN_DPI] = dpi
        codes = barcodes_in(image)
        lines = [line for line in engine.read(image) if not _is_code(line, codes)]
        self._note_doubts(lines, number, region)
        corner = (max(int(region.box[0] * scale), 0) / scale, max(int(region.box[1] * scale), 0) / scale)
        read = [line for line in lines if line.words]
        shown = (*corner, *region.box[2:])
        whole = recognised_words_of(read, shown, scale) if read else RecognisedWords()
        whole.codes = placed_codes(codes, shown, scale)
        return whole

    def _note_doubts(self, lines: list[Any], number: int, region: TextlessRegion) -> None:
        """Note a region in an unknown script, and one read with low confidence."""
        if unread_share(lines) >= UNREADABLE_MIN_SHARE:
            self.notes.append(note("script_unreadable", f"a picture on page {number}", number, region.box))
        words = [word for line in lines for word in line.words]
        letters = sum(len(word.text) for word in words)
        mean = sum(word.confidence * len(word.text) for word in words) / max(letters, 1)
        if letters and 0 <= mean < _CERTAIN_MIN_CONFIDENCE:
            detail = f"a picture on page {number}, mean confidence {mean:.2f}"
            self.notes.append(note("ocr_low_confidence", detail, number, region.box))
        elif letters and (lost := sum(not line.words for line in lines)):
            detail = f"a picture on page {number}, lines that were found and not read: {lost}"
            self.notes.append(note("ocr_low_confidence", detail, number, region.box))

    def _note_failure(self, problem: Problem, number: int, region: TextlessRegion, frame: PageFrame) -> None:
        """Note a failure; a missing engine is noted once."""
        if isinstance(problem, SetupProblem):
            self.missing = True
            self.notes.append(problem.note())
            self._pass_over(number, region, frame)
        else:
            self.notes.append(problem.note(number, region.box))

    def _pass_over(self, number: int, region: TextlessRegion, frame: PageFrame) -> None:
        """Name an unread picture once, as a logo is on every page. A small one gets the weaker code inline_unread."""
        key = _key(region)
        if not region.words and (key is None or key not in self.named):
            self._note_unread(number, region, code="inline_unread" if _is_emblem(region, frame) else "picture_unread")
        if key is not None:
            self.named.add(key)

    def _note_unread(self, number: int, region: TextlessRegion, detail: str = "", code: str = "picture_unread") -> None:
        """Add a Note that a region was not read."""
        box = ", ".join(f"{value:.0f}" for value in region.box)
        self.notes.append(note(code, detail or f"page {number}, at {box}", number, region.box))


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the mean of the three channels of (height, width, 3) pixels, rounded down."""
    blue, green, red = (pixels[:, :, channel].astype(np.uint16) for channel in range(3))
    return ((blue + green + red) // 3).astype(np.uint8)


def _rendered(
    held: PageContent, frame: PageFrame, how: tuple[float, int], place: tuple[TextlessRegion, Floats]
) -> tuple[NDArray[np.uint8], float]:
    """Return the rendered pixels of a region, known words painted over, and pixels a point."""
    region, within = place
    known = [image for _, image in held.content.images()]
    pixels, scale = render(held.page, frame, how[0], how[1], region.box, known)
    corner = (max(int(region.box[0] * scale), 0) / scale, max(int(region.box[1] * scale), 0) / scale)
    return with_words_painted_over(pixels, within, (*corner, 0.0, 0.0), scale), scale


def _is_code(line: PrintedLine, codes: list[Barcode]) -> bool:
    """Whether a line is the pattern of a QR or bar code."""
    x, y = (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in (code.box for code in codes))


def _is_emblem(region: TextlessRegion, frame: PageFrame) -> bool:
    """Whether a region is as small and compact as a logo or a seal."""
    width, height = region.box[2] - region.box[0], region.box[3] - region.box[1]
    return width * height < _EMBLEM_MAX_AREA * frame.width * frame.height and width < _LINE_MIN_RATIO * height


def _touching(words: Floats, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Return which words touch a box."""
    x0, y0, x1, y1 = box
    touching: NDArray[np.bool_] = (words[:, 0] < x1) & (words[:, 2] > x0) & (words[:, 1] < y1) & (words[:, 3] > y0)
    return touching


def _resolution(region: TextlessRegion) -> float:
    """Return the dots an inch for rendering a region: DPI, or more for a small one.

    A small region is rendered at the resolution of its image, within limits.
    """
    width, height = region.box[2] - region.box[0], region.box[3] - region.box[1]
    finest = max((w * 72 / max(width, 1.0) for w, _ in map(pixel_sizes, region.pictures[:1])), default=0.0)
    room = _FINE_MAX_SIDE * 72 / max(width, height, 1.0)
    return max(DPI, min(finest, room, _MAX_DPI))


def _key(region: TextlessRegion) -> tuple[bytes, ...] | None:
    """Return what identifies a region of pictures; None where it has drawn letters, or many pictures."""
    if region.drawn or len(region.pictures) > _MAX_HASHED_IMAGES:
        return None
    x0, y0, x1, y1 = region.box
    size = f"{x1 - x0:.0f} x {y1 - y0:.0f}".encode()
    return (size, *map(_digest, region.pictures))


def _digest(image: int) -> bytes:
    """Return a digest of an image's raw data and size."""
    handle = ctypes.cast(image, pdfium.FPDF_PAGEOBJECT)
    size = pdfium.FPDFImageObj_GetImageDataRaw(handle, None, 0)
    buffer = ctypes.create_string_buffer(max(int(size), 1))
    pdfium.FPDFImageObj_GetImageDataRaw(handle, buffer, size)
    head = f"{size} {pixel_sizes(image)}".encode()
    return hashlib.blake2b(head + memoryview(buffer)[:_HASHED_BYTES], digest_size=16).digest()
