"""Layouts: how a document is set, drawn by seed.

Seeds below `MEASURING` are for building. Seeds from there on are for measuring only, and draw from more: date, number
and sign styles, separators and page lengths that no building seed ever shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Literal, TypeVar

MEASURING = 10_000
Separator = Literal["aligned", "tab", "pipe", "prose", "semicolon"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way to set a document."""

    separator: Separator = "aligned"
    order: int = 0  # seed of the order of columns; 0: the target's
    dates: Literal["iso", "dots", "slashes", "month", "long", "us_words"] = "iso"
    numbers: Literal["en", "de", "plain", "swiss"] = "en"
    signs: Literal["minus", "trailing", "crdr", "sh"] = "minus"
    wraps: bool = True  # long text goes on in a second line
    late: bool = True  # what stands right of long text is printed on its last line
    width: int = 36  # characters of the wrapped column
    lines: int = 53  # a page, furniture included
    headed: bool = True  # column titles on every page, not only the first
    totals: bool = True
    carried: bool = True  # sums carried from page to page
    balance: bool = True  # the optional column is printed
    language: int = 0  # of titles and labels


STANDARD = Layout(width=52, balance=False, lines=66)
"""A statement of 3,200 rows in this layout has about 88,000 tokens on about 69 pages."""

_NARROW: dict[str, tuple[int, ...]] = {"width": (18, 22, 28), "lines": (19, 23, 30, 37)}
_PRINTED: tuple[Separator, ...] = ("aligned", "semicolon", "tab", "pipe")
_OPEN: dict[str, tuple[object, ...]] = {
    "separator": ("aligned", "aligned", "tab", "pipe", "prose"),
    "dates": ("iso", "dots", "slashes", "month"),
    "numbers": ("en", "de", "plain"),
    "signs": ("minus", "trailing", "crdr"),
    "lines": (53, 60, 44),
}
_RESERVED: dict[str, tuple[object, ...]] = {
    "separator": ("semicolon", "aligned", "pipe", "prose"),
    "dates": ("long", "us_words"),
    "numbers": ("swiss",),
    "signs": ("sh",),
    "lines": (37, 71),
}


def draw_layout(seed: int) -> Layout:
    """The layout of a seed."""
    random = Random(f"layout {seed}")

    def of(name: str) -> object:
        pool = _OPEN[name] + (_RESERVED[name] if seed >= MEASURING else ())
        return random.choice(pool)

    drawn = {name: of(name) for name in _OPEN}
    return Layout(
        **drawn,  # type: ignore[arg-type]
        order=random.randrange(1, 1_000),
        wraps=random.random() < 0.8,
        late=random.random() < 0.6,
        width=random.choice((28, 32, 36, 40)),
        headed=random.random() < 0.7,
        totals=random.random() < 0.8,
        carried=random.random() < 0.6,
        balance=random.random() < 0.7,
        language=random.randrange(3),
    )


def draw_narrow(seed: int) -> Layout:
    """The layout of a seed with short pages and narrow columns: many records break where a page does."""
    random = Random(f"narrow {seed}")
    drawn = {name: random.choice(pool) for name, pool in _NARROW.items()}
    return replace(draw_layout(seed), separator=random.choice(_PRINTED), wraps=True, **drawn)  # type: ignore[arg-type]
