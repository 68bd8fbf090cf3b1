r"""Collect the pictures of an RTF file, and write their words where they stand.

The text of a Story has a sign with the picture's number in each place where one is shown.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.placed_pictures import PlacedPictures, ShownPicture

SIGN = "\ufffc"  # the object replacement character, before and after the number of a picture
_PLACE = re.compile(f"{SIGN}(\\d+){SIGN}")
_LEADING = re.compile(f"(?:\\s*{SIGN}\\d+{SIGN})*")
_BINARY = re.compile(r"\\bin(\d{1,10}) ?")
_NOT_HEX = re.compile(r"[^0-9a-fA-F]+")
_KINDS = {
    "pngblip": "png", "jpegblip": "jpg", "emfblip": "emf", "wmetafile": "wmf", "dibitmap": "bmp", "wbitmap": "ddb",
    "macpict": "pict",
}  # fmt: skip
_SIZES = frozenset(("picwgoal", "pichgoal", "piccropl", "piccropr", "piccropt", "piccropb"))  # in twips
_DIB_HEADER_BYTES = 40
_BIT_FIELDS = 3  # the compression of a DIB with three masks of four bytes behind its header
_PALETTE_MAX_BITS = 8  # of a pixel


@dataclass(slots=True)
class RtfPicture:
    """One picture: its kind as the end of a file name, its digits, and its measures in twips."""

    kind: str = ""
    pieces: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def word(self, word: str, number: int | None) -> None:
        """Take a control word of the picture's group."""
        self.kind = _KINDS.get(word, self.kind)
        if word in _SIZES and number is not None:
            self.sizes[word] = number

    def data(self) -> bytes:
        """Return the bytes of the picture's file; a bitmap gets the header that files have."""
        digits = _NOT_HEX.sub("", "".join(self.pieces))
        data = bytes.fromhex(digits[: len(digits) // 2 * 2])
        return _bitmap_header(data) + data if self.kind == "bmp" else data

    def crop(self) -> tuple[float, float, float, float]:
        """Return the shares that are cut off: left, top, right, bottom."""
        width, height = self.sizes.get("picwgoal", 0), self.sizes.get("pichgoal", 0)
        if min(width, height) <= 0:
            return 0.0, 0.0, 0.0, 0.0
        cut = {n: max(self.sizes.get(f"piccrop{n}", 0), 0) for n in "ltrb"}
        return cut["l"] / width, cut["t"] / height, cut["r"] / width, cut["b"] / height


def _bitmap_header(dib: bytes) -> bytes:
    """Return the BITMAPFILEHEADER of a device-independent bitmap; nothing for a damaged one."""
    if len(dib) < _DIB_HEADER_BYTES:
        return b""
    size, bits, compression, used = *struct.unpack_from("<I10xHI", dib), *struct.unpack_from("<I", dib, 32)
    colours = used or (1 << bits if bits <= _PALETTE_MAX_BITS else 0)
    masks = 12 if compression == _BIT_FIELDS and size == _DIB_HEADER_BYTES else 0
    return struct.pack("<2sIII", b"BM", 14 + len(dib), 0, min(14 + size + masks + 4 * colours, 0xFFFFFFFF))


def binary_as_groups(rtf: str) -> str:
    r"""Write the raw bytes that follow `\binN` as the digits of a group.

    >>> binary_as_groups(r"a\bin3 {}}b")
    'a{\\*\\bindata 7b7d7d}b'
    """
    pieces, at = [], 0
    while match := _BINARY.search(rtf, at):
        end = match.end() + int(match[1])
        raw = rtf[match.end() : end].encode("latin-1", "replace").hex()
        pieces += [rtf[at : match.start()], f"{{\\*\\bindata {raw}}}"]
        at = end
    return "".join([*pieces, rtf[at:]])


def place_of(number: int) -> str:
    """Return the sign of a picture in the text."""
    return f"{SIGN}{number}{SIGN}"


def without_places(text: str) -> str:
    """Return a text without the signs of pictures."""
    return _PLACE.sub("", text) if SIGN in text else text


@dataclass(slots=True)
class RtfPictures:
    """The pictures of a file, by the numbers of their signs."""

    placed: PlacedPictures
    shown: dict[int, ShownPicture]

    def write_paragraph(self, builder: DocumentBuilder, text: str) -> None:
        """Write a paragraph; pictures before its text come first, others behind it."""
        lead = _LEADING.match(text)
        at = lead.end() if lead else 0
        self._write(builder, text[:at])
        builder.block(without_places(text).strip())
        self._write(builder, text[at:])

    def write_table(self, builder: DocumentBuilder, rows: list[list[str]]) -> None:
        """Write a table; the words of a picture stand in its cell."""
        grid: list[list[str]] = []
        cells = []
        for row in rows:
            grid.append([without_places(cell) for cell in row])
            for column, cell in enumerate(row):
                for number in _PLACE.findall(cell):
                    cells += self.placed.fill_cell(builder.document, grid, column, self._shown(number))
        builder.table(grid)
        self.placed.mark_cells(builder.document, grid, cells)

    def write_aside(self, builder: DocumentBuilder, text: str) -> None:
        """Write the pictures of a header, footer or note, after its text."""
        self._write(builder, text)

    def _write(self, builder: DocumentBuilder, text: str) -> None:
        for number in _PLACE.findall(text):
            self.placed.write(builder, self._shown(number))

    def _shown(self, number: str) -> ShownPicture:
        return self.shown.get(int(number), ShownPicture(""))


def stored_pictures(
    source: Source, pictures: list[RtfPicture], spool: Spool
) -> tuple[dict[str, Source], dict[int, ShownPicture]]:
    """Return the pictures as children by name, and each by its number; one without bytes is left out."""
    children: dict[str, Source] = {}
    shown: dict[int, ShownPicture] = {}
    for number, picture in enumerate(pictures):
        data = picture.data()
        if data:
            name = f"picture{len(children) + 1}.{picture.kind or 'bin'}"
            children[name] = spool.child(source, data, name=name, ordinal=len(children), relation="inline")
            shown[number] = ShownPicture(name, picture.crop())
    return children, shown
