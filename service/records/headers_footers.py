"""Find page furniture: lines that pages repeat at their top and bottom edge, with any numbers.

Running titles, page numbers, column headings and "carried forward" belong to the page; a record or a sentence continues
after them. Headers and footers that a reader marked are furniture as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, pairwise

from thresher.schemas.document import BlockKind, Document
from thresher.service.records.arithmetic.carried_sums import carried_sum_lines

Range = tuple[int, int]

EDGE_MAX_LINES = 10  # lines from a page's edge that can be furniture
MIN_PAGE_SHARE = 0.3  # share of the pages that must have a line at an edge
AT_EDGE_SHARE = 0.8  # share of all lines of that look that must be there
HEAD_MIN_CELLS = 3  # cells from which a line heads columns
MIN_PAGES = 2  # pages that must have it at least
_PAGE_WORDS = ("page", "seite", "blatt", "pagina", "página", "sheet", "p.")  # one of which `_PAGE_NUMBER` needs
_PAGE_NUMBER = re.compile(  # at the end of a line
    r"\b(?:pages?:?|seite|blatt|pagina|página|sheet|p\.)[ ]?(\d{1,5})(?:[ ]?(?:of|von|de|di|van|sur|/)[ ]?\d{1,5})?[ \t.)-]*$",
    re.IGNORECASE | re.MULTILINE,
)
_LINE_OF_WORDS = re.compile(r"^[^\d\n]+$", re.MULTILINE)  # a line without figures
_GAP = re.compile(r"(?:(?<! )[ ]+)?[\t|]+[ ]*|\S[ ]{2,}(?=\S)")  # between two cells
_NUMBER = re.compile(r"[^\w\s]{0,200}\d[\d.,'’/:-]*\S?")


def furniture(document: Document) -> list[Range]:
    """Return the ranges of the lines that are furniture, sorted and disjoint."""
    starts = _page_starts(document)
    known = _disjoint(sorted(chain(_marked(document), _repeated(document, starts))))
    return _disjoint(sorted(chain(known, carried_sum_lines(document, starts, known))))


def _marked(document: Document) -> Iterator[Range]:
    """Yield the headers and footers that a reader marked, without those that also stand within pages.

    A line that is only a number counts only where many pages have one.
    """
    kinds = {BlockKind.HEADER, BlockKind.FOOTER}
    marked = [(start, end) for start, end, kind, _ in document.blocks if kind in kinds]
    looks = [_without_numbers(document.text[a:b]) for a, b in marked]
    at_edge = Counter(looks)
    anywhere = Counter(map(_without_numbers, document.text.split("\n"))) if marked else at_edge
    least = max(MIN_PAGES, MIN_PAGE_SHARE * len(document.pages.start))
    return (
        place
        for place, look in zip(marked, looks, strict=True)
        if at_edge[look]
        >= (least if look == "0" else AT_EDGE_SHARE * (anywhere[look] - 1))  # the first page may have it lower down
    )


def _repeated(document: Document, starts: list[int]) -> Iterator[Range]:
    """Yield lines that stand equally far from the edge on many pages, and hardly anywhere else."""
    if len(starts) < MIN_PAGES:
        return
    edges = [
        edge
        for start, end in zip(starts, [*starts[1:], len(document.text)], strict=True)
        for edge in _edges(document.text, start, end)
    ]
    seen = Counter(chain.from_iterable((look for look, _ in edge) for edge in edges))
    least = max(MIN_PAGES, MIN_PAGE_SHARE * len(starts))
    anywhere = Counter(map(_without_numbers, document.text.split("\n")))
    place = head_of(document.text)
    head = document.text[slice(*place)].strip() if place else None
    for edge in edges:
        for look, line in edge:
            is_common = seen[look] >= max(
                least, AT_EDGE_SHARE * (anywhere[look[1]] - 1)
            )  # the first page may have it lower down
            if not is_common and (look[0] < 0 or document.text[slice(*line)].strip() != head):
                break
            yield line


def head_of(text: str) -> Range | None:
    """Return the first line of several cells without figures, which heads columns; None where there is none."""
    lines = (m.span() for m in _LINE_OF_WORDS.finditer(text))
    return next((line for line in lines if len(_GAP.findall(text[slice(*line)].strip())) >= HEAD_MIN_CELLS - 1), None)


def _page_starts(document: Document) -> list[int]:
    """Return where pages begin: as they were read, else at form feeds, else after lines that number them one by one.

    It does not matter whether such a line is at the top or the bottom of its page: repeated lines are next to it either way.
    """
    known = list(document.pages.start)
    if len(known) > 1:
        return known
    feeds = [m.start() for m in re.finditer("\f", document.text)]
    return [0, *(feeds or _numbered(document.text))]


def _numbered(text: str) -> list[int]:
    """Return the ends of the lines that number pages: of those that look alike, if they count up by one."""
    folded = text.casefold()
    if not any(word in folded for word in _PAGE_WORDS):  # many times as fast as the pattern
        return []
    alike: dict[str, list[tuple[int, int]]] = {}
    for m in _PAGE_NUMBER.finditer(text):
        look = _without_numbers(text[text.rfind("\n", 0, m.start()) + 1 : m.end()])
        alike.setdefault(look, []).append((m.end(), int(m[1])))
    found = max(alike.values(), key=len, default=[])
    if any(b != a + 1 for (_, a), (_, b) in pairwise(found)):
        return []
    last = len(text.rstrip())
    return [end for end, _ in found if end < last]


def _edges(text: str, start: int, end: int) -> Iterator[list[tuple[tuple[int, str], Range]]]:
    """Yield the non-blank lines of a page from the top down, then from the bottom up, each with its position and look."""
    lines = [m.span() for m in re.finditer(r"[^\n]*\S[^\n]*", text[start:end])]
    top, foot = lines[: min(EDGE_MAX_LINES, len(lines) // 2)], lines[::-1][: min(EDGE_MAX_LINES, len(lines) // 2)]
    for sign, edge in ((1, top), (-1, foot)):
        lines = [(start + a, start + b) for a, b in edge]
        yield [((sign * i, _without_numbers(text[a:b])), (a, b)) for i, (a, b) in enumerate(lines, 1)]


def _without_numbers(line: str) -> str:
    """Return a line in lower case with every number as 0.

    >>> _without_numbers("  Page 1 of 18   carried  -25,814.79 DR"), _without_numbers("Page 12 of 18 carried 3.00 DR")
    ('page 0 of 0 carried 0 dr', 'page 0 of 0 carried 0 dr')
    """
    return " ".join(_NUMBER.sub("0", line).casefold().split())


def _disjoint(ranges: list[Range]) -> list[Range]:
    found: list[Range] = []
    for start, end in ranges:
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
