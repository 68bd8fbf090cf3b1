"""What every OCR engine keeps, in whichever way the page lies."""

from __future__ import annotations

import shutil
from functools import cache

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from PIL.Image import Image

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import SetupProblem
from thresher.schemas.source import Source
from thresher.service.layout import write_page
from thresher.service.ocr import engine, engines
from thresher.service.ocr.base import OcrEngine

pytestmark = pytest.mark.slow
ROWS = (("Corner Grocery Sample Shop", ""), ("Wholemeal bread", "2.35"), ("Ground coffee", "14.75"))
TEXT = "Corner Grocery Sample Shop\nWholemeal bread\t2.35\nGround coffee\t14.75"


@pytest.fixture(params=["rapidocr", "tesseract"])
def ocr(request: pytest.FixtureRequest) -> OcrEngine:
    """Each engine that is installed here."""
    name = str(request.param)
    if name == "rapidocr":
        pytest.importorskip("rapidocr")
    elif shutil.which(name) is None:
        pytest.skip("no tesseract on this machine")
    return engine(name)


@cache
def page() -> Image:
    """A small clean page."""
    picture = Pillow.new("RGB", (900, 600), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(34)
    for row, (left, right) in enumerate(ROWS):
        pen.text((60, 120 + 60 * row), left, "black", font)
        pen.text((700, 120 + 60 * row), right, "black", font)
    return picture


def text_of(ocr: OcrEngine, image: Image) -> str:
    """The text that a Document gets."""
    builder = DocumentBuilder(Source(path="p", blob="p", sha256="", size=0), kind="image")
    builder.page(*image.size, ocr=True)
    write_page(builder, ocr.read(image), width=image.width, height=image.height, scale=1.0)
    return builder.build().text


def test_text_comes_in_rows(ocr: OcrEngine) -> None:
    """Labels keep their values."""
    assert text_of(ocr, page()) == TEXT


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_pages_read_the_same(degrees: int) -> None:
    """Which way is up is found out. Tesseract needs more text than this to be sure, so only the default is asked."""
    pytest.importorskip("rapidocr")
    assert text_of(engine(), page().rotate(degrees, expand=True)) == TEXT


def test_boxes_lie_on_the_words_of_the_image_that_was_given(ocr: OcrEngine) -> None:
    """Paper inside each box is inked, and the boxes stay on the page."""
    image = page()
    for line in ocr.read(image):
        for word in line.words:
            x0, y0, x1, y1 = word.box
            assert 0 <= x0 < x1 <= image.width
            assert 0 <= y0 < y1 <= image.height
            inside = image.crop((round(x0), round(y0), round(x1), round(y1))).convert("L")
            assert inside.histogram()[0] > 0  # ink


def test_boxes_of_a_turned_page_are_those_of_the_turned_page() -> None:
    """The first line of a page upside down stands at its foot."""
    pytest.importorskip("rapidocr")
    image = page().rotate(180)
    first = next(line for line in engine().read(image) if "Corner" in line.text)
    assert first.box[1] > image.height / 2
    assert first.words[0].box[0] > first.words[-1].box[0]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "RGBA", "I;16", "LA"])
def test_every_mode_is_read(mode: str) -> None:
    """Palettes, CMYK, 16 bits and transparency."""
    pytest.importorskip("rapidocr")
    grey = page().convert("L")
    deep = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    assert text_of(engine(), deep if mode == "I;16" else grey.convert(mode)) == TEXT


def test_a_blank_page_has_no_lines(ocr: OcrEngine) -> None:
    """Nothing is read out of nothing."""
    assert ocr.read(Pillow.new("RGB", (400, 300), "white")) == []


@pytest.mark.parametrize("size", [(1, 1), (3000, 4), (5, 900)])
def test_odd_sizes_do_no_harm(ocr: OcrEngine, size: tuple[int, int]) -> None:
    """Images no text fits into."""
    assert ocr.read(Pillow.new("L", size, 200)) == []


def test_a_missing_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The problem names the program."""
    engines.engine.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SetupProblem, match="tesseract"):
        engine("tesseract")
