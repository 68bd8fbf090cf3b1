"""The maker of scans and photos."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from samples.degrade import PHOTO, SCAN, Damage, degrade, draw, receipt


def test_the_same_seed_gives_the_same_picture() -> None:
    """And another seed another."""
    page = draw(receipt(1), width=200)
    assert degrade(page, PHOTO, 3).tobytes() == degrade(page, PHOTO, 3).tobytes()
    assert degrade(page, SCAN, 3).tobytes() != degrade(page, SCAN, 4).tobytes()


def test_no_damage_keeps_the_page() -> None:
    """But for what JPEG does."""
    page = draw(receipt(1), width=200)
    assert degrade(page, Damage(jpeg=100)).size == page.size


def test_a_receipt_adds_up() -> None:
    """The printed total is the sum of the lines."""
    one = receipt(5)
    assert one.total == sum(count * price for count, _, price in one.lines)
    assert any(left == "TOTAL GBP" for left, _ in one.printed())
