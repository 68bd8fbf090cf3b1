"""Prose: whether a text is one of sentences, and its tables of contents, which name everything and say nothing."""

from __future__ import annotations

import re

from thresher.service.rules.spans.line_pieces import Layout

LONG = 55  # characters of a line that is part of a sentence
FIGURES = 0.1  # of a line's characters; more are no sentence
MOSTLY = 0.5  # of a text's characters in such lines
LEAST = 1500  # characters; a note is shorter
RUN = 6  # neighbouring rows that end in page numbers
APART = 3  # rows of other things between two of them
_ENTRY = re.compile(r"[^\W\d_]{3}.*?(?:\s|\.{2}|…)\s*(?P<page>\d{1,3}|[ivxl]{1,6})\s*$", re.DOTALL)
_AMOUNT = re.compile(r"[$€£]|\d[.,]\d\d\d?(?!\d)[^\n]*\d[.,]\d\d")
_DATA = re.compile(r"\b(?:xml|json|yaml)\b(?!.*html)")
_PAGE = re.compile(r"\W*(?:page\s*)?\d{1,3}\W*$", re.IGNORECASE)


def is_prose(layout: Layout) -> bool:
    """Whether most of the text is sentences: a contract, a report, no form and no receipt."""
    if "prose" not in layout.memory:
        body = layout.text[layout.start : layout.end]
        long = sum(len(line) for line in body.split("\n") if _is_sentence(line))
        layout.memory["prose"] = len(body) > LEAST and long > MOSTLY * len(body)
    return bool(layout.memory["prose"])


def is_data(layout: Layout) -> bool:
    """Whether the text is of keys and values, which no printed page has: an invoice as XML."""
    return bool(_DATA.search(layout.document.source.media_type))


def _is_sentence(line: str) -> bool:
    """Whether a line is part of a sentence, and no row of a table."""
    return len(line) > LONG and "\t" not in line and sum(c.isdigit() for c in line) < FIGURES * len(line)


def in_sentence(layout: Layout, start: int) -> bool:
    """Whether a place is in a line of a sentence of such a text, and in no form or table that it holds too."""
    if not is_prose(layout):
        return False
    begin = layout.text.rfind("\n", layout.start, start) + 1
    end = layout.text.find("\n", start)
    return _is_sentence(layout.text[begin : end if end >= 0 else layout.end])


def in_contents(layout: Layout, start: int) -> bool:
    """Whether a place of the text is a line of a table of contents."""
    if "contents" not in layout.memory:
        layout.memory["contents"] = _contents(layout) if is_prose(layout) else set()
    i = layout.at(start)
    return i >= 0 and layout.pieces[i].row in layout.memory["contents"]


def _contents(layout: Layout) -> set[int]:
    found: set[int] = set()
    run: list[int] = []
    last = 0
    for r, row in enumerate(layout.rows):
        page = _page(layout, row)
        if page is None or (run and r - run[-1] > APART) or page < last:
            if page is None and run and r - run[-1] <= APART:
                continue
            found |= _whole(run)
            run, last = [], 0
        if page is not None:
            run.append(r)
            last = page
    return found | _whole(run)


def _whole(run: list[int]) -> set[int]:
    return set(range(run[0], run[-1] + 1)) if len(run) >= RUN else set()


def _page(layout: Layout, row: list[int]) -> int | None:
    """The number of a page that a row ends in; 0 for a Roman one."""
    text = " ".join(layout.words(i) for i in row)
    entry = _ENTRY.search(text) if len(text) < 2 * LONG and not _PAGE.match(text) and not _AMOUNT.search(text) else None
    if entry is None:
        return None
    return int(entry["page"]) if entry["page"].isdigit() else 0
