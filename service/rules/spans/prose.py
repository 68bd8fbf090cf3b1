"""Recognise texts of sentences, and their tables of contents, which contain many names but no values."""

from __future__ import annotations

import re

from thresher.service.rules.spans.line_pieces import Layout

SENTENCE_LINE_MIN_CHARS = 55  # characters; a longer line may be part of a sentence
MAX_FIGURES_SHARE = 0.1  # of a line's characters; with more figures it is no sentence
SENTENCES_MIN_SHARE = 0.5  # of a text's characters; a text of sentences has more in such lines
PROSE_MIN_CHARS = 1500  # characters; a text of sentences is longer
CONTENTS_MIN_ROWS = 6  # fewest rows of a table of contents
CONTENTS_GAP_MAX_ROWS = 3  # most rows between two rows of a table of contents
_ENTRY = re.compile(r"[^\W\d_]{3}.*?(?:\s|\.{2}|…)\s*(?P<page>\d{1,3}|[ivxl]{1,6})\s*$", re.DOTALL)
_AMOUNT = re.compile(r"[$€£]|\d[.,]\d\d\d?(?!\d)[^\n]*\d[.,]\d\d")
_DATA = re.compile(r"\b(?:xml|json|yaml)\b(?!.*html)")
_PAGE = re.compile(r"\W*(?:page\s*)?\d{1,3}\W*$", re.IGNORECASE)


def is_prose(layout: Layout) -> bool:
    """Whether most of the text is sentences, as in a contract or report, unlike a form or receipt."""
    if "prose" not in layout.memory:
        body = layout.text[layout.start : layout.end]
        long = sum(len(line) for line in body.split("\n") if _is_sentence(line))
        layout.memory["prose"] = len(body) > PROSE_MIN_CHARS and long > SENTENCES_MIN_SHARE * len(body)
    return bool(layout.memory["prose"])


def is_data(layout: Layout) -> bool:
    """Whether the text is keys and values that no printed page has, such as an invoice in XML."""
    return bool(_DATA.search(layout.document.source.media_type))


def _is_sentence(line: str) -> bool:
    """Whether a line is part of a sentence, and no row of a table."""
    return (
        len(line) > SENTENCE_LINE_MIN_CHARS
        and "\t" not in line
        and sum(c.isdigit() for c in line) < MAX_FIGURES_SHARE * len(line)
    )


def in_sentence(layout: Layout, start: int) -> bool:
    """Whether an offset is in a sentence of a text of sentences, and not in a form or table within it."""
    if not is_prose(layout):
        return False
    begin = layout.text.rfind("\n", layout.start, start) + 1
    end = layout.text.find("\n", start)
    return _is_sentence(layout.text[begin : end if end >= 0 else layout.end])


def in_contents(layout: Layout, start: int) -> bool:
    """Whether an offset is in a table of contents."""
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
        if page is None or (run and r - run[-1] > CONTENTS_GAP_MAX_ROWS) or page < last:
            if page is None and run and r - run[-1] <= CONTENTS_GAP_MAX_ROWS:
                continue
            found |= _rows_of_contents(run)
            run, last = [], 0
        if page is not None:
            run.append(r)
            last = page
    return found | _rows_of_contents(run)


def _rows_of_contents(run: list[int]) -> set[int]:
    return set(range(run[0], run[-1] + 1)) if len(run) >= CONTENTS_MIN_ROWS else set()


def _page(layout: Layout, row: list[int]) -> int | None:
    """Return the page number at the end of a row, 0 for a Roman one; None without one."""
    text = " ".join(layout.words(i) for i in row)
    entry = (
        _ENTRY.search(text)
        if len(text) < 2 * SENTENCE_LINE_MIN_CHARS and not _PAGE.match(text) and not _AMOUNT.search(text)
        else None
    )
    if entry is None:
        return None
    return int(entry["page"]) if entry["page"].isdigit() else 0
