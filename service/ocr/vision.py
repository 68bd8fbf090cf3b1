"""Prepare a page for a vision model, and turn its transcription into lines.

The call itself is made elsewhere: reading happens in a process without network.
"""

from __future__ import annotations

import io
import re

from PIL.Image import Image

from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.ocr.pixels import resized_within, to_rgb

MAX_SIDE = 2000  # pixels of the long side; hosted models scale larger pictures down themselves
MAX_BYTES = 4_500_000  # below the smallest limit of the large providers, 5 MB a picture
CONFIDENCE_UNKNOWN = -1.0  # a model gives no confidence
TAB_WIDTH = 6  # in characters


def page_png(image: Image, *, side: int = MAX_SIDE, most_bytes: int = MAX_BYTES) -> bytes:
    """Return a page as PNG within limits: made smaller step by step, and grey before illegible."""
    picture, _ = resized_within(to_rgb(image), side)
    while True:
        for one in (picture, picture.convert("L")):
            data = io.BytesIO()
            one.save(data, "PNG", optimize=True)
            if len(data.getvalue()) <= most_bytes or max(one.size) < 64:
                return data.getvalue()
        picture, _ = resized_within(picture, round(0.8 * max(picture.size)))


def printed_lines(transcription: str, *, width: float, height: float) -> list[PrintedLine]:
    """Return a transcription as lines spread evenly over the page: their positions on it are not known.

    A blank line keeps its space, so that paragraphs stay apart; a tab stays a wide gap.
    """
    rows = _unfenced(transcription).split("\n")
    pitch = height / max(len(rows), 1)
    unit = width / max((_room(row) for row in rows), default=1)
    tall = min(0.6 * pitch, 2 * unit)
    return [_line(row, i * pitch, tall, unit) for i, row in enumerate(rows) if row.strip()]


def _unfenced(text: str) -> str:
    """Remove the code fence that models often put around their answer, and blank lines at the ends."""
    return re.sub(r"\A\s*```\w*\n|\n```\s*\Z", "", text).strip("\n")


def _room(row: str) -> int:
    """Return the width of a row in characters, at least 1."""
    return max(len(row) + (TAB_WIDTH - 1) * row.count("\t"), 1)


def _line(row: str, top: float, tall: float, unit: float) -> PrintedLine:
    """Return a row as a line with boxes at `unit` pixels a character."""
    words = []
    for found in re.finditer(r"\S+", row):
        start = _room(row[: found.start()]) if found.start() else 0
        box = (start * unit, top, (start + len(found[0])) * unit, top + tall)
        words.append(PrintedWord(found[0], box, CONFIDENCE_UNKNOWN))
    return PrintedLine(tuple(words), (words[0].box[0], top, words[-1].box[2], top + tall))
