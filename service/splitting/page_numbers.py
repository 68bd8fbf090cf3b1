"""Find printed page numbers, and compare those of neighbouring pages for the signals of a gap."""

from __future__ import annotations

import re
from dataclasses import dataclass

from thresher.service.splitting.page_edges import EDGE_ROWS, PageView

_PAGE = r"(?:page|pages|seite|blatt|p[aá]g(?:ina)?|pg|p|sida|side|strona|sivu|pagina)"
_OF = r"(?:of|von|de|sur|di|van|av|z|aus|out of|/)"
_LABELLED = re.compile(
    rf"(?<!\w){_PAGE}\.?\s*(?:no\.?|nr\.?|#)?\s*:?\s*[-–]?\s*(\d{{1,5}})(?:\s*{_OF}\s*(\d{{1,5}}))?(?![\w,]|\.\d)",
    re.IGNORECASE,
)
_COUNTED = re.compile(rf"[\s(\[|–—-]*(\d{{1,4}})\s*{_OF}\s*(\d{{1,4}})[\s)\]|–—-]*", re.IGNORECASE)
_BARE = re.compile(r"[\s(\[|–—-]*(\d{1,4}|[ivxl]{1,7})[\s)\]|.–—-]*", re.IGNORECASE)
_PREFIXED = re.compile(r"[\s(\[|–—-]*([A-Z]{1,3}|[A-Z][\w.]{0,8})\s?[-–]\s?(\d{1,4})[\s)\]|–—-]*")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}
OUTERMOST_ROWS = 2  # outermost rows, where a number may stand without the word "page"
_PAGE_NUMBER_LIMIT = 2000  # a number from here on is a year or an amount


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A page number as printed on a page."""

    style: str  # "page", "of", "bare", "roman", or the prefix: numbers of one style form one sequence
    value: int
    total: int | None = None  # number of pages, where printed ("3 of 12")


def printed_numbers(page: PageView) -> list[PrintedNumber]:
    """Return the candidates for the printed number of a page; there may be several, or none."""
    top, foot = page.rows[:EDGE_ROWS], page.rows[max(len(page.rows) - EDGE_ROWS, EDGE_ROWS) :]
    found = [
        PrintedNumber("page", int(m[1]), int(m[2]) if m[2] else None)
        for row in (*top, *foot)
        for m in _LABELLED.finditer(row)
    ]
    for row in (*top[:OUTERMOST_ROWS], *(top + foot)[-OUTERMOST_ROWS:]):
        found += _number_only(row)
        last = row.split("\t")[-1]
        found += [one for one in _number_only(last) if last != row and one.total is None]
    return [
        one
        for one in dict.fromkeys(found)
        if 0 < one.value < _PAGE_NUMBER_LIMIT and one.value <= (one.total or one.value)
    ]


def _number_only(part: str) -> list[PrintedNumber]:
    """Return the page number that is the whole of a row, or of the last cell of one, as a list of at most one."""
    if match := _COUNTED.fullmatch(part):
        return [PrintedNumber("of", int(match[1]), int(match[2]))]
    if match := _BARE.fullmatch(part):
        text = match[1].lower()
        return [PrintedNumber("bare", int(text))] if text.isdigit() else [PrintedNumber("roman", roman(text))]
    if match := _PREFIXED.fullmatch(part):
        return [PrintedNumber(f"{match[1]}-", int(match[2]))]
    return []


def without_numbers(row: str) -> str:
    r"""Remove what may be a page number from a row.

    >>> without_numbers("Order 7\tPage 3 of 12"), without_numbers("- 4 -")
    ('Order 7', '')
    """
    return "" if _number_only(row) else _LABELLED.sub("", row).strip()


def roman(text: str) -> int:
    """Convert a small lower-case Roman numeral; 0 for anything else.

    >>> roman("xiv"), roman("ix"), roman("iix")
    (14, 9, 0)
    """
    values = [_ROMAN[c] for c in text]
    total = sum(-v if any(w > v for w in values[i + 1 : i + 2]) else v for i, v in enumerate(values))
    return total if _roman(total) == text else 0


def _roman(value: int) -> str:
    """Write a number below 90 as a lower-case Roman numeral."""
    out = ""
    for worth, letters in ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        out += letters * max(value // worth, 0)
        value -= worth * max(value // worth, 0)
    return out


def numbering_signals(numbers: list[list[PrintedNumber]], i: int, j: int) -> dict[str, float]:
    """Compare the printed numbers of the pages i and j (0-based; between them are only blank pages)."""
    before, after = numbers[i], numbers[j]
    further = numbers[j + 1] if j + 1 < len(numbers) else []
    earlier = numbers[i - 1] if i else []
    continuing = [pair for by in range(1, j - i + 1) for pair in _step(before, after, by)]
    counted = any(b.total and b.total == a.total for b, a in continuing)
    bridged = not continuing and bool(_step(before, further, j + 1 - i) or _step(earlier, after, j + 1 - i))
    first = [] if continuing else [a for a in after if a.value == 1 and not a.style.endswith("-")]
    late = [] if continuing or first else [a for a in after if a.value > 1]
    ends = any(b.total == b.value for b in before)
    return {
        "number_goes_on": float(bool(continuing) and not counted),
        "count_goes_on": float(counted),
        "number_bridges": float(bridged),
        "number_starts": float(bool(first) and not any(a.total for a in first)),
        "count_starts": float(any(a.total for a in first)),
        "count_ends": float(ends and not continuing),
        "count_is_cut": float(not continuing and not ends and any(b.total for b in before)),
        "number_starts_unseen": float(
            not (continuing or first or bridged or after) and any(f.value == 2 for f in further)
        ),
        "number_is_late": float(bool(late)),
        "number_is_second": float(not before and any(a.value == 2 for a in late)),
        "number_jumps": float(_jumps(before, late)),
        "unnumbered": float(not before and not after),
        "number_vanishes": float(bool(before) and not after and not bridged),
    }


def _step(
    before: list[PrintedNumber], after: list[PrintedNumber], by: int
) -> list[tuple[PrintedNumber, PrintedNumber]]:
    """Return the pairs of numbers of one style where the second is `by` larger."""
    return [(b, a) for b in before for a in after if b.style == a.style and a.value == b.value + by]


def _jumps(before: list[PrintedNumber], late: list[PrintedNumber]) -> bool:
    """Whether a number continues the style of the page before, but is neither equal nor the next."""
    return any(b.style == a.style and a.value not in {b.value, b.value + 1} for b in before for a in late)
