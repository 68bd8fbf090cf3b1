"""Make the pages that OCR is measured on: photos as they are, and pages of PDFs as scanners and writers give them.

Each group is a list of pictures with the words that stand on them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageFont, ImageOps
from PIL.Image import Image, Resampling

Words = Counter[str]
Page = tuple[Image, Words]
PAPER = (235, 233, 228)
MIN_CHARS = 400  # of the text layer of a page that is drawn
ANGLES = (90, 180, 270, 4, -4, 8, -8)


def words(text: str) -> Words:
    """Return runs of letters and digits in capitals, and how often each occurs."""
    return Counter(re.findall(r"[^\W_]+", text.upper()))


@dataclass
class Pages:
    """The receipts of one folder (as SROIE has them) and the PDFs of another."""

    receipts: Path
    forms: Path
    every: int = 1
    groups: dict[str, Callable[[], Iterator[Page]]] = field(init=False)

    def __post_init__(self) -> None:
        """Name the groups."""
        self.groups = {
            "receipts": self.photos,
            "turned receipts": self.turned,
            "two receipts on a photo": self.pairs,
            "receipts of half the size": self.small,
            "receipts as pictures in a page": self.placed,
            "forms, scanned at 200 dpi": lambda: self.scans(200),
            "forms, scanned at 110 dpi": lambda: self.scans(110),
            "forms as they are drawn": self.drawn,
            "faint forms": self.faint,
            "forms, white on black": self.inverted,
            "letters of many sizes": self.many_sizes,
        }

    def photos(self) -> Iterator[Page]:
        """Yield receipts and the words of their transcripts."""
        for path in sorted((self.receipts / "documents").glob("*.jpg"))[:: self.every]:
            rows = (self.receipts / "ocr_truth" / f"{path.stem}.csv").read_text("utf-8", "replace").splitlines()
            yield (
                Pillow.open(path).convert("RGB"),
                words("\n".join(r.split(",", 8)[8] for r in rows if r.count(",") >= 8)),
            )

    def turned(self) -> Iterator[Page]:
        """Yield receipts, each turned by another angle."""
        for at, (image, truth) in enumerate(self.photos()):
            yield image.rotate(ANGLES[at % len(ANGLES)], Resampling.BICUBIC, expand=True, fillcolor="white"), truth

    def pairs(self) -> Iterator[Page]:
        """Yield photos of two receipts that lie a little askew, each its own way."""
        photos = list(self.photos())
        for at, (left, right) in enumerate(zip(photos[::2], photos[1::2], strict=False)):
            tilts = ((1.5, -2.0), (-1.0, 1.0), (2.5, 0.5))[at % 3]
            images = [
                _height(one, 1400).rotate(tilt, Resampling.BICUBIC, expand=True, fillcolor=PAPER)
                for (one, _), tilt in zip((left, right), tilts, strict=True)
            ]
            photo = Pillow.new("RGB", (sum(i.width for i in images) + 120, max(i.height for i in images) + 80), PAPER)
            photo.paste(images[0], (40, 40))
            photo.paste(images[1], (images[0].width + 80, 40))
            yield photo, left[1] + right[1]

    def small(self) -> Iterator[Page]:
        """Yield receipts of half the size."""
        for image, truth in self.photos():
            yield image.resize((image.width // 2, image.height // 2), Resampling.LANCZOS), truth

    def placed(self) -> Iterator[Page]:
        """Yield white pages with a receipt somewhere on them."""
        for at, (image, truth) in enumerate(self.photos()):
            page = Pillow.new("RGB", (1654, 2339), "white")
            picture = _height(image, 1500)
            picture = picture.crop((0, 0, min(picture.width, 1600), 1500))
            page.paste(picture, ((1654 - picture.width) * (at % 3) // 2, 839 * (at % 2)))
            yield page, truth

    def scans(self, dpi: int) -> Iterator[Page]:
        """Yield pages tilted by up to half a degree, blurred and grainy."""
        for seed, (page, truth) in enumerate(self._rendered(dpi)):
            random = np.random.default_rng(seed)
            tilted = page.rotate(random.uniform(-0.5, 0.5), Resampling.BICUBIC, fillcolor=250)
            blurred = np.asarray(tilted.filter(ImageFilter.GaussianBlur(0.8 * dpi / 200)), dtype=np.float32)
            grainy = 25 + 0.88 * blurred + random.normal(0, 6, blurred.shape)
            yield Pillow.fromarray(grainy.clip(0, 255).astype(np.uint8)), truth

    def drawn(self) -> Iterator[Page]:
        """Yield pages as they are."""
        yield from self._rendered(150)

    def faint(self) -> Iterator[Page]:
        """Yield pages in light grey."""
        for page, truth in self._rendered(150):
            yield page.point(lambda value: 215 + value * 40 // 255), truth

    def inverted(self) -> Iterator[Page]:
        """Yield pages with black and white exchanged."""
        for page, truth in self._rendered(150):
            yield ImageOps.invert(page), truth

    def many_sizes(self) -> Iterator[Page]:
        """Yield pages that are mostly in one size, with some lines in very small, and some in very large print."""
        for at, (_, truth) in enumerate(self.photos()):
            page, height, left = Pillow.new("L", (1654, 2339), "white"), 60, list(truth)
            pen, written = ImageDraw.Draw(page), Words()
            sizes = ((60, 22, 13), (34, 60, 14), (90, 40, 15))[at % 3]
            for row in range(60):
                size = sizes[0 if row % 12 else row // 12 % 3]
                line, left = left[: 30 // max(size // 12, 1)], left[30 // max(size // 12, 1) :]
                if not line or height > 2200:
                    break
                pen.text((80, height), " ".join(line), 0, ImageFont.load_default(size))
                height += 2 * size
                written += Counter(line)
            yield page, written

    def _rendered(self, dpi: int) -> Iterator[Page]:
        """Yield first pages of PDFs in grey, and the words of their text layers."""
        for path in sorted(self.forms.glob("**/*.pdf"))[:: self.every]:
            page = pypdfium2.PdfDocument(path)[0]
            text = page.get_textpage().get_text_bounded()
            if len(text) >= MIN_CHARS:
                yield page.render(scale=dpi / 72).to_pil().convert("L"), words(text)


def _height(image: Image, height: int) -> Image:
    """Return an image of another height."""
    return image.resize((image.width * height // image.height, height), Resampling.LANCZOS)
