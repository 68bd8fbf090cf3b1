"""Make a range of a Document searchable, with columns known from the positions of its lines on the page."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import partial
from operator import itemgetter

from thresher.schemas.document import Document
from thresher.service.formats.amounts import DecimalMark
from thresher.service.formats.dates import DateOrder
from thresher.service.formats.figure_habits import date_order_of, decimal_point_of
from thresher.service.grounding.normalised_text import Range
from thresher.service.grounding.text_index import TextIndex
from thresher.service.grounding.typed_spans import Habits
from thresher.service.grounding.wrapped_lines import EDGE, Layout, column_below, has_separator_before
from thresher.service.records.structure import Structure

HABIT_MAX_CHARS = 200_000  # code points of a Document that show how it writes figures
LINES_BETWEEN = 4  # lines of other columns that may stand between the lines of a value in the text
LINES_APART = 2.5  # line heights that may lie between the lines of a value on the page


def searchable(
    document: Document, span: Range, least: float, structure: Structure, powers: frozenset[int] = frozenset()
) -> TextIndex:
    """Return the search index of a range of a Document, interrupted by page furniture. `powers`: as in TextIndex."""
    (start, end), apart = span, structure.apart
    first, last = bisect_right(apart, start, key=itemgetter(1)), bisect_left(apart, end, key=itemgetter(0))
    without = [(max(a, start) - start, min(b, end) - start) for a, b in apart[first:last]]
    guessed = document.confidence(start, end) is not None
    pages = [p - start for p in document.pages.start if start < p < end]
    if len(document.lines):
        layout = Layout(partial(_below, document, structure, start), LINES_BETWEEN, pages)
    else:
        layout = Layout(partial(_below_in_text, document, start), 0, pages)
    return TextIndex(
        document.text[start:end],
        least=least,
        without=without,
        guessed=guessed,
        layout=layout,
        habits=habits_of(document, powers),
    )


def habits_of(document: Document, powers: frozenset[int] = frozenset()) -> Habits:
    """Return how a Document writes figures, where headings scale them by `powers` of ten."""
    point, order = document.once(_notation)
    return Habits(powers, point, order)


def _notation(document: Document) -> tuple[DecimalMark | None, DateOrder | None]:
    text = document.text[:HABIT_MAX_CHARS]
    return decimal_point_of(text), date_order_of(text)


def _below_in_text(document: Document, offset: int, first: Range, second: Range) -> bool:
    return column_below(document.text, (first[0] + offset, 0), (second[0] + offset, 0))


def _below(document: Document, structure: Structure, offset: int, first: Range, second: Range) -> bool:
    """Whether a range is printed under another, in its column and near, or at the top of the next page."""
    (a, b), (c, d) = ((r[0] + offset, r[1] + offset) for r in (first, second))
    lines = structure.between(b, c)[0]
    is_next = lines == 1
    if is_next and has_separator_before(document.text, a) and has_separator_before(document.text, c):
        return column_below(document.text, (a, b), (c, d))
    above, under = document.page_boxes(a, b), document.page_boxes(c, d)
    if not above or not under:
        return False
    (x0, _, x1, y1), (left, top, _, bottom) = above[-1].boxes[-1], under[0].boxes[0]
    height, turned = bottom - top, under[0].page - above[-1].page
    near = lines <= 2 * EDGE if turned == 1 else turned == 0 and y1 - height / 2 <= top <= y1 + LINES_APART * height
    return near and x0 - height <= left <= x1
