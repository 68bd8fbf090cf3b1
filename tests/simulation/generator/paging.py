"""Pages: blocks flow down pages with heads, feet and sums carried, and a record may break where the page does."""

from __future__ import annotations

from tests.simulation.generator.lines import Block, Setter
from tests.simulation.generator.nouns import Range, Value

Page = list[tuple[str, int | None]]  # lines, each with the record it belongs to
FOOT = 2  # lines kept for the foot of a page


class Pager:
    """Lays out one document."""

    def __init__(self, setter: Setter, heading: str, *, tabular: bool) -> None:
        """`heading` stands on top of every page; `tabular` where columns have titles."""
        self._setter, self._heading = setter, heading
        self._titled = tabular and setter.layout.separator != "prose"
        self._running: dict[str, Value] = {}
        self.pages: list[Page] = []
        self._page: Page = []
        self._open = False  # whether the columns' titles are to stand on new pages

    def begin(self, top: list[str]) -> None:
        """The first page, with what stands above the records."""
        self._turn()
        self._page += [(line, None) for line in top]
        self._open = True
        self._titles(first=True)

    def put(self, block: Block, running: dict[str, Value] | None = None) -> None:
        """Place a block; a record breaks wherever the page ends, anything else goes to the next page whole."""
        around = [("", None)] if block.apart else []
        lines: Page = [*around, *((line, block.row) for line in block.lines), *around]
        if block.row is None and self._room() < len(lines):
            self._turn()
        for line in lines:
            if self._room() < 1:
                self._turn()
            self._page.append(line)
        self._running = running if running is not None else self._running

    def close(self) -> list[Page]:
        """All pages, their feet numbered."""
        for number, page in enumerate(self.pages, 1):
            page += [("", None), (f"{self._heading.split('  ')[0]}  Page {number} of {len(self.pages)}", None)]
        return self.pages

    def _room(self) -> int:
        return self._setter.layout.lines - FOOT - 1 - len(self._page)

    def _turn(self) -> None:
        """A new page, with the sums of the last one."""
        sums = self._setter.carried(self._running, brought=False) if self._page else ""
        if sums:
            self._page.append((sums, None))
        self._page = [(self._heading, None), ("", None)]
        if sums:
            self._page.append((self._setter.carried(self._running, brought=True), None))
        self.pages.append(self._page)
        self._titles(first=False)

    def _titles(self, *, first: bool) -> None:
        if self._open and self._titled and (first or self._setter.layout.headed):
            self._page += [(line, None) for line in self._setter.titles()]


def joined(pages: list[Page], rows: int) -> tuple[str, list[Range]]:
    """The text, pages parted by form feeds, and the range of each record from its first character to its last."""
    lines: list[str] = []
    ranges: list[Range] = [(-1, -1)] * rows
    length = 0
    for number, page in enumerate(pages):
        if number:
            lines.append("\f")
            length += 1
        for line, row in page:
            if row is not None:
                start = ranges[row][0] if ranges[row][0] >= 0 else length + len(line) - len(line.lstrip())
                ranges[row] = (start, length + len(line.rstrip()))
            lines.append(line + "\n")
            length += len(line) + 1
    return "".join(lines), ranges
