"""Compute the signals of a gap: numbers about the pages around it that indicate whether a document begins there."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from thresher.schemas.document import Document
from thresher.service.splitting.boundary_words import (
    closing_signals,
    is_first,
    is_numbered,
    named_codes,
    opening_signals,
)
from thresher.service.splitting.page_edges import PageView, masked, page_views
from thresher.service.splitting.page_numbers import PrintedNumber, numbering_signals, printed_numbers, without_numbers

Signals = dict[str, float]

_SENTENCE_ENDS = (".", "!", "?", ":", ";", '"', "”", ")", "_")
_FULL_ROW_CHARS = 45  # characters: a row of prose this long without a sentence end continues
_COVER_MAX_WORDS = 110  # words: a page with fewer may be a cover
_UNLIKE_COSINE = 0.12  # cosine: neighbours in one document are seldom less alike
_FIRST_TAGS = ("AAAAA", "BAAAA", "CAAAA", "DAAAA", "EAAAA")  # consecutive tags, which say nothing about the file
_SIMILARITY_SIGNALS = (
    "likeness",
    "top_same",
    "foot_same",
    "fonts_shared",
    "fonts_tagged",
    "codes_shared",
    "rare_codes_shared",
    "code_is_same",
)
_COMPARABLE_MIN_WORDS = 40  # a page with fewer words is too short to compare by words


@dataclass(slots=True)
class FilePages:
    """The pages of one file, with the words, codes and printed numbers of each."""

    pages: list[PageView]
    numbers: list[list[PrintedNumber]] = field(init=False)
    vectors: list[dict[str, float]] = field(init=False)  # tf-idf of each page, of length 1
    common: Counter[str] = field(init=False)  # number of pages that contain each code

    def __post_init__(self) -> None:
        """Count words, codes and page numbers once."""
        self.numbers = [printed_numbers(p) for p in self.pages]
        self.vectors = _vectors([Counter(p.words) for p in self.pages])
        self.common = Counter(code for p in self.pages for code in p.codes)

    @classmethod
    def of(cls, document: Document) -> FilePages:
        """Build it for the pages of a Document."""
        return cls(page_views(document))

    def gap(self, j: int) -> Signals | None:
        """Return the signals of the gap before page j (0-based), each about 0 to 1.

        None before a blank page and before the first page with text.

        Blank pages are skipped: the page before the gap is the last one with text.
        """
        i = next((k for k in range(j - 1, -1, -1) if self.pages[k].rows), None)
        if i is None or not self.pages[j].rows:
            return None
        before, after = self.pages[i], self.pages[j]
        running = self._running(i, j)
        return _with_interactions(
            {
                **numbering_signals(self.numbers, i, j),
                **opening_signals(after),
                **closing_signals(before),
                **_edges(before, after),
                **_shape(before, after),
                **_fonts(before, after),
                **_flow(_body(before, running), _body(after, running)),
                **self._words(i, j),
                "cover_before": float(len(before.words) < _COVER_MAX_WORDS),
                "cover_after": float(len(after.words) < _COVER_MAX_WORDS),
                "blank_between": float(j - i > 1),
            }
        )

    def _running(self, i: int, j: int) -> set[str]:
        """Return the rows at the edges that a neighbouring page has, too, with numbers masked."""
        around = [self.pages[k] for k in (i - 1, i, j, j + 1) if 0 <= k < len(self.pages)]
        edges = [{masked(r) for r in (*p.top_rows, *p.foot_rows)} for p in around]
        return set().union(*(a & b for a, b in pairwise(edges)))

    def _words(self, i: int, j: int) -> Signals:
        """Compare the two pages by their words (cosine of tf-idf) and their codes."""
        before, after = self.pages[i], self.pages[j]
        shared, fewest = before.codes & after.codes, min(len(before.codes), len(after.codes))
        rare = [c for c in shared if self.common[c] <= max(4, len(self.pages) // 4)]
        comparable = min(len(before.words), len(after.words)) >= _COMPARABLE_MIN_WORDS
        likeness = self._cosine(i, j)
        sides = [self._cosine(a, b) for a, b in ((i - 1, i), (j, j + 1)) if a >= 0 and b < len(self.pages)]
        one, two = named_codes(before), named_codes(after)
        return {
            "likeness": likeness,
            "unlike": max(0.0, 1 - likeness / _UNLIKE_COSINE) if comparable else 0.0,
            "dips": max(-0.5, min(0.5, sum(sides) / len(sides) - likeness)) if sides else 0.0,
            "few_words": float(not comparable),
            "codes_shared": len(shared) / fewest if fewest else 0.0,
            "rare_codes_shared": min(len(rare), 4) / 4,
            "code_is_same": float(any(one[k] == two[k] for k in one.keys() & two)),
            "code_differs": float(bool(one.keys() & two) and all(one[k] != two[k] for k in one.keys() & two)),
        }

    def _cosine(self, i: int, j: int) -> float:
        a, b = sorted((self.vectors[i], self.vectors[j]), key=len)
        return sum(v * b[w] for w, v in a.items() if w in b)


def _with_interactions(signals: Signals) -> Signals:
    """Add signals that are products of others, and drop similarity where the pages name different documents."""
    ends = max(signals["farewell"], signals["total"], float(signals["signed"] > 0.5))
    opens = max(signals["title_of_kind"], float(signals["labels"] >= 0.5), signals["opens"]) * (1 - signals["annex"])
    letters = signals["farewell"] * signals["greets"]
    restarts = signals["count_starts"] * signals["count_ends"]
    if signals["code_differs"] or signals["mail_head"] or letters or restarts:
        signals = signals | dict.fromkeys(_SIMILARITY_SIGNALS, 0.0)
    return signals | {"ends_and_opens": ends * opens, "letter_after_letter": letters, "count_restarts": restarts}


def _vectors(counts: list[Counter[str]]) -> list[dict[str, float]]:
    """Return tf-idf vectors of length 1, with the logarithm of counts."""
    pages_with = Counter(w for c in counts for w in c)
    rarity = {w: math.log(1 + len(counts) / n) for w, n in pages_with.items()}
    vectors = []
    for count in counts:
        raw = {w: (1 + math.log(n)) * rarity[w] for w, n in count.items()}
        size = math.sqrt(sum(v * v for v in raw.values())) or 1.0
        vectors.append({w: v / size for w, v in raw.items()})
    return vectors


def _edges(before: PageView, after: PageView) -> Signals:
    """Measure how many running titles and feet two pages share: identical, or equal but for numbers."""
    signals = {}
    for name, one, two in (
        ("top", before.top_rows[:4], after.top_rows[:4]),
        ("foot", before.foot_rows[-4:], after.foot_rows[-4:]),
    ):
        a, b = ({r for row in rows if len(r := without_numbers(row)) > 4} for rows in (one, two))
        same = len(a & b)
        alike = len({masked(r) for r in a} & {masked(r) for r in b})
        signals[f"{name}_same"] = min(same, 2) / 2
        signals[f"{name}_renumbered"] = min(max(alike - same, 0), 2) / 2
    return signals


def _shape(before: PageView, after: PageView) -> Signals:
    """Measure changes of paper size, letter size and margins, and how full the page before is."""
    known = bool(before.size and after.size)
    return {
        "paper_changes": float(abs(before.width - after.width) + abs(before.height - after.height) > 4),
        "turned": float((before.width > before.height) != (after.width > after.height)),
        "scan_switch": float(before.ocr != after.ocr),
        "size_changes": min(abs(math.log(before.size / after.size)), 0.5) * 2 if known else 0.0,
        "margin_moves": min(abs(before.left - after.left), 0.2) * 5 if known else 0.0,
        "room_left": max(0.0, 0.9 - before.bottom) if before.size else 0.0,
        "large_head": max(0.0, min(after.head / after.size - 1, 2.0)) / 2 if after.size else 0.0,
        "rows_change": min(abs(math.log(before.row_length / after.row_length)), 1.5) / 1.5,
    }


def _fonts(before: PageView, after: PageView) -> Signals:
    """Compare the fonts of two pages; a shared subset tag indicates that both pages come from one file."""
    known = bool(before.fonts and after.fonts)
    shared = before.fonts & after.fonts
    return {
        "fonts_apart": float(known and not shared),
        "fonts_shared": len(shared) / min(len(before.fonts), len(after.fonts)) if known else 0.0,
        "fonts_tagged": float(any("+" in name and not name.startswith(_FIRST_TAGS) for name in shared)),
    }


def _body(page: PageView, running: set[str]) -> list[str]:
    """Return the rows of a page without running titles, feet and bare numbers."""
    return [r for r in page.rows if masked(r) not in running and any(c.isalpha() for c in without_numbers(r))]


def _flow(before: list[str], after: list[str]) -> Signals:
    """Measure whether text continues over the gap."""
    last, first = (before[-1] if before else ""), (after[0] if after else "")
    cut = len(last) > _FULL_ROW_CHARS and not last.endswith(_SENTENCE_ENDS) and "\t" not in last
    return {
        "starts_small": float(first[:1].islower()),
        "sentence_is_cut": float(cut),
        "clause_number": float(is_numbered(first) and not is_first(first)),
        "first_clause": float(is_first(first)),
        "starts_long": float(len(first) > 2 * _FULL_ROW_CHARS),
    }
