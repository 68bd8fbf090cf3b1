"""Group lines of running text into paragraphs, headings and list items."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from thresher.schemas.document import BlockKind
from thresher.service.readers.pdf.layout.page_flow import FlowLines, FlowPart, PageFlow
from thresher.service.readers.pdf.library import Floats, Ints
from thresher.service.readers.pdf.text.characters import character_table
from thresher.service.readers.pdf.text.words import PageWords

_MARKER = re.compile(r"(?:[•●○◦▪■□‣⁃∙·➢✓–—*\uf020-\uf0ff-]\s+|\(?(?:[0-9]{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s+)(?=\S)")
_BULLETS = character_table("•●○◦▪■□‣⁃∙·➢✓–—*-" + "".join(map(chr, range(0xF020, 0xF100))))  # of symbol fonts
_CLOSERS = character_table(".)")
_MARKER_MAX_CHARS = 7
_NUMBERED = re.compile(
    r"(?:(?:ARTICLE|SECTION|CHAPTER|PART|Article|Section|Chapter|Part|§)\s*[0-9IVX]+|[0-9]{1,2}(?:\.[0-9]{1,2})*\.?\s+[A-Z])"
)
_LETTERS = re.compile(r"(?:[^\W\d_].*?){3}")
_SENTENCE_END = character_table(".:;?!")
_HEADING_MAX_CHARS = 120
_HEADING_MAX_LINES = 3

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """FlowLines `[first, last)` that are one Block."""

    first: int
    last: int
    part: FlowPart
    kind: BlockKind = BlockKind.PARAGRAPH
    size: float = 0.0
    bold: bool = False


@dataclass(slots=True)
class TextStyles:
    """Text, boldness and font sizes of a batch of pages, as the rules need them."""

    flow: PageFlow
    lines: FlowLines
    words: PageWords
    is_bold: Callable[[int, int], bool]  # of a character: index of the page, PDFium's index
    _bodies: dict[int, float] = field(default_factory=dict)
    _heights: list[float] = field(default_factory=list)

    def text(self, line: int) -> str:
        """Return the words of a line."""
        words, segments = self.words, self.flow.segments
        chosen = self.lines.items[self.lines.first[line] : self.lines.first[line + 1]].tolist()
        return " ".join(words.text[words.start[segments.first[i]] : words.end[segments.last[i]]] for i in chosen)

    def bold(self, line: int) -> bool:
        """Whether the first and the last word of a line are bold."""
        items, first, segments = self.lines.items, self.lines.first, self.flow.segments
        ends = segments.first[items[first[line]]], segments.last[items[first[line + 1] - 1]]
        page = int(self.lines.page[line])
        return all(self.is_bold(page, int(self.words.unit[word])) for word in ends)

    def size(self, first: int, last: int) -> float:
        """Return the median height of lines `[first, last)`."""
        if not self._heights:
            self._heights = (self.lines.box[:, 3] - self.lines.box[:, 1]).tolist()
        heights = sorted(self._heights[first:last])
        return (heights[len(heights) // 2] + heights[(len(heights) - 1) // 2]) / 2

    def body(self, page: int) -> float:
        """Return the font size of most of a page's text, to a quarter of a point."""
        if page not in self._bodies:
            box = self.flow.segments.box[self.flow.segments.page == page]
            sizes = np.rint((box[:, 3] - box[:, 1]) * 4).astype(np.int64).clip(0, 400)
            self._bodies[page] = float(np.bincount(sizes, weights=box[:, 2] - box[:, 0]).argmax()) / 4
        return self._bodies[page]


def spans_of(style: TextStyles) -> list[BlockSpan]:
    """Return the Blocks of a batch of pages, in reading order."""
    lines, parts = style.lines, style.flow.parts
    if not len(lines.part):
        return []
    marked = _marked(style)
    cuts = _cuts(lines, np.array([part.kind is None for part in parts], np.bool_)[lines.part], (marked, _ended(style)))
    starts = np.flatnonzero(cuts).tolist()
    owner = lines.part[starts].tolist()
    found = []
    for a, b, i in zip(starts, [*starts[1:], len(lines.part)], owner, strict=True):
        part = parts[i]
        if part.kind is not None or part.margin:
            found.append(BlockSpan(a, b, part, part.kind or BlockKind.PARAGRAPH))
        else:
            found.append(_classified(a, b, part, style, marked=bool(marked[a])))
    return found


def _marked(style: TextStyles) -> Mask:
    """Return for each line whether it begins with the marker of a list item."""
    words, lines = style.words, style.lines
    first = style.flow.segments.first[lines.items[lines.first[:-1]]]
    short = words.end[first] - words.start[first] <= _MARKER_MAX_CHARS
    marked: Mask = short & (_CLOSERS[words.tail[first]] | _BULLETS[words.head[first]])
    for i in np.flatnonzero(marked).tolist():
        marked[i] = _MARKER.match(style.text(i)) is not None
    return marked


def _ended(style: TextStyles) -> Mask:
    """Return for each line whether it ends with a sentence's end."""
    last = style.flow.segments.last[style.lines.items[style.lines.first[1:] - 1]]
    ended: Mask = _SENTENCE_END[style.words.tail[last]]
    return ended


def _cuts(lines: FlowLines, running: Mask, signs: tuple[Mask, Mask]) -> Mask:
    """Return for each line whether it begins a Block.

    The first line of a part does, and in running text lines whose layout or words (`signs`) show it.
    """
    marked, ended = signs
    cuts = np.ones(len(lines.part), np.bool_)
    cuts[1:] = lines.part[1:] != lines.part[:-1]
    begin = np.flatnonzero(cuts)
    length = np.diff(np.append(begin, len(cuts)))
    right = np.repeat(np.maximum.reduceat(lines.box[:, 2], begin), length)
    leading = np.repeat(_leading(lines.box, cuts, begin, length), length)
    turns = marked[1:] | (ended[:-1] & (lines.box[:-1, 2] < right[:-1] - 0.2 * (right - lines.box[:, 0])[:-1]))
    cuts[1:] |= running[1:] & (turns | _breaks(lines.box, leading[1:], right[1:]))
    return cuts


def _leading(box: Floats, cuts: Mask, begin: Ints, length: Ints) -> NDArray[np.float64]:
    """Return for each part the median distance between the tops of neighbouring lines.

    Returns 0 for parts without any.
    """
    step = np.full(len(box), np.inf)
    step[1:] = box[1:, 1] - box[:-1, 1]
    step[cuts | (step <= 0)] = np.inf
    owner = np.repeat(np.arange(len(begin)), length)
    sorted_steps = step[np.lexsort((step, owner))]
    counts = np.add.reduceat(np.isfinite(step), begin, dtype=np.int64)
    low, high = sorted_steps[begin + np.maximum(counts - 1, 0) // 2], sorted_steps[begin + counts // 2 * (counts > 0)]
    return np.where(counts > 0, (low + high) / 2, 0.0)


def _breaks(box: Floats, leading: NDArray[np.float64], right: NDArray[np.float32]) -> Mask:
    """Return for each line but the first whether its box begins a paragraph below the line above."""
    above, below = box[:-1], box[1:]
    size, other = np.maximum(above[:, 3] - above[:, 1], 1.0), np.maximum(below[:, 3] - below[:, 1], 1.0)
    gap = below[:, 1] - above[:, 3]
    breaks: Mask = (gap > 0.9 * size) | (gap < -size)
    breaks |= (below[:, 1] - above[:, 1] > 1.25 * leading) & (gap > 0.35 * size)
    breaks |= (other <= 0.83 * size) | (other >= 1.2 * size)
    breaks |= (below[:, 0] > above[:, 0] + size) & (above[:, 2] < right - 3 * size)
    return breaks


def _classified(first: int, last: int, part: FlowPart, style: TextStyles, *, marked: bool) -> BlockSpan:
    """Return lines as a heading, a list item or a paragraph."""
    kind = BlockKind.LIST_ITEM if marked else BlockKind.PARAGRAPH
    if last - first > _HEADING_MAX_LINES:
        return BlockSpan(first, last, part, kind)
    size = style.size(first, last)
    heading, bold = _heading(first, last, size, style)
    return BlockSpan(first, last, part, BlockKind.HEADING if heading else kind, size, bold)


def _heading(first: int, last: int, size: float, style: TextStyles) -> tuple[bool, bool]:
    """Whether lines are a heading, and whether it is one because it is bold."""
    text = style.text(first)
    if len(text) > _HEADING_MAX_CHARS or text.endswith((",", ";")) or _LETTERS.search(text) is None:
        return False, False
    if size > 1.17 * style.body(int(style.lines.page[first])):
        return True, False
    if text.endswith(".") and not _NUMBERED.match(text):
        return False, False
    if all(style.bold(line) for line in range(first, last)):
        return True, True
    return last - first == 1 and bool(_NUMBERED.match(text)) and len(text) < 80 and text.isupper(), False
