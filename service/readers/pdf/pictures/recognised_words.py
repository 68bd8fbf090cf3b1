"""Insert words that OCR read from pictures on a page among the words of its text, before layout."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thresher.schemas.document import NO_CONFIDENCE
from thresher.service.layout.frame import frame_of
from thresher.service.ocr.base import PrintedLine
from thresher.service.readers.pdf.library import Floats
from thresher.service.readers.pdf.text.words import PageWords, set_text

if TYPE_CHECKING:
    from thresher.service.ocr.codes import Barcode

NO_UNIT = -1  # in PageWords.unit: the word is not from PDFium's text
_LEVEL_MAX_SKEW = 0.006  # radians: less skewed lines are laid out as they are

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class RecognisedWords:
    """Words in the engine's order of lines."""

    text: list[str] = field(default_factory=list)
    box: list[Box] = field(default_factory=list)  # in points, as displayed
    flat: list[Box] = field(default_factory=list)  # the same, as if the picture were neither skewed nor turned
    confidence: list[int] = field(default_factory=list)  # percent, as Words.confidence
    codes: list[Barcode] = field(default_factory=list)  # QR and bar codes, their boxes in points

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.text)

    def extend(self, other: RecognisedWords, dx: float = 0.0, dy: float = 0.0) -> None:
        """Append the words of another, moved by `dx`, `dy` points."""
        self.text += other.text
        self.box += [_moved(box, dx, dy) for box in other.box]
        self.flat += [_moved(box, dx, dy) for box in other.flat]
        self.confidence += other.confidence
        self.codes += [replace(code, box=_moved(code.box, dx, dy)) for code in other.codes]


def recognised_words_of(lines: list[PrintedLine], place: Box, scale: float) -> RecognisedWords:
    """Return the words of lines in a picture whose upper left corner is that of `place`.

    `scale` is pixels a point.
    """
    found, frame = RecognisedWords(), frame_of(lines)
    words = [word for line in lines for word in line.words if word.text.strip()]
    found.text = [word.text for word in words]
    found.confidence = [NO_CONFIDENCE if w.confidence < 0 else min(round(w.confidence * 100), 100) for w in words]
    found.box = [_placed(word.box, place, scale) for word in words]
    if frame.quarters or abs(frame.skew) > _LEVEL_MAX_SKEW:
        found.flat = _fitted([frame.level(word.box) for word in words], place, scale)
    else:
        found.flat = list(found.box)
    return found


def _placed(box: Box, place: Box, scale: float) -> Box:
    """Return a box in pixels of a picture as a box in points on the page."""
    x, y = place[:2]
    return x + box[0] / scale, y + box[1] / scale, x + box[2] / scale, y + box[3] / scale


def _fitted(boxes: list[Box], place: Box, scale: float) -> list[Box]:
    """Return level boxes, in pixels, as boxes at a place on the page, shrunk to fit into it."""
    every = np.array(boxes, np.float64)
    low, high = every[:, :2].min(axis=0), every[:, 2:].max(axis=0)
    width, height = np.maximum((high - low) / scale, 1e-6).tolist()
    factor = min(1.0, (place[2] - place[0]) / width, (place[3] - place[1]) / height) / scale
    moved = (every - np.tile(low, 2)) * factor + np.tile(place[:2], 2)
    return [(a, b, c, d) for a, b, c, d in moved.tolist()]


def _moved(box: Box, dx: float, dy: float) -> Box:
    """Return a box moved by `dx`, `dy`."""
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def placed_codes(codes: list[Barcode], place: Box, scale: float) -> list[Barcode]:
    """Return codes of a picture with boxes on the page.

    The picture's corner is that of `place`, `scale` pixels a point.
    """
    return [replace(code, box=_placed(code.box, place, scale)) for code in codes]


def with_recognised_words(words: PageWords, found: list[RecognisedWords | None]) -> PageWords:
    """Return the words of pages with those read from their pictures; `found` has an item a page."""
    if not any(found):
        return words
    pages = [page for page, one in enumerate(found) for _ in range(len(one or ()))]
    every = RecognisedWords()
    for one in found:
        every.extend(one or RecognisedWords())
    box, flat = np.array(every.box, np.float32), np.array(every.flat, np.float32)
    page = np.concatenate((words.page, np.array(pages, words.page.dtype)))
    order = np.argsort(page, kind="stable")
    whole = np.concatenate((words.box, box))[order]
    level = words.flat is words.box and np.array_equal(box, flat)
    confidence = np.full(len(words), NO_CONFIDENCE, np.uint8) if words.confidence is None else words.confidence
    count = len(every)
    more = replace(
        words,
        box=whole,
        flat=whole if level else np.concatenate((words.flat, flat))[order],
        unit=np.concatenate((words.unit, np.full(count, NO_UNIT, words.unit.dtype)))[order],
        page=page[order],
        head=np.concatenate((words.head, _ends(every.text, 0)))[order],
        tail=np.concatenate((words.tail, _ends(every.text, -1)))[order],
        standing=_with_none(words.standing, count)[order],
        apart=_with_none(words.apart, count)[order],
        glued=None if words.glued is None else _with_none(words.glued, count)[order],
        mended=None if words.mended is None else _with_none(words.mended, count)[order],
        confidence=np.concatenate((confidence, np.array(every.confidence, np.uint8)))[order],
    )
    pieces = [*words.pieces(), *((word, " ") for word in every.text)]
    return set_text(more, _parted([pieces[i] for i in order.tolist()], order >= len(words)))


def _with_none(flags: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Return flags of words, followed by `count` flags that are not set."""
    return np.concatenate((flags, np.zeros(count, np.bool_)))


def _parted(pieces: list[tuple[str, str]], added: NDArray[np.bool_]) -> list[tuple[str, str]]:
    """Return words and their separators, with at least a space before each added word."""
    follows = np.append(added[1:], False).tolist()
    return [(word, (space or " ") if cut else space) for (word, space), cut in zip(pieces, follows, strict=True)]


def _ends(words: list[str], at: int) -> NDArray[np.uint16]:
    """Return the UTF-16 unit of each word at index `at`."""
    return np.array([min(ord(word[at]), 0xFFFD) for word in words], np.uint16)


def with_words_painted_over(pixels: NDArray[np.uint8], boxes: Floats, corner: Box, scale: float) -> NDArray[np.uint8]:
    """Return a picture with known words painted over in the colour around them.

    `boxes` are in points on the page, and `corner` is the picture's; `scale` is pixels a point.
    """
    if not len(boxes):
        return pixels
    out = pixels.copy()
    height, width = pixels.shape[:2]
    shifted = (boxes - np.array([corner[0], corner[1]] * 2, np.float32)) * scale
    for a, b, c, d in shifted.tolist():
        x0, y0, x1, y1 = max(int(a) - 1, 0), max(int(b), 0), min(int(c) + 2, width), min(int(d) + 1, height)
        if x0 < x1 and y0 < y1:
            out[y0:y1, x0:x1] = _median_colour(np.concatenate((out[y0, x0:x1], out[y1 - 1, x0:x1])))
    return out


def _median_colour(ring: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the median of each channel of (n, 3) pixels, n even: the mean of the two middle values, rounded down."""
    half = len(ring) // 2
    middle = np.sort(ring, axis=0)[half - 1 : half + 1].astype(np.uint16)
    median: NDArray[np.uint8] = ((middle[0] + middle[1]) // 2).astype(np.uint8)
    return median
