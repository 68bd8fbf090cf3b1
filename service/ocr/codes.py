"""Read QR and bar codes on a page: their content, which is exact where OCR guesses, and their boxes.

Payment codes are recognised by their first line: the European Payments Council's EPC069-12 ("BCD") and the Swiss
Payment Standards' QR bill ("SPC").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from thresher.schemas.document import BlockKind, Box, DocumentBuilder
from thresher.service.ocr.pixels import resized_within, to_rgb

SEARCH_SIDE_PIXELS = 2400  # long side of the image in which codes are searched
MAX_CODES_A_PAGE = 20
UNKNOWN_CODE_MAX_CHARS = 1_000  # of a code that is no known payment code
FORMATS = ("QRCode", "MicroQRCode", "DataMatrix", "Aztec", "PDF417", "EAN13", "EAN8", "UPCA", "Code128")
EPC_FIELDS = (  # label, 0-based line
    ("BIC", 4),
    ("Name", 5),
    ("IBAN", 6),
    ("Amount", 7),
    ("Purpose", 8),
    ("Reference", 9),
    ("Text", 10),
    ("Note", 11),
)
SWISS_FIELDS = (
    ("IBAN", 3),
    ("Creditor", 5),
    ("Amount", 18),
    ("Currency", 19),
    ("Debtor", 21),
    ("Reference", 28),
    ("Message", 29),
)


@dataclass(frozen=True, slots=True)
class Barcode:
    """One code: its kind ("QR code"), its text, and its box in pixels of the image."""

    kind: str
    text: str
    box: Box

    def lines(self) -> list[str]:
        """Return its content as lines "label: value"; one line for a code that is no payment code."""
        rows = [row.strip() for row in self.text.splitlines()]
        known = EPC_FIELDS if rows[:1] == ["BCD"] else SWISS_FIELDS if rows[:1] == ["SPC"] else ()
        labelled = [(label, rows[i]) for label, i in known if i < len(rows) and rows[i]]
        if not labelled:
            return [f"{self.kind}: {' '.join(self.text.split())[:UNKNOWN_CODE_MAX_CHARS]}"]
        return [f"{self.kind} {label}: {_amount(value) if label == 'Amount' else value}" for label, value in labelled]


def _amount(value: str) -> str:
    """Return an amount with its currency apart: "EUR12.3" as "EUR 12.3"."""
    return f"{value[:3]} {value[3:]}" if value[:3].isalpha() else value


def barcodes_in(image: Image) -> list[Barcode]:
    """Return the codes of an image, from top to bottom; none where the library is not installed."""
    try:
        import zxingcpp  # noqa: PLC0415 - comes with the OCR extra
    except ImportError:
        return []
    small, scale = resized_within(to_rgb(image), SEARCH_SIDE_PIXELS)
    wanted = zxingcpp.barcode_formats_from_str("|".join(FORMATS))
    found = zxingcpp.read_barcodes(small.convert("L"), formats=wanted, text_mode=zxingcpp.TextMode.Plain)
    codes = [_code(one, scale) for one in found if one.valid and one.text.strip()]
    return sorted(codes, key=lambda code: (code.box[1], code.box[0]))[:MAX_CODES_A_PAGE]


def _code(found: Any, scale: float) -> Barcode:
    """Return a found code, with its hull in pixels of the original image."""
    position = found.position
    corners = [position.top_left, position.top_right, position.bottom_right, position.bottom_left]
    xs, ys = [p.x / scale for p in corners], [p.y / scale for p in corners]
    kind = "QR code" if "QR" in str(found.format) else "Bar code"
    return Barcode(kind, found.text, (min(xs), min(ys), max(xs), max(ys)))


def write_barcodes(builder: DocumentBuilder, codes: list[Barcode], page: int, scale: float) -> None:
    """Write the content of codes, each line with its code's box.

    `scale` is points a pixel, `page` 1-based.
    """
    for code in codes:
        x0, y0, x1, y1 = (v * scale for v in code.box)
        for line in code.lines():
            start, end = builder.block(line, BlockKind.FORM)
            builder.document.lines.add(start, end, page, (x0, y0, x1, y1))
