"""Give the lines of a transcription boxes: those of the same words as an OCR engine read them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from thresher.schemas.document import Box, Document
from thresher.service.ocr.alignment import aligned_boxes

Known = list[tuple[str, Box]]


def known_words(document: Document, page: int) -> Known:
    """Return the words of a page (1-based) with their boxes, in reading order."""
    lines, words, found = document.lines, document.words, Known()
    for i, start in enumerate(lines.start):
        if lines.page[i] != page:
            continue
        _, y0, _, y1 = lines.box[4 * i : 4 * i + 4]
        for w in range(bisect_left(words.start, start), bisect_left(words.start, lines.end[i])):
            text = document.text[words.start[w] : words.end[w]]
            found.append((text, (words.x0[w], y0, words.x1[w], y1)))
    return found


def place_lines(document: Document, before: tuple[int, int], known: Known, size: tuple[float, float]) -> None:
    """Give lines and words written after `before` the boxes of known words.

    `before` is the number of lines and the number of words written until then. A line without a known word gets the space
    between its neighbours, over the width of the page, which is `size`.
    """
    lines, words = document.lines, document.words
    first = before[1]
    texts = [document.text[a:b] for a, b in zip(words.start[first:], words.end[first:], strict=True)]
    boxes = aligned_boxes(texts, known)
    found: list[Box | None] = []
    for i in range(before[0], len(lines.start)):
        a, b = bisect_left(words.start, lines.start[i]), bisect_right(words.end, lines.end[i])
        own = [box for box in boxes[a - first : b - first] if box is not None]
        found.append(_union(own) if own else None)
    for i, box in enumerate(_filled(found, size), start=before[0]):
        lines.box[4 * i : 4 * i + 4] = type(lines.box)(lines.box.typecode, box)
        a, b = bisect_left(words.start, lines.start[i]), bisect_right(words.end, lines.end[i])
        for w, (x0, x1) in enumerate(_sides(boxes[a - first : b - first], box), start=a):
            words.x0[w], words.x1[w] = x0, x1


def _union(boxes: list[Box]) -> Box:
    """Return the smallest box around boxes."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _filled(found: list[Box | None], size: tuple[float, float]) -> list[Box]:
    """Return the boxes of lines; unknown ones fill the space between their known neighbours."""
    out: list[Box] = []
    for i, box in enumerate(found):
        if box is None:
            above = max((b[3] for b in found[:i] if b is not None), default=0.0)
            below = min((b[1] for b in found[i + 1 :] if b is not None and b[1] >= above), default=size[1])
            box = (0.0, min(above, below), size[0], max(above, below))  # noqa: PLW2901 - filled here
        out.append(box)
    return out


def _sides(boxes: list[Box | None], line: Box) -> list[tuple[float, float]]:
    """Return left and right of each word of a line; unknown ones fill the space between known neighbours."""
    out = []
    for i, box in enumerate(boxes):
        if box is None:
            left = max((b[2] for b in boxes[:i] if b is not None), default=line[0])
            right = min((b[0] for b in boxes[i + 1 :] if b is not None and b[0] >= left), default=line[2])
            out.append((min(left, right), max(left, right)))
        else:
            out.append((box[0], box[2]))
    return out
