"""Define what a page is laid out in: regions of running text, and tables."""

from __future__ import annotations

from dataclasses import dataclass, field

from thresher.service.readers.pdf.layout.baseline_rows import Row, SegmentBox

Gap = tuple[float, float]
Cells = list[list[SegmentBox]]


@dataclass(slots=True)
class TextRegion:
    """Rows of running text."""

    rows: list[Row]


@dataclass(slots=True)
class TableRegion:
    """A table: for each row its (column, strips) pairs."""

    rows: list[list[tuple[int, list[SegmentBox]]]]
    gaps: list[Gap] = field(default_factory=list)  # between its columns
    header_rows: int = 0


Region = TextRegion | TableRegion
