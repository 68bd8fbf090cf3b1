"""Generated documents as PDF with a text layer, and as scans of it."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from PIL import Image as Pillow

from samples.degrade import SCAN, degrade
from tests.simulation.generator.nouns import Generated

WIDTH, HEIGHT, MARGIN = 612, 792, 30  # points: US letter
SIZES = {"F": 6.5, "H": 7.0}  # of Courier and of Helvetica
PITCH = 3.9  # points a character takes in columns, which is Courier's own at 6.5
DOTS = 150  # a scan's dots an inch
_CELL = re.compile(r"\S+(?: \S+)*")


def as_pdf(generated: Generated) -> bytes:
    """Pages with real text; odd seeds are set in Helvetica, each cell where its column stands."""
    face = "H" if generated.seed % 2 else "F"
    return _file([_page(lines, face) for lines in generated.pages])


def as_scan(generated: Generated) -> bytes:
    """The same pages through an office scanner: pictures only."""
    import pypdfium2

    clean = pypdfium2.PdfDocument(as_pdf(generated))
    pages = []
    for number in range(len(clean)):
        picture = clean[number].render(scale=DOTS / 72).to_pil()
        damage = replace(SCAN, skew=0.3 if number % 2 else -0.4)
        pages.append(degrade(picture, damage, generated.seed + number))
    return pictures(pages)


def pictures(pages: list[Pillow.Image]) -> bytes:
    """A PDF of pictures."""
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=DOTS, quality=75)
    return out.getvalue()


def _page(lines: list[str], face: str) -> bytes:
    """A page's content stream."""
    step = min(11.0, (HEIGHT - 2 * MARGIN) / max(len(lines), 1))
    top = HEIGHT - MARGIN - SIZES[face]
    return "".join(_line(line, top - i * step, face) for i, line in enumerate(lines)).encode("cp1252", "replace")


def _line(line: str, y: float, face: str) -> str:
    shown = line.expandtabs(18)
    cells = list(_CELL.finditer(shown))
    return "".join(_text(MARGIN + PITCH * c.start(), y, c[0], face) for c in cells)


def _text(x: float, y: float, words: str, face: str) -> str:
    escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    size = SIZES[face] if len(words) * PITCH + x < WIDTH - 12 else 5.0
    return f"BT /{face} {size} Tf 1 0 0 1 {x:.1f} {y:.1f} Tm ({escaped}) Tj ET\n"


def _file(pages: list[bytes]) -> bytes:
    """The objects of a file: catalogue, page tree, two faces, and two objects a page."""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode()]
    objects += [font.format(name).encode() for name in ("Courier", "Helvetica")]
    for i, content in enumerate(pages):
        fonts = "/Resources << /Font << /F 3 0 R /H 4 0 R >> >>"
        head = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] {fonts} /Contents {6 + 2 * i} 0 R >>"
        objects += [head.encode(), b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)]
    return _assembled(objects)


def _assembled(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)
