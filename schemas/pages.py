"""Page: one page of what a Result was made from, with its size, the evidence on it, and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Protocol

from thresher.schemas.errors import InputProblem
from thresher.schemas.extraction import Evidence
from thresher.schemas.source import SourceFacts

PICTURE_SCALE = 1.5  # pixels a point: 108 dots an inch


class Original(Protocol):
    """What a Result was made from, where its bytes are still there."""

    @property
    def given(self) -> Any:
        """Return the source as the caller gave it."""
        ...

    def picture(self, source: str, page: int, scale: float) -> bytes:
        """Return a page as PNG; `source`: path of the file within, "" for the Result's own. Raises Problem."""
        ...

    def html(self, result: Any) -> str:
        """Return a self-contained HTML page that shows a Result with its evidence framed on the pages."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. A notebook shows it as its picture."""

    number: int  # 1-based, as `Evidence.page`
    width: float  # points, as displayed
    height: float
    source: str = ""  # path of the attachment or member that the page is of; "": the Result's own file
    evidence: tuple[Evidence, ...] = ()  # that begins on this page
    original: Original | None = field(default=None, repr=False, compare=False)

    def image(self, scale: float = PICTURE_SCALE) -> bytes:
        """Return the page's picture as PNG; `scale` is pixels a point, so a box times `scale` is in pixels.

        Raises InputProblem(file_not_found) where the file is gone or was never known (a Result read from JSON).
        """
        if self.original is None:
            raise InputProblem("file_not_found", NO_ORIGINAL)
        return self.original.picture(self.source, self.number, scale)

    def _repr_png_(self) -> bytes:
        return self.image()


@dataclass(frozen=True, slots=True)
class Shown:
    """A Result as HTML. A notebook shows it; `save` writes it for a browser."""

    html: str = field(repr=False)

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html)}" sandbox style="{_FRAME}"></iframe>'

    def save(self, file: str | Path) -> Path:
        """Write the HTML to a file; return its path."""
        path = Path(file)
        path.write_text(self.html, encoding="utf-8")
        return path


_FRAME = "width:100%;height:720px;border:1px solid #ccc"
NO_ORIGINAL = "this Result does not know its file: read it with read_result('invoice.pdf.json', source='invoice.pdf')"


def pages_of(sources: list[SourceFacts], evidence: list[Evidence], original: Original | None) -> list[Page]:
    """Return the pages of a Result's own file, which is the first of its sources, then of each file in it."""
    names = ["", *(facts.path for facts in sources[1:])]
    return [p for facts, name in zip(sources, names, strict=True) for p in _pages(facts, name, evidence, original)]


def _pages(facts: SourceFacts, source: str, evidence: Iterable[Evidence], original: Original | None) -> Iterator[Page]:
    on_page: dict[int, list[Evidence]] = {}
    for found in evidence:
        if found.page is not None and (found.source or "") == source:
            on_page.setdefault(found.page, []).append(found)
    first = facts.page_range[0] if facts.page_range else 1
    for number, (width, height) in enumerate(facts.page_sizes, first):
        there = tuple(on_page.get(number, ()))
        yield Page(number=number, width=width, height=height, source=source, evidence=there, original=original)
