"""QR and bar codes on a page: what they hold, exact where OCR guesses, and where they stand.

Payment codes are told apart by their first lines: the European Payments Council's EPC069-12 ("BCD") and the Swiss Payment
Standards' QR bill ("SPC").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from thresher.schemas.document import BlockKind, Box, DocumentBuilder
from thresher.service.ocr.pixels import bounded, rgb

SIDE = 2400  # pixels: the long side of the image in which codes are looked for
MOST = 20  # codes of a page
LONGEST = 1_000  # characters of a code that means nothing to us
FORMATS = ("QRCode", "MicroQRCode", "DataMatrix", "Aztec", "PDF417", "EAN13", "EAN8", "UPCA", "Code128")
EPC = (
    ("BIC", 4),
    ("Name", 5),
    ("IBAN", 6),
    ("Amount", 7),
    ("Purpose", 8),
    ("Reference", 9),
    ("Text", 10),
    ("Note", 11),
)
SWISS = (
    ("IBAN", 3),
    ("Creditor", 5),
    ("Amount", 18),
    ("Currency", 19),
    ("Debtor", 21),
    ("Reference", 28),
    ("Message", 29),
)


@dataclass(frozen=True, slots=True)
class Code:
    """One code: its kind ("QR code"), its text, and its box in pixels of the image."""

    kind: str
    text: str
    box: Box

    def lines(self) -> list[str]:
        """What it says, a "label: value" each."""
        rows = [row.strip() for row in self.text.splitlines()]
        known = EPC if rows[:1] == ["BCD"] else SWISS if rows[:1] == ["SPC"] else ()
        told = [(label, rows[i]) for label, i in known if i < len(rows) and rows[i]]
        if not told:
            return [f"{self.kind}: {' '.join(self.text.split())[:LONGEST]}"]
        return [f"{self.kind} {label}: {_amount(value) if label == 'Amount' else value}" for label, value in told]


def _amount(value: str) -> str:
    """The amount with its currency apart: "EUR12.3" as "EUR 12.3"."""
    return f"{value[:3]} {value[3:]}" if value[:3].isalpha() else value


def codes_in(image: Image) -> list[Code]:
    """The codes of an image, from top to bottom; none where the library is not installed."""
    try:
        import zxingcpp  # noqa: PLC0415 - comes with the OCR extra
    except ImportError:
        return []
    small, scale = bounded(rgb(image), SIDE)
    wanted = zxingcpp.barcode_formats_from_str("|".join(FORMATS))
    found = zxingcpp.read_barcodes(small.convert("L"), formats=wanted, text_mode=zxingcpp.TextMode.Plain)
    codes = [_code(one, scale) for one in found if one.valid and one.text.strip()]
    return sorted(codes, key=lambda code: (code.box[1], code.box[0]))[:MOST]


def _code(found: Any, scale: float) -> Code:
    place = found.position
    corners = [place.top_left, place.top_right, place.bottom_right, place.bottom_left]
    xs, ys = [p.x / scale for p in corners], [p.y / scale for p in corners]
    kind = "QR code" if "QR" in str(found.format) else "Bar code"
    return Code(kind, found.text, (min(xs), min(ys), max(xs), max(ys)))


def write_codes(builder: DocumentBuilder, codes: list[Code], page: int, scale: float) -> None:
    """Write what codes say, each line with the box of its code; `scale` is points a pixel, `page` 1-based."""
    for code in codes:
        x0, y0, x1, y1 = (v * scale for v in code.box)
        for line in code.lines():
            start, end = builder.block(line, BlockKind.FORM)
            builder.document.lines.add(start, end, page, (x0, y0, x1, y1))
