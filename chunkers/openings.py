"""Find the title and terms at a document's beginning, and labels anywhere in it.

These are its title, the parties and the terms that its preamble defines, and labels that stand alone above the rows of a
list. They are taken from the document's own text, without a model.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import islice

from thresher.schemas.document import BlockKind, Document

Range = tuple[int, int]
PREAMBLE_MAX_CHARS = 8_000  # code points in which parties and terms may be introduced
MAX_TERMS = 8
BEFORE_MAX_CHARS = 160  # code points before a defined term that may say what it stands for
TITLE_MAX_CHARS = 300  # code points of the lines at the top of a text that name it
LABEL_MAX_CHARS = 60  # code points of a line that may label the rows below it
TITLE, TERMS = "Title: ", "Parties and defined terms: "
_TERM = re.compile(
    r"\((?:[^()\"“”„«»]{0,60}\s)?[\"“„«](?P<term>[^\"“”„«»\n]{2,40})[\"”“»][^()\n]{0,60}\)", re.IGNORECASE
)
_BETWEEN = re.compile(
    r"^[ \t]*(?:by and )?(?:between|among|zwischen|entre|tussen|tra)\b[^\n]{4,200}$", re.IGNORECASE | re.MULTILINE
)
_NAMES = re.compile(r"[A-Z][\w.&]+,? (?:& )?[A-Z]")  # a name of several words
_SENTENCE = re.compile(  # an end of a sentence: no short word with a capital stands before its full stop, as in "Inc."
    r"(?:(?<!\w)\w{5,}|(?<![^\W\d_])(?:[a-z]\w{0,3}|\d{1,4}))[\"”’)]?[.;]\s+(?=[\"“(]?\w)|\n\s*\n"
)
_PLAIN = (BlockKind.PARAGRAPH, BlockKind.HEADING)


def title_of(document: Document) -> Range | None:
    """Return the lines at the top of a text that name it; None where it begins without a title.

    They end before the first sentence, row of cells, line without letters, or heading of a lower level.
    """
    text, found, lower = document.text, None, _lower_headings(document)
    start = len(text) - len(text.lstrip())
    first = start
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end].strip()
        if end - first > TITLE_MAX_CHARS or start in lower or (line and not _is_name(document, line, start)):
            break
        found = (first, end) if line else found
        start = end + 1
    return found


def _lower_headings(document: Document) -> set[int]:
    """Return where those of the first headings begin that have a lower level than the first one, which are no title."""
    levels = [(start, level) for start, _, kind, level in islice(document.blocks, 12) if kind == BlockKind.HEADING]
    return {start for start, level in levels if level > levels[0][1]}


def _is_name(document: Document, line: str, start: int) -> bool:
    """Whether a line may be part of a title: words of one cell that end no sentence."""
    return (
        any(c.isalpha() for c in line)
        and "\t" not in line
        and line[-1] not in ".;,"
        and document.table_at(start) is None
    )


def terms_of(document: Document) -> list[Range]:
    """Return where the parties and the defined terms are introduced, in text order: the sentence up to the term.

    A term is a name: it has a capital, and so does what it stands for. Terms of one sentence are one range.
    """
    head = document.text[:PREAMBLE_MAX_CHARS]
    found = [m.span() for m in _BETWEEN.finditer(head) if _NAMES.search(m[0])][:1]
    taken = 0
    for match in _TERM.finditer(head):
        done = found[-1][1] if found else 0
        if taken == MAX_TERMS:
            break
        first = _introduction_start(document, done, match.start())
        if match.start() < done or not _is_introduced(head[first : match.start()], match["term"]):
            continue
        taken += 1
        joins = bool(found) and first == done
        found = [*(found[:-1] if joins else found), (found[-1][0] if joins else first, match.end())]
    return found


def _is_introduced(before: str, term: str) -> bool:
    """Whether the words before a term name something: one of them, also the first, begins with a capital.

    In a script without capitals any words do.
    """
    if "\t" in before or not any(c.isalpha() for c in before) or term[0].islower():
        return False
    _, *words = before.split() or [""]
    cased = any(c.islower() or c.isupper() for c in before)
    return not cased or any(w.lstrip("(“\"'")[:1].isupper() for w in words) or before.strip()[:1].isupper()


def labels_of(document: Document) -> list[Range]:
    """Return the lines that stand alone as labels of what is below them: short, without figures or a full stop."""
    text, found = document.text, list[Range]()
    blocks = list(document.blocks)
    for i, (start, end, kind, _) in enumerate(blocks):
        line = text[start:end].strip()
        if kind not in _PLAIN or not 2 < len(line) <= LABEL_MAX_CHARS or not line[0].isalpha() or "\n" in line:
            continue
        above = text[blocks[i - 1][1] if i else 0 : start]
        below = text[end : blocks[i + 1][0] if i + 1 < len(blocks) else len(text)]
        is_apart = above.count("\n") > 1 and below.count("\n") > 1
        if (
            is_apart
            and "  " not in line
            and "\t" not in line
            and not line.endswith((".", ";", ","))
            and not _has_figure(line)
        ):
            found.append((start, end))
    return found


def label_at(labels: list[Range], offset: int) -> list[Range]:
    """Return the last label before an offset, as a list of one; empty where there is none."""
    i = bisect_right(labels, (offset, -1)) - 1
    return [labels[i]] if i >= 0 and labels[i][1] <= offset else []


def _has_figure(line: str) -> bool:
    return any(c.isdigit() for c in line)


def _introduction_start(document: Document, done: int, last: int) -> int:
    """Return where the words before a term begin: after the previous term, the last sentence or block, or at a word.

    Where its block has no words before it, the line above names what it stands for.
    """
    text, blocks = document.text, document.blocks
    i = bisect_right(blocks.start, last) - 1
    block = blocks.start[i] if i >= 0 else 0
    if not any(c.isalnum() for c in text[block:last]):
        block = text.rfind("\n", 0, len(text[:block].rstrip())) + 1
    first = max(done, block, last - BEFORE_MAX_CHARS)
    ends = [m.end() for m in _SENTENCE.finditer(text, first, last) if any(c.isalnum() for c in text[m.end() : last])]
    if ends:
        return ends[-1]
    blank = text.find(" ", first, last)
    return first if first in (0, done, block) or text[first - 1].isspace() or blank < 0 else blank + 1
