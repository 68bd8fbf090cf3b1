"""Find whole pieces of lines, and the texts after labels, as candidates of a text field of no particular shape."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.schemas.document import BlockKind
from thresher.schemas.target import Field
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

_FILING_LINE = re.compile(
    r"EX-[\d. ]+\w*\s+\d+\s+\S+\.(?:htm|html|txt|pdf)\s+(?=\S)"
)  # the filing line before an exhibit
VALUE_MAX_CHARS = 200  # characters; a longer line is prose
_LABEL = re.compile(
    r"^\W*[^\W\d_][\w .,/#&'’°()-]{1,38}?\s?[:：]\s*(?=\S)|^[^\W\d_][\w .'’-]{1,28}?\s?(?:#|№|[Nn][°º])\s*(?=\w)"
)


def find_lines(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield pieces and the texts after "Label:"; hints: order, rest (follows a label), label (is a label), letters."""
    del field
    for order, piece in enumerate(layout.pieces):
        text = layout.text[piece.start : piece.end]
        label = _LABEL.match(text)
        if label and label.end() < len(text) and len(text) - label.end() <= VALUE_MAX_CHARS:
            yield _line(layout, piece.start + label.end(), piece.end, order, rest=True)
        elif len(text) <= VALUE_MAX_CHARS:
            yield _line(layout, piece.start, piece.end, order, rest=False)


def _line(layout: Layout, start: int, end: int, order: int, *, rest: bool) -> Span:
    text = layout.text[start:end]
    hints = {
        "order": order,
        "rest": rest,
        "label": text.rstrip().endswith(":"),
        "letters": any(c.isalpha() for c in text),
    }
    return Span(start=start, end=end, text=text, value=" ".join(text.split()), hints=hints)


def find_titles(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield headings and the first lines of the text; hints: heading, height, order."""
    headings = {s for s, _, kind, _ in layout.document.blocks if kind == BlockKind.HEADING}
    for order, span in enumerate(find_lines(layout, field)):
        if order < 12 or span.start in headings:
            hints = {
                **span.hints,
                "heading": span.start in headings,
                "height": layout.pieces[layout.at(span.start)].height,
            }
            filed = _FILING_LINE.match(span.text)
            start, text = (
                span.start + (filed.end() if filed else 0),
                span.text[filed.end() if filed else 0 :].rstrip(" ]"),
            )
            yield Span(start=start, end=start + len(text), text=text, value=" ".join(text.split()), hints=hints)
