"""Convert any PIL image to what engines read: 8-bit RGB on white, of a bounded size."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow
from PIL.Image import Image, Resampling

_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def to_rgb(image: Image) -> Image:
    """Convert an image to 8-bit RGB.

    Transparency is laid on white, 16 and 32 bits are scaled down, palettes and CMYK converted.
    """
    if image.mode in _DEEP_MODES:
        image = _to_8_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Pillow.new("RGBA", layer.size, "white")
        return Pillow.alpha_composite(ground, layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_8_bits(image: Image) -> Image:
    """Convert to 8 bits: by 256 where the depth is stated, else stretched from darkest to lightest value."""
    values = np.asarray(image, dtype=np.float64)
    low, high = (0.0, 65535.0) if image.mode.startswith("I;16") else (np.nanmin(values), np.nanmax(values))
    scaled = (values - low) * (255.0 / max(high - low, 1e-9))
    return Pillow.fromarray(np.nan_to_num(scaled).clip(0, 255).astype(np.uint8))


def resized_within(image: Image, side: int, least: int = 0) -> tuple[Image, float]:
    """Return the image, its long side between `least` and `side` pixels, and the factor that was applied."""
    longest = max(image.size)
    factor = min(side / longest, max(least / longest, 1.0))
    if factor == 1.0:
        return image, 1.0
    new = (max(round(image.width * factor), 1), max(round(image.height * factor), 1))
    return image.resize(new, Resampling.LANCZOS if factor < 1 else Resampling.BICUBIC), factor
