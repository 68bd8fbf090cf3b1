"""Store images of pages with the Document, for a vision model: of pages whose text is weak, or of all."""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

from thresher.schemas.document import NO_CONFIDENCE, Document
from thresher.schemas.policy import ReadOptions

if TYPE_CHECKING:
    from PIL.Image import Image

LONG_SIDE_PIXELS = 1568  # pixels of the long side; hosted models scale larger images down to this or less
JPEG_QUALITY = 80  # of JPEG
MAX_WEAK_PAGES, MOST = 24, 60  # images of one Document at most: of weak pages, of all pages
SURE_CONFIDENCE = (
    90  # percent, of a page's characters on average and of each word with a figure: below it the text is weak
)
WEAK_TEXT_CODES = frozenset(  # codes of Notes that mark the text of their page as weak
    {
        "decode_loss",
        "marks_unread",
        "no_text",
        "ocr_failed",
        "ocr_low_confidence",
        "picture_unread",
        "script_unreadable",
    }
)
PLACEHOLDER = "[page {}: see its picture]"  # text for a page without any, so that there is something to ask about
CHECKBOX_CHARACTERS = frozenset("□☐☑☒■▢❏❑✓✔✗✘")  # characters that OCR reads for checkboxes


def jpeg(image: Image) -> bytes:
    """Encode a page's image as JPEG, scaled down to SIDE."""
    from thresher.service.ocr.pixels import resized_within, to_rgb  # noqa: PLC0415 - Pillow, only for pages whose image is stored

    data = io.BytesIO()
    resized_within(to_rgb(image), LONG_SIDE_PIXELS)[0].save(data, "JPEG", quality=JPEG_QUALITY)
    return data.getvalue()


def weak_pages(document: Document, text: str) -> list[int]:
    """Return the numbers (1-based) of pages that a model should also see as images; `text` is the Document's."""
    noted = {note.page for note in document.notes if note.page and note.code in WEAK_TEXT_CODES}
    pages = range(1, len(document.pages) + 1)
    return [page for page in pages if page in noted or _is_doubtful(document, text, page)]


def _is_doubtful(document: Document, text: str, page: int) -> bool:
    """Whether OCR was unsure of a page as a whole or of one of its figures, or read checkboxes on it."""
    starts, words = document.pages.start, document.words
    start = starts[page - 1]
    end = starts[page] if page < len(starts) else len(text)
    first, last = bisect_right(words.end, start), bisect_left(words.start, end)
    read = [i for i in range(first, last) if words.confidence[i] != NO_CONFIDENCE]
    if not read:
        return False
    letters = sum(words.end[i] - words.start[i] for i in read)
    sum_of_letters = sum(words.confidence[i] * (words.end[i] - words.start[i]) for i in read)
    if sum_of_letters < SURE_CONFIDENCE * letters or not CHECKBOX_CHARACTERS.isdisjoint(text[start:end]):
        return True
    unsure = (i for i in read if words.confidence[i] < SURE_CONFIDENCE)
    return any(c.isdigit() for i in unsure for c in text[words.start[i] : words.end[i]])


def store_pictures(document: Document, options: ReadOptions, draw: Callable[[int], Image | None]) -> None:
    """Store the images that the options ask for; `draw` returns that of a page (1-based), or None."""
    if options.pictures == "none":
        return
    wanted = range(1, len(document.pages) + 1) if options.pictures == "all" else weak_pages(document, document.text)
    for page in list(wanted)[: MOST if options.pictures == "all" else MAX_WEAK_PAGES]:
        image = draw(page)
        if image is not None:
            document.pictures[page] = jpeg(image)
