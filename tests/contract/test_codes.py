"""QR and bar codes: exact values beside the page, with the box of their code."""

from __future__ import annotations

import hashlib
import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.Image import Image

from tests.pdf_maker import Page, Pdf, lines
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.ocr.base import PrintedLine
from thresher.service.ocr.codes import Barcode, barcodes_in
from thresher.service.readers.base import Spool
from thresher.service.readers.image import reader as image_reader
from thresher.service.readers.pdf import PdfReader

zxingcpp = pytest.importorskip("zxingcpp")
EPC = "BCD\n002\n1\nSCT\nTESTDEFFXXX\nTern Boatyard Ltd\nDE02120300000000202051\nEUR2680.5\n\nRF18539007547034\n\n"
SWISS = "\n".join(
    [
        "SPC",
        "0200",
        "1",
        "CH4431999123000889012",
        "S",
        "Robert Schneider AG",
        "Rue du Lac",
        "1268",
        "2501",
        "Biel",
        "CH",
    ]
    + [""] * 7
    + ["1949.75", "CHF", "S", "Pia Rutschmann", "Marktgasse", "28", "9400", "Rorschach", "CH", "QRR"]
    + ["210000000003139471430009017", "Order of 15 June", "EPD"]
)
ABOVE = lines(72, 740, [f"Sentence {i} above the code, typed by the office." for i in range(4)])


class Blind:
    """An engine that sees no line."""

    name = "blind"

    def read(self, image: Image) -> list[PrintedLine]:
        """Nothing."""
        assert image.size
        return []


def code(text: str, kind: str = "QRCode", scale: int = 6) -> Image:
    """The picture of a code, with its quiet zone."""
    made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind))
    return Pillow.fromarray(np.array(zxingcpp.write_barcode_to_image(made, scale=scale)))


def page(*placed: tuple[Image, int, int], size: tuple[int, int] = (1200, 1600)) -> Image:
    """A white page with pictures on it."""
    whole = Pillow.new("L", size, 255)
    for image, x, y in placed:
        whole.paste(image, (x, y))
    return whole


def source_of(path: Path, media_type: str) -> Source:
    """The Source of a file."""
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    return Source(
        path=path.name, blob=str(path), sha256=sha, size=path.stat().st_size, name=path.name, media_type=media_type
    )


def pdf(content: str, image: Image | None, folder: Path) -> Document:
    """A PDF page with text, and an image as /I, read without any OCR of letters."""
    file, extra = Pdf(), ""
    if image is not None:
        kind = f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /ColorSpace /DeviceGray"
        data = zlib.compress(image.convert("L").tobytes())
        number = file.stream(data, f"{kind} /BitsPerComponent 8 /Filter /FlateDecode")
        extra = f"/Resources << /Font << /F 3 0 R >> /XObject << /I {number} 0 R >> >>"
    path = folder / "a.pdf"
    path.write_bytes(file.write([Page(ABOVE + content, extra=extra), Page(ABOVE)]))
    reader = PdfReader(lambda _: Blind())
    return reader.read(source_of(path, "application/pdf"), ReadOptions(), Spool(folder / "spool")).document


def test_a_payment_code_gives_its_fields() -> None:
    """Account, amount with its currency, reference: as they stand in it."""
    (found,) = barcodes_in(page((code(EPC), 700, 1100)))
    assert found.lines() == [
        "QR code BIC: TESTDEFFXXX",
        "QR code Name: Tern Boatyard Ltd",
        "QR code IBAN: DE02120300000000202051",
        "QR code Amount: EUR 2680.5",
        "QR code Reference: RF18539007547034",
    ]
    assert 700 <= found.box[0] < found.box[2] <= 1200
    assert 1100 <= found.box[1] < found.box[3] <= 1600


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (EPC.replace("\n", "\r\n"), "QR code Amount: EUR 2680.5"),
        ("BCD\n001\n1\nSCT\n\nMüller GmbH\nDE02120300000000202051\nEUR12.30\n\n\nRechnung 7", "QR code Text: Rechnung 7"),
        ("BCD\n002\n1\nSCT\n\nA\nDE02120300000000202051", "QR code IBAN: DE02120300000000202051"),
        (SWISS.replace("1949.75", ""), "QR code Currency: CHF"),
        ("SPD*1.0*ACC:CZ5855000000001265098001*AM:480.50*CC:CZK", "QR code: SPD*1.0*ACC:CZ5855000000001265098001*AM:480.50*CC:CZK"),
    ],
    ids=["other line ends", "first version", "without an amount", "swiss without an amount", "czech"],
)  # fmt: skip
def test_payment_codes_of_other_makers(text: str, wanted: str) -> None:
    """Whatever is left out, a line says what it says; what is unknown stands as it is."""
    assert wanted in Barcode("QR code", text, (0, 0, 1, 1)).lines()


@pytest.mark.parametrize(("kind", "text"), [("DataMatrix", EPC), ("Aztec", EPC), ("QRCode", SWISS)])
def test_codes_of_other_kinds_on_a_turned_photo(kind: str, text: str) -> None:
    """Read at any angle, with the text that was put in."""
    photo = page((code(text, kind, 4), 200, 300), size=(900, 900)).rotate(12, fillcolor=255)
    assert [one.text for one in barcodes_in(photo)] == [text]


def test_a_swiss_bill_gives_its_fields() -> None:
    """By their place in the standard."""
    (found,) = barcodes_in(page((code(SWISS, scale=5), 100, 900)))
    assert found.lines() == [
        "QR code IBAN: CH4431999123000889012",
        "QR code Creditor: Robert Schneider AG",
        "QR code Amount: 1949.75",
        "QR code Currency: CHF",
        "QR code Debtor: Pia Rutschmann",
        "QR code Reference: 210000000003139471430009017",
        "QR code Message: Order of 15 June",
    ]


def test_any_other_code_gives_its_text_on_one_line() -> None:
    """However long it is, and whatever line breaks it holds."""
    found = barcodes_in(
        page((code("https://example.org/r/17"), 100, 100), (code("5901234123457", "EAN13", 3), 100, 900))
    )
    assert [one.lines() for one in found] == [
        ["QR code: https://example.org/r/17"],
        ["Bar code: 5901234123457"],
    ]
    assert len(Barcode("QR code", "x\n" * 5_000, (0, 0, 1, 1)).lines()) == 1


def test_a_page_without_codes_has_none() -> None:
    """Nor do noise and a grid."""
    noise = np.random.default_rng(7).integers(0, 255, (800, 600), np.uint8)
    assert barcodes_in(Pillow.fromarray(noise)) == []
    assert barcodes_in(page()) == []


@pytest.mark.slow
def test_a_photo_with_a_code_holds_what_it_says(tmp_path: Path) -> None:
    """Turned by some degrees, beside whatever OCR reads; the lines have the box of the code."""
    pytest.importorskip("rapidocr")
    data = io.BytesIO()
    page((code(EPC), 300, 500)).rotate(7, fillcolor=255).save(data, "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(data.getvalue())
    document = image_reader.read(source_of(path, "image/png"), ReadOptions(), Spool(tmp_path / "s")).document
    assert document.text.split("\n")[-3:-1] == ["QR code IBAN: DE02120300000000202051", "QR code Amount: EUR 2680.5"]
    start = document.text.index("DE02")
    assert document.anchor(start, start + 22).page == 1
    ((x0, y0, x1, y1),) = document.boxes(start, start + 22)
    assert 200 < x0 < x1 < 900
    assert 400 < y0 < y1 < 1100


def test_a_code_pasted_into_a_pdf_is_read_after_its_page(tmp_path: Path) -> None:
    """Its box lies within the picture."""
    document = pdf("q 150 0 0 150 400 100 cm /I Do Q\n", code(EPC), tmp_path)
    start = document.text.index("QR code IBAN: DE02120300000000202051")
    assert document.page_at(start) == 1
    ((x0, y0, x1, y1),) = document.boxes(start, start + 10)
    assert 400 <= x0 < x1 <= 550
    assert 792 - 250 <= y0 < y1 <= 792 - 100
    assert document.text.count("Sentence 3 above") == 2


def test_a_code_drawn_as_squares_is_read(tmp_path: Path) -> None:
    """As programs for invoices write them."""
    modules = np.array(code(EPC, scale=1)) < 128
    drawn = "".join(f"{300 + 2 * x} {400 - 2 * y} 2 2 re f\n" for y, x in zip(*np.nonzero(modules), strict=True))
    document = pdf(drawn, None, tmp_path)
    assert "QR code Amount: EUR 2680.5" in document.text
