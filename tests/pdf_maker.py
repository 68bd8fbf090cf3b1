"""Small PDFs made by hand: every byte is known, so every box can be checked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from thresher.schemas.source import Source


def pdf_source(folder: Path, data: bytes) -> Source:
    """The bytes of a PDF as the file `a.pdf`."""
    blob = folder / "a.pdf"
    blob.write_bytes(data)
    return Source(path="a.pdf", blob=str(blob), sha256=hashlib.sha256(data).hexdigest(), size=len(data), name="a.pdf")


@dataclass(frozen=True)
class Page:
    """One page: its content stream, and what stands in its dictionary beside the usual."""

    content: str
    extra: str = ""


@dataclass
class Pdf:
    """Objects of a file; object 1 is the catalogue, 2 the page tree, 3 and 4 Helvetica and its bold."""

    catalogue: str = ""
    objects: list[bytes] = field(default_factory=list)

    def add(self, body: str | bytes) -> int:
        """Append an object; gives its number."""
        self.objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(self.objects) + 4

    def stream(self, data: bytes, dictionary: str = "") -> int:
        """Append a stream."""
        return self.add(f"<< /Length {len(data)} {dictionary} >>\nstream\n".encode() + data + b"\nendstream")

    def page(self, page: Page) -> int:
        """Append a page of US letter size."""
        content = self.stream(page.content.encode("latin-1"))
        resources = "" if "/Resources" in page.extra else "/Resources << /Font << /F 3 0 R /B 4 0 R >> >>"
        head = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {content} 0 R"
        return self.add(f"{head} {resources} {page.extra} >>")

    def write(self, pages: Sequence[Page]) -> bytes:
        """The file."""
        kids = [self.page(page) for page in pages]
        first = [
            f"<< /Type /Catalog /Pages 2 0 R {self.catalogue} >>",
            f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        ]
        return _file([*(body.encode("latin-1") for body in first), *self.objects])


def _file(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def text(x: float, y: float, words: str, size: float = 12, font: str = "F") -> str:
    """A text object at a place in user space."""
    escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({escaped}) Tj ET\n"


def lines(x: float, y: float, rows: Sequence[str], step: float = 14) -> str:
    """Lines of text, each below the one before it."""
    return "".join(text(x, y - i * step, row) for i, row in enumerate(rows))
