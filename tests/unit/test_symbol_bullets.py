"""Bullets of symbol fonts before numbers: ordinary lists of offices keep their proofs."""

from __future__ import annotations

import pytest

from thresher.service.grounding.number_spans import figure_at


@pytest.mark.parametrize(
    ("text", "proven"),
    [
        ("\uf0b712 months", True),
        ("Terms\n\uf0a712 months", True),
        ("\ue00012 months", False),  # any other private sign may be drawn as a figure
        ("9\uf0b712 months", False),
        ("\uf02d12 months", False),  # a minus in the font Symbol
    ],
)
def test_a_bullet_of_a_symbol_font_is_no_figure(text: str, *, proven: bool) -> None:
    """A bullet at the start of a line or after a blank is not taken for a figure of the number after it."""
    start = text.index("12")
    assert bool(figure_at(text, start, start + 2).readings) is proven
