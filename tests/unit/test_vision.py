"""The pure pieces of reading by a vision model."""

from __future__ import annotations

import io

from PIL import Image as Pillow

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.layout import write_page
from thresher.service.ocr.vision import page_png, printed_lines


def test_a_transcription_comes_out_as_the_text_of_the_page() -> None:
    """Fence gone, tabs and lines kept, no confidence claimed."""
    lines = printed_lines("```\nCorner Shop\n\nTea\t4.00\n```", width=600, height=800)
    builder = DocumentBuilder(Source(path="p", blob="p", sha256="", size=0), kind="image")
    builder.page(600, 800, ocr=True)
    write_page(builder, lines, width=600, height=800, scale=1.0)
    document = builder.build()
    assert document.text == "Corner Shop\nTea\t4.00"
    assert document.confidence(0, 5) is None


def test_a_page_shrinks_until_it_fits() -> None:
    """Noise can not be packed, so the picture gets smaller."""
    noise = Pillow.effect_noise((250, 200), 90)
    data = page_png(noise, side=225, most_bytes=15_000)
    assert len(data) <= 15_000
    assert Pillow.open(io.BytesIO(data)).format == "PNG"
