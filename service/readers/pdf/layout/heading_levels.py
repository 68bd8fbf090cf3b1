"""Rank headings by font size over the whole document; bold ones of the body's size come last."""

from __future__ import annotations

from dataclasses import dataclass, field

from thresher.schemas.document import BlockKind, Blocks

_LOWEST_LEVEL = 6


@dataclass(slots=True)
class Headings:
    """Headings found so far, to be ranked when all pages are known."""

    block: list[int] = field(default_factory=list)
    size: list[float] = field(default_factory=list)  # to half a point

    def add(self, block: int, size: float, *, bold: bool) -> None:
        """Add one heading; a bold one counts a little larger."""
        self.block.append(block)
        self.size.append(round(2 * size) / 2 + 0.25 * bold)

    def mark(self, blocks: Blocks) -> None:
        """Set the levels: 1 for the largest size."""
        ranks = {size: i + 1 for i, size in enumerate(sorted(set(self.size), reverse=True))}
        for block, size in zip(self.block, self.size, strict=True):
            if blocks.kind[block] == BlockKind.HEADING:
                blocks.level[block] = min(ranks[size], _LOWEST_LEVEL)
