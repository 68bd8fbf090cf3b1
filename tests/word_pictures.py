"""Pictures of words, and an engine that sees the same line in each of them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from PIL.Image import Image

from thresher.service.ocr import engines
from thresher.service.ocr.base import PrintedLine, PrintedWord

WORDS = "Amount due 42.00"


class Fake:
    """An engine that sees one line in every picture, and counts them."""

    name = "fake"

    def __init__(self) -> None:
        """No picture yet."""
        self.seen, self.confidence = 0, 0.95
        self.sizes: list[tuple[int, int]] = []

    def read(self, image: Image) -> list[PrintedLine]:
        """One line across the middle half of the picture."""
        self.seen += 1
        self.sizes.append(image.size)
        width, height = image.size
        box = (width / 4, height / 4, 3 * width / 4, 3 * height / 4)
        part = width / 6
        words = [
            PrintedWord(text, (width / 4 + i * part, box[1], width / 4 + (i + 0.9) * part, box[3]), self.confidence)
            for i, text in enumerate(WORDS.split())
        ]
        return [PrintedLine(tuple(words), box)]


@pytest.fixture(name="engine")
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """The engine that every reader of this process uses."""
    fake = Fake()
    monkeypatch.setattr(engines, "_rapidocr", lambda: fake)
    engines.engine.cache_clear()
    yield fake
    engines.engine.cache_clear()


def form(size: tuple[int, int] = (600, 200)) -> bytes:
    """A picture of words as PNG."""
    page, data = Pillow.new("L", size, 255), io.BytesIO()
    for x in range(20, size[0], 600):
        ImageDraw.Draw(page).text((x, 20), WORDS, 0, ImageFont.load_default(min(size[1] // 4, 40)))
    page.save(data, "PNG")
    return data.getvalue()
