"""The image reader: formats, pages, resolution, damage, bombs. OCR is off where it is not what is tested."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from PIL.Image import Exif, Image

from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.image import reader

OFF = ReadOptions(ocr="off")


def picture(size: tuple[int, int] = (600, 200), text: str = "TOTAL 9.00") -> Image:
    """A page with one line of text."""
    page = Pillow.new("RGB", size, "white")
    ImageDraw.Draw(page).text((40, 70), text, "black", ImageFont.load_default(40))
    return page


def saved(image: Image, form: str, **options: object) -> bytes:
    """The file's bytes."""
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def read(data: bytes, folder: Path, options: ReadOptions = OFF, media_type: str = "image/png") -> Reading:
    """What the reader gives for bytes."""
    blob = folder / "blob"
    blob.write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    source = Source(path="page.img", blob=str(blob), sha256=sha, size=len(data), media_type=media_type)
    assert reader.confidence(data[:64], source) > 0
    return reader.read(source, options, Spool(folder / "spool"))


def codes(document: Document) -> list[tuple[str, int | None]]:
    """Code and page of every Note."""
    return [(note.code, note.page) for note in document.notes]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF"])
def test_every_format_is_a_page(form: str, tmp_path: Path) -> None:
    """One page; without OCR it says that it holds no text."""
    document = read(saved(picture(), form), tmp_path).document
    assert document.kind == "image"
    assert document.pages.width[0] == pytest.approx(
        450 if form == "BMP" else 600, abs=0.1
    )  # Pillow writes BMP at 96 dpi
    assert codes(document) == [("no_text", 1)]


def test_a_page_is_as_large_as_its_resolution_says(tmp_path: Path) -> None:
    """300 dots an inch: 600 pixels are 144 points."""
    pages = read(saved(picture(), "TIFF", dpi=(300, 300)), tmp_path).document.pages
    assert (pages.width[0], pages.height[0]) == pytest.approx((144.0, 48.0))


def test_a_fax_gets_square_pixels(tmp_path: Path) -> None:
    """Twice as many dots across as down."""
    pages = read(saved(picture(), "TIFF", dpi=(204, 98)), tmp_path).document.pages
    assert (pages.width[0], pages.height[0]) == pytest.approx((600 / 204 * 72, 200 / 98 * 72), rel=0.01)


def test_every_frame_of_a_tiff_is_a_page_up_to_the_limit(tmp_path: Path) -> None:
    """Three frames, two allowed: the third is named as missing."""
    data = saved(picture(), "TIFF", save_all=True, append_images=[picture((300, 300)), picture()])
    document = read(data, tmp_path, OFF.model_copy(update={"limits": Limits(pages=2)})).document
    assert list(document.pages.width)[:2] == [600.0, 300.0]
    assert ("too_large", 3) in codes(document)


def test_exif_turns_the_page_and_gives_facts(tmp_path: Path) -> None:
    """The page is as a viewer shows it; camera and time are facts."""
    exif = Exif()
    exif[0x0112], exif[0x010F] = 6, "Sample Camera"
    exif.get_ifd(0x8769)[0x9003] = "2026:03:04 10:11:12"
    document = read(saved(picture(), "JPEG", exif=exif), tmp_path).document
    assert (document.pages.width[0], document.pages.height[0]) == (200.0, 600.0)
    assert document.facts == {"camera": "Sample Camera", "date": "2026:03:04 10:11:12"}


def bomb() -> bytes:
    """A small PNG that declares 35,000 x 35,000 pixels."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 35_000, 35_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(12_000))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    """By what the header declares."""
    with pytest.raises(InputProblem) as caught:
        read(bomb(), tmp_path)
    assert caught.value.code == "too_large"


def test_half_a_jpeg_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """With a Note."""
    data = saved(picture((600, 600)), "JPEG")
    assert ("corrupt_partial", 1) in codes(read(data[: len(data) * 3 // 4], tmp_path).document)


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n", saved(picture(), "PNG")[:60], b"GIF89a" + bytes(9), b"not at all"]
)
def test_what_has_no_pixels_is_corrupt(data: bytes, tmp_path: Path) -> None:
    """No crash, one code."""
    with pytest.raises(InputProblem) as caught:
        read(data, tmp_path)
    assert caught.value.code == "corrupt"


def test_heic_is_named_as_unsupported(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(InputProblem, match="JPEG") as caught:
        read(b"\0\0\0\x18ftypheic" + bytes(40), tmp_path, media_type="image/heic")
    assert caught.value.code == "unsupported_type"


def test_for_a_vision_model_the_page_is_kept_as_a_child(tmp_path: Path) -> None:
    """The reader asks no model: it keeps the picture."""
    reading = read(saved(picture(), "WEBP"), tmp_path, ReadOptions(ocr="vision"))
    (child,) = reading.children
    assert (child.relation, child.name) == ("inline", "page-1.png")
    with Pillow.open(child.blob) as kept:
        assert kept.size == (600, 200)
    assert codes(reading.document) == [("no_text", 1)]


@pytest.mark.slow
def test_text_is_anchored_in_points_on_the_upright_page(tmp_path: Path) -> None:
    """A page that EXIF turns, at 144 dots an inch."""
    pytest.importorskip("rapidocr")
    exif = Exif()
    exif[0x0112] = 3
    data = saved(picture().rotate(180), "JPEG", exif=exif, dpi=(144, 144), quality=95)
    document = read(data, tmp_path, ReadOptions()).document
    assert document.text == "TOTAL 9.00"
    ((x0, y0, x1, y1),) = document.anchor(6, 10).boxes
    assert 60 < x0 < x1 < 160
    assert 30 < y0 < y1 < 65


@pytest.mark.slow
def test_a_blank_page_says_so(tmp_path: Path) -> None:
    """OCR ran and found nothing."""
    pytest.importorskip("rapidocr")
    assert codes(read(saved(Pillow.new("L", (300, 300), 255), "PNG"), tmp_path, ReadOptions()).document) == [
        ("no_text", 1)
    ]


def _inline(image: Image, folder: Path, **options: object) -> Document:
    """What is read of a PNG that is set into a text."""
    data = saved(image, "PNG")
    (folder / "blob").write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    source = Source(
        path="a.docx!/1-p.png",
        blob=str(folder / "blob"),
        sha256=sha,
        size=len(data),
        media_type="image/png",
        name="p.png",
        relation="inline",
    )
    return reader.read(source, ReadOptions.model_validate(options), Spool(folder / "spool")).document


@pytest.mark.parametrize(
    "image",
    [Pillow.new("RGB", (1, 1), "white"), Pillow.new("RGB", (300, 80), "navy"), Pillow.linear_gradient("L")],
    ids=["tracker", "bar", "gradient"],
)
def test_decoration_in_a_text_is_passed_over(image: Image, tmp_path: Path) -> None:
    """Without a word about it, and without an engine."""
    document = _inline(image, tmp_path, ocr="off")
    assert (document.text, document.notes) == ("", [])


def test_a_small_picture_of_words_in_a_text_is_named_where_it_is_not_read(tmp_path: Path) -> None:
    """However few bytes it has: a stamp of 2 KB holds an amount."""
    document = _inline(picture(), tmp_path, ocr="off")
    assert codes(document) == [("picture_unread", 1)]
    assert document.notes[0].box == pytest.approx((0, 0, 600, 200))


@pytest.mark.slow
def test_a_small_picture_of_words_in_a_text_is_read(tmp_path: Path) -> None:
    """With the engine that comes with the extra."""
    pytest.importorskip("rapidocr")
    assert _inline(picture(), tmp_path).text == "TOTAL 9.00"
