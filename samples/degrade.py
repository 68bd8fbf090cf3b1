"""Makes scans and phone photos out of clean page images: what paper, lamps, lenses and JPEG do to a page.

    python samples/degrade.py receipt out.jpg --seed 7          a photo of a receipt of an invented shop
    python samples/degrade.py scan clean.png out.jpg            a page through an office scanner
    python samples/degrade.py photo clean.png out.jpg           a page on a table, by phone

Pillow and numpy only. The same input and seed give the same picture.
"""

from __future__ import annotations

import argparse
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageFont
from PIL.Image import Image, Resampling, Transform

Floats = npt.NDArray[np.float64]
Corners = list[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What happens to a page. Zero is none of it."""

    skew: float = 0.0  # degrees counter-clockwise
    shadow: float = 0.0  # part of the light that is lost at the darkest place, 0..1
    blur: float = 0.0  # Gaussian radius in pixels
    noise: float = 0.0  # standard deviation in levels of 255
    paper: float = 0.0  # standard deviation of the paper's own cloudiness in levels of 255
    tilt: float = 0.0  # perspective: how far the corners move, as a part of the page's size
    jpeg: int = 95  # quality


SCAN = Damage(skew=1.2, blur=0.6, noise=7.0, paper=4.0, shadow=0.06, jpeg=72)
PHOTO = Damage(skew=-2.0, blur=0.9, noise=6.0, paper=6.0, shadow=0.4, tilt=0.035, jpeg=78)
TABLE = (92, 78, 66)  # what lies around a page in a photo


def degrade(page: Image, damage: Damage, seed: int = 0) -> Image:
    """The page after the damage, RGB. Skew and perspective show the ground around it, so it may grow."""
    random = np.random.default_rng(seed)
    image = page.convert("RGB")
    if damage.tilt:
        image = _in_perspective(image, damage.tilt, random)
    if damage.skew:
        ground = TABLE if damage.tilt else (255, 255, 255)
        image = image.rotate(damage.skew, Resampling.BICUBIC, expand=True, fillcolor=ground)
    if damage.blur:
        image = image.filter(ImageFilter.GaussianBlur(damage.blur))
    return _as_jpeg(_lit(image, damage, random), damage.jpeg)


def _lit(image: Image, damage: Damage, random: np.random.Generator) -> Image:
    """Shadow, paper and sensor noise on the pixels."""
    values = np.asarray(image, dtype=np.float64)
    height, width = values.shape[:2]
    values = values * _shadow(width, height, damage.shadow, random)[:, :, None]
    values = values + damage.paper * _clouds(width, height, random)[:, :, None]
    values = values + random.normal(0.0, damage.noise, values.shape)
    return Pillow.fromarray(values.clip(0, 255).astype(np.uint8))


def _shadow(width: int, height: int, depth: float, random: np.random.Generator) -> Floats:
    """Light from 1 down to 1 - depth, falling off towards a random side."""
    angle = random.uniform(0, 2 * math.pi)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    ramp = (x * math.cos(angle) + y * math.sin(angle)) / math.sqrt(2)
    return np.asarray(1.0 - depth / (1.0 + np.exp(-4.0 * (ramp - 0.1))), dtype=np.float64)


def _clouds(width: int, height: int, random: np.random.Generator) -> Floats:
    """Smooth noise of about unit deviation: coarse values, enlarged."""
    coarse = random.normal(0.0, 1.0, (max(height // 24, 2), max(width // 24, 2))).astype(np.float32)
    return np.asarray(Pillow.fromarray(coarse).resize((width, height), Resampling.BICUBIC), dtype=np.float64)


def _as_jpeg(image: Image, quality: int) -> Image:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return Pillow.open(io.BytesIO(data.getvalue())).convert("RGB")


def _in_perspective(image: Image, tilt: float, random: np.random.Generator) -> Image:
    """The page on a table, each corner moved at random, with a margin of table around it."""
    width, height = image.size
    margin = round(0.06 * max(width, height))
    size = (width + 2 * margin, height + 2 * margin)
    moves = random.uniform(-tilt, tilt, (4, 2)) * (width, height)
    flat: Corners = [(0, 0), (width, 0), (width, height), (0, height)]
    seen = [(x + margin + dx, y + margin + dy) for (x, y), (dx, dy) in zip(flat, moves, strict=True)]
    back = _coefficients(seen, flat)
    return image.transform(size, Transform.PERSPECTIVE, back, Resampling.BICUBIC, fillcolor=TABLE)


def _coefficients(seen: Corners, flat: Corners) -> list[float]:
    """The eight numbers of the perspective that takes `seen` corners back to `flat` ones."""
    rows: list[list[float]] = []
    values: list[float] = []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(c) for c in np.linalg.solve(np.array(rows), np.array(values))]


GOODS = (
    ("Wholemeal bread 800 g", 235),
    ("Semi-skimmed milk 2 l", 189),
    ("Free range eggs x12", 345),
    ("Cheddar mature 400 g", 410),
    ("Bananas loose 1.2 kg", 132),
    ("Ground coffee 227 g", 475),
    ("Washing powder 1.5 kg", 649),
    ("Tomatoes on the vine", 199),
    ("Basmati rice 1 kg", 225),
    ("Sparkling water 6 x 1 l", 299),
)
TAX_PERCENT = 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt of a shop that does not exist. Amounts in pence, tax contained in the prices."""

    number: int
    date: str  # as printed
    lines: tuple[tuple[int, str, int], ...]  # count, name, price of one

    @property
    def total(self) -> int:
        """Sum of the lines."""
        return sum(count * price for count, _, price in self.lines)

    @property
    def tax(self) -> int:
        """Tax contained in the total, rounded to a penny."""
        return round(self.total * TAX_PERCENT / (100 + TAX_PERCENT))

    def printed(self) -> list[tuple[str, str]]:
        """Every line as printed: left part and right part; without a right part it is centred."""
        goods = [(f"{count} x {name}", money(count * price)) for count, name, price in self.lines]
        return [
            ("Corner Grocery Sample Shop", ""),
            ("1 Example Street", ""),
            ("Sampletown ST1 2AB", ""),
            ("VAT No. GB 000 0000 00", ""),
            ("", ""),
            (f"Receipt {self.number}", self.date),
            ("", ""),
            *goods,
            ("", ""),
            ("Subtotal", money(self.total - self.tax)),
            (f"VAT {TAX_PERCENT}%", money(self.tax)),
            ("TOTAL GBP", money(self.total)),
            ("Card", money(self.total)),
            ("", ""),
            ("Thank you for your custom", ""),
        ]


def money(pence: int) -> str:
    """Pence as pounds.

    >>> money(1205)
    '12.05'
    """
    return f"{pence // 100}.{pence % 100:02d}"


def receipt(seed: int = 0) -> Receipt:
    """A receipt with five to eight kinds of goods."""
    random = np.random.default_rng(seed)
    chosen = random.choice(len(GOODS), size=int(random.integers(5, 9)), replace=False)
    lines = tuple((int(random.integers(1, 4)), *GOODS[int(i)]) for i in chosen)
    day, month = int(random.integers(1, 29)), int(random.integers(1, 13))
    hour, minute = int(random.integers(8, 21)), int(random.integers(0, 60))
    date = f"{day:02d}/{month:02d}/2026 {hour:02d}:{minute:02d}"
    return Receipt(int(random.integers(10_000, 99_999)), date, lines)


def draw(one: Receipt, width: int = 640) -> Image:
    """The receipt as clean print, in the font that Pillow carries."""
    font, pitch, margin = ImageFont.load_default(round(width / 23)), round(width / 15), round(width / 16)
    rows = one.printed()
    page = Pillow.new("RGB", (width, pitch * (len(rows) + 3)), "white")
    pen = ImageDraw.Draw(page)
    for row, (left, right) in enumerate(rows):
        y = pitch * (row + 1.5)
        if right:
            pen.text((margin, y), left, "black", font, anchor="ls")
            pen.text((width - margin, y), right, "black", font, anchor="rs")
        else:
            pen.text((width / 2, y), left, "black", font, anchor="ms")
    return page


def main() -> None:
    """Answer the command line that the module's docstring shows."""
    parser = argparse.ArgumentParser(description="Scans and photos out of clean pages.")
    parser.add_argument("what", choices=("receipt", "scan", "photo"))
    parser.add_argument(
        "paths", nargs="+", type=Path, help="the clean page (not for receipt), and the picture to write"
    )
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    page = draw(receipt(asked.seed)) if asked.what == "receipt" else Pillow.open(asked.paths[0])
    damage = SCAN if asked.what == "scan" else PHOTO
    degrade(page, damage, asked.seed).save(asked.paths[-1], quality=damage.jpeg)


if __name__ == "__main__":
    main()
