"""Parse lengths and colours of style sheets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from colorsys import hls_to_rgb

_LENGTH = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))(px|pt|pc|em|rem|ex|ch|in|cm|mm|%|vw|vh)?")
_PIXELS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "rem": 16.0,
    "in": 96.0,
    "cm": 37.8,
    "mm": 3.78,
    "vw": 12.0,
    "vh": 8.0,
}
_RGB = re.compile(r"rgba?\(\s*(\d+)\s*[, ]\s*(\d+)\s*[, ]\s*(\d+)\s*(?:[,/]\s*([\d.]+%?)\s*)?\)")
_SHARES = re.compile(
    r"rgba?\(\s*(\d*\.?\d+)%\s*[, ]\s*(\d*\.?\d+)%\s*[, ]\s*(\d*\.?\d+)%\s*(?:[,/]\s*([\d.]+%?)\s*)?\)"
)
_HSL = re.compile(
    r"hsla?\(\s*(-?\d*\.?\d+)(?:deg)?\s*[, ]\s*(\d*\.?\d+)%\s*[, ]\s*(\d*\.?\d+)%\s*(?:[,/]\s*([\d.]+%?)\s*)?\)"
)
_HEX = re.compile(r"#([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b")
_NAMES = {
    "white": "ffffff", "black": "000000", "red": "ff0000", "lime": "00ff00", "green": "008000", "blue": "0000ff",
    "yellow": "ffff00", "silver": "c0c0c0", "gray": "808080", "grey": "808080", "maroon": "800000", "navy": "000080",
    "aqua": "00ffff", "fuchsia": "ff00ff", "olive": "808000", "purple": "800080", "teal": "008080", "orange": "ffa500",
    "snow": "fffafa", "ivory": "fffff0", "whitesmoke": "f5f5f5", "ghostwhite": "f8f8ff",
    "floralwhite": "fffaf0", "mintcream": "f5fffa", "azure": "f0ffff", "seashell": "fff5ee", "linen": "faf0e6",
    "oldlace": "fdf5e6", "aliceblue": "f0f8ff", "lavenderblush": "fff0f5", "honeydew": "f0fff0", "lightyellow": "ffffe0",
}  # fmt: skip
_NAME = re.compile(r"[a-z]+")
TRANSPARENT = "clear"  # a transparent colour


def pixels(value: str, em: float = 16.0, whole: float | None = None) -> float | None:
    """Return a length in pixels, None for other values; `em` is the font size, `whole` the length that is 100%.

    >>> pixels("12pt"), pixels("-9999px"), pixels("0"), pixels("1.5em", 10.0), pixels("auto")
    (16.0, -9999.0, 0.0, 15.0, None)
    """
    match = _LENGTH.match(value.strip())
    if match is None:
        return None
    number, unit = float(match[1]), match[2] or ""
    if unit in {"em", "ex", "ch"}:
        return number * em * (1.0 if unit == "em" else 0.5)
    if unit == "%":
        return None if whole is None else number / 100 * whole
    return number * _PIXELS[unit]


def colour(value: str) -> str | None:
    """Return the first colour of a value as rrggbb, or CLEAR; None where there is no known colour.

    >>> colour("#FFF"), colour("rgba(0, 0, 0, 0)"), colour("transparent"), colour("1px solid white"), colour("inherit")
    ('ffffff', 'clear', 'clear', 'ffffff', None)
    >>> colour("hsl(0, 0%, 100%)"), colour("rgb(100% 100% 100%)")
    ('ffffff', 'ffffff')
    >>> colour("hsla(120 100% 25% / 0)")
    'clear'
    """
    value = value.lower()
    if match := _RGB.search(value):
        return _clear_by_alpha(match[4]) or "".join(f"{min(int(match[i]), 255):02x}" for i in (1, 2, 3))
    if match := _SHARES.search(value):
        return _clear_by_alpha(match[4]) or _hexadecimal(float(match[i]) / 100 for i in (1, 2, 3))
    if match := _HSL.search(value):
        hue, share, light = (float(match[i]) for i in (1, 2, 3))
        return _clear_by_alpha(match[4]) or _hexadecimal(
            hls_to_rgb(hue / 360 % 1, min(light, 100) / 100, min(share, 100) / 100)
        )
    if match := _HEX.search(value):
        digits = match[1] if len(match[1]) > 4 else "".join(2 * d for d in match[1])
        return TRANSPARENT if digits[6:] and int(digits[6:], 16) < 16 else digits[:6]
    words = _NAME.findall(value)
    return TRANSPARENT if "transparent" in words else next((_NAMES[w] for w in words if w in _NAMES), None)


def _hexadecimal(channels: Iterable[float]) -> str:
    """Return channels from 0 to 1 as rrggbb."""
    return "".join(f"{round(255 * min(max(c, 0.0), 1.0)):02x}" for c in channels)


def _clear_by_alpha(alpha: str | None) -> str:
    """Return CLEAR for an alpha value below 0.06, else an empty string."""
    if alpha is None:
        return ""
    share = float(alpha.rstrip("%") or 0) / (100 if alpha.endswith("%") else 1) if alpha.count(".") < 2 else 1.0
    return TRANSPARENT if share < 0.06 else ""
