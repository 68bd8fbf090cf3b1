"""Tell texts that repeat one shape: rules over texts have been slowest, and worse than in proportion, on runs of one shape."""

from __future__ import annotations

import re
import zlib

WINDOW_CHARS = 4_000  # code points that are looked at together
MIN_RATIO = 12  # a window's length by its compressed length; of 400 ordinary documents nine in ten stay below 9

_DIGIT = re.compile(r"\d")
_SHAPES = bytes(
    ord("0") if chr(byte).isdigit() else ord("a") if byte < 128 and chr(byte).isalpha() else byte for byte in range(256)
)


def repeats_one_shape(text: str) -> bool:
    """Return whether some part of a text compresses like one shape written again and again.

    A digit counts as any other digit, and an ASCII letter as any other: a run of different figures is one shape.
    """
    windows = (text[at : at + WINDOW_CHARS] for at in range(0, len(text), WINDOW_CHARS))
    return any(_ratio(window) > MIN_RATIO for window in windows)


def _ratio(window: str) -> float:
    ascii_digits = window if window.isascii() else _DIGIT.sub("0", window)
    shapes = ascii_digits.encode("utf-8", "replace").translate(_SHAPES)
    return len(shapes) / len(zlib.compress(shapes, 1))
