"""Texts that repeat one shape are told from ordinary ones, whatever their figures and letters."""

from __future__ import annotations

import random

import pytest

from thresher.service.extraction.repeated_shapes import repeats_one_shape

CHANCE = random.Random(7)
SHAPES = {
    "tabs": "a\t" * 3_000,
    "points": "1." * 3_000,
    "brackets": "[" * 5_000,
    "figures": "".join(CHANCE.choice("0123456789") for _ in range(5_000)),
    "arabic figures": "".join(CHANCE.choice("٠١٢٣٤٥٦٧٨٩") for _ in range(5_000)),
    "thousands": ",".join(f"{CHANCE.randrange(1_000):03d}" for _ in range(1_500)),
    "letters": "".join(CHANCE.choice("abcdefXYZ") for _ in range(5_000)),
    "dates": " ".join(f"{CHANCE.randrange(10, 29)}.0{CHANCE.randrange(1, 9)}.2024" for _ in range(500)),
    "behind prose": "The buyer pays within thirty days, the seller delivers.\n" + "-" * 6_000,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_of_one_shape_is_told(shape: str) -> None:
    """Also where no two of its figures or letters are alike."""
    assert repeats_one_shape(SHAPES[shape])


def test_prose_and_tables_are_ordinary() -> None:
    """Sentences, a list of items and a text without ASCII letters are not sent elsewhere for their shape."""
    words = [
        "the",
        "seller",
        "delivers",
        "all",
        "goods",
        "within",
        "thirty",
        "days",
        "of",
        "an",
        "order",
        "and",
        "buyer",
    ]
    prose = " ".join(CHANCE.choice(words) for _ in range(2_000))
    items = "".join(
        f"{n} {CHANCE.choice(words)} {CHANCE.choice(words)} {CHANCE.randrange(5_000)}.{CHANCE.randrange(99)}\n"
        for n in range(300)
    )
    chinese = "".join(chr(CHANCE.randrange(0x4E00, 0x9000)) for _ in range(4_000))
    assert not any(map(repeats_one_shape, ("", prose, items, chinese)))
