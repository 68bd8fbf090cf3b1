"""Writes the lines of one page into a Document, in reading order."""

from __future__ import annotations

from schemas.document import DocumentBuilder
from service.ocr.base import PrintedLine


def write_page(
    builder: DocumentBuilder, lines: list[PrintedLine], *, width: float, height: float, scale: float
) -> None:
    """Write one page: its text, Blocks, lines and words. The caller has begun the page with `builder.page`.

    `width` and `height` are of the image that was read, in pixels like the boxes of `lines`; `scale` is points a
    pixel. The page may be turned or skewed: boxes stay those of the image that was given.
    """
    del width, height
    page = max(len(builder.document.pages), 1)
    for line in sorted(lines, key=lambda one: one.box[1]):
        start, end = builder.block(line.text)
        x0, y0, x1, y1 = (v * scale for v in line.box)
        builder.document.lines.add(start, end, page, (x0, y0, x1, y1))
