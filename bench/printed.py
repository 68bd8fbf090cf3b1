"""What a PDF prints, read without our reader: PDFium's plain text page by page, and the text inside a box."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import pypdfium2 as pdfium

from thresher.schemas.document import Box
from thresher.service.readers.pdf.layout.page_frame import PageFrame, frame_of

_NUMBER = re.compile(
    r"(?<![\w.,])[-(]?[$€£]?\s?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?)(?!\d)"
    r"(\s{0,2}(?:thousand|million|billion|%))?",
    re.IGNORECASE,
)
_SCALES = {"thousand": Decimal(1000), "million": Decimal(10**6), "billion": Decimal(10**9), "%": Decimal("0.01")}
_TABLES = {Decimal(1000): "in thousands", Decimal(10**6): "in millions", Decimal(10**9): "in billions"}
EDGE = 24  # letters and figures that a passage must have on each side of a page break
GAP = 400  # letters and figures that may stand between them: headers and footers


def squash(text: str) -> str:
    """Letters and figures alone, in lower case."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def folded(text: str) -> str:
    """Lower case, one blank between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class Printed:
    """One PDF as PDFium's own plain text has it."""

    def __init__(self, path: Path) -> None:
        """Read all pages."""
        self._pdf = pdfium.PdfDocument(path)
        self.pages = [page.get_textpage().get_text_range() for page in self._pdf]
        self._loaded: dict[int, tuple[pdfium.PdfPage, pdfium.PdfTextPage]] = {}

    def passage(self, value: str) -> set[int]:
        """Pages (1-based) on which a passage begins, whatever the spaces and the punctuation, page breaks crossed."""
        needle = squash(value)
        starts = _all(self._squashed, needle)
        if not starts and len(needle) > 2 * EDGE:
            starts = self._broken(needle)
        return {bisect_right(self._offsets, s) for s in starts}

    def _broken(self, needle: str) -> list[int]:
        """Starts of a passage that headers or footers interrupt: its beginning, and its end not far behind."""
        tail = needle[-EDGE:]
        heads = _all(self._squashed, needle[:EDGE])
        return [s for s in heads if 0 <= self._squashed.find(tail, s) - s <= len(needle) + GAP]

    def literal(self, value: str) -> set[int]:
        """Pages (1-based) that hold a text word for word, case and white space aside."""
        text = folded(value)
        edge = (
            [r"(?<![^\W\d_])", r"(?![^\W\d_])"]
            if text.replace(" ", "").isalpha()
            else [r"(?<!\w)" * text[0].isalnum(), r"(?!\w)" * text[-1].isalnum()]
        )
        form = re.compile(edge[0] + re.escape(text) + edge[1])
        return {n for n, page in enumerate(self._folded, 1) if form.search(page)}

    def number(self, value: str) -> set[int]:
        """Pages (1-based) that print a number, its sign and its thousands marks aside."""
        wanted = abs(Decimal(value))
        over = _TABLES.get(wanted, "")
        return {
            n for n, page in enumerate(self._numbers, 1) if wanted in page or (over and over in self._folded[n - 1])
        }

    def inside(self, page: int, boxes: tuple[Box, ...]) -> str:
        """The text that PDFium finds inside boxes on a page as displayed."""
        loaded, text = self._page(page)
        frame = frame_of(loaded)
        found = []
        for x0, y0, x1, y1 in boxes:
            corners = [_user(frame, x, y) for x, y in ((x0, y0), (x1, y1))]
            (a, b), (c, d) = corners
            found.append(text.get_text_bounded(min(a, c), min(b, d), max(a, c), max(b, d)))
        return " ".join(found)

    def picture(self, page: int, scale: float) -> pdfium.PdfBitmap:
        """A rendered page."""
        return self._page(page)[0].render(scale=scale)

    def _page(self, page: int) -> tuple[pdfium.PdfPage, pdfium.PdfTextPage]:
        if page not in self._loaded:
            loaded = self._pdf[page - 1]
            self._loaded[page] = (loaded, loaded.get_textpage())
        return self._loaded[page]

    @cached_property
    def _folded(self) -> list[str]:
        return [folded(p) for p in self.pages]

    @cached_property
    def _numbers(self) -> list[set[Decimal]]:
        return [{n for m in _NUMBER.finditer(p) for n in _readings(m[1], m[2])} for p in self.pages]

    @cached_property
    def _parts(self) -> list[str]:
        return [squash(p) for p in self.pages]

    @cached_property
    def _squashed(self) -> str:
        return "".join(self._parts)

    @cached_property
    def _offsets(self) -> list[int]:
        return [0, *accumulate(len(p) for p in self._parts[:-1])]


def _readings(digits: str, scale: str | None) -> set[Decimal]:
    found = set()
    for point, mark in ((".", ","), (",", ".")):
        try:
            number = Decimal(digits.replace(mark, "").replace(point, "."))
            found |= {number, number * _SCALES[scale.strip().lower()]} if scale else {number}
        except InvalidOperation:
            continue
    return found


def _user(f: PageFrame, x: float, y: float) -> tuple[float, float]:
    """A point of the page as displayed, in PDF user space: the way back from `PageFrame.show`."""
    return {
        0: (x + f.left, f.top - y),
        1: (y + f.left, x + f.bottom),
        2: (f.right - x, y + f.bottom),
        3: (f.right - y, f.top - x),
    }[f.turns]


def _all(text: str, needle: str) -> list[int]:
    found, at = [], text.find(needle) if needle else -1
    while at >= 0:
        found.append(at)
        at = text.find(needle, at + 1)
    return found
