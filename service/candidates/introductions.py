"""Introductions: whether the first sentences of a contract bring in more parties than were found."""

from __future__ import annotations

import re

from service.candidates.layout import Layout
from service.candidates.span import Span

EARLY = 8000  # characters in which a contract introduces its parties
REACH = 1500  # characters after the last party that was found
_OPENS = re.compile(r"\b(?:between|among|zwischen|entre)\b", re.IGNORECASE)
_CLOSES = re.compile(
    r"\b(?:WHEREAS|Whereas|RECITALS|Recitals|WITNESS\w*|BACKGROUND|Background|NOW,? THEREFORE)\b|W I T N E S S|\n\s*1\.\s"
)
_CALLED = re.compile(
    r"(?:\(\s*[^()“”\"‘’]{0,60}[“\"”‘’']{1,2}|\bcalled\s+(?:the\s+)?[“\"”])(?P<name>[^“”\"‘’()]{2,50})[”\"“’']{1,2}[^()]{0,40}\)?"
)
_NO_PARTY = re.compile(
    r"\b(?:agreement|part(?:y|ies)|date|purpose|transaction|information|territory|services?|products?|program|project|contract|business|act)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"(?:[)”\"’]|[a-z]{4})\s?\.\s+(?=[A-Z])")
_NAMED = re.compile(r"[A-Z]\w+")
_JOINS = re.compile(r"\b(?:and|AND|und|et)\b|\(\d\)")
_BLANK = re.compile(r"_{3,}|\band\s*(?:,|\(\s*(?:the\s+)?[“\"])|\[[^\]]{0,40}\]|\.{5,}")


def not_whole(layout: Layout, spans: list[Span]) -> str:
    """Why the parties found may not be all; "" if nothing says so."""
    found = sorted(s.start for s in spans if s.start - layout.start < EARLY)
    opening = _opening(layout, found)
    if opening is None:
        return "not sure: no sentence says between whom it is" if spans else ""
    end = _ending(layout, max(found))
    if more := _more(layout, found, opening, end):
        return f"not sure: the text names one more, whom it calls {more!r}"
    lone = len(spans) == 1 and not _BLANK.search(layout.text, opening, end + 1)
    return "not sure: it is between two, and only one was found" if lone else ""


def _more(layout: Layout, found: list[int], last: int, end: int) -> str:
    """What the text calls somebody whom it joins to the parties found, and who is not among them; "" if nobody."""
    for m in _CALLED.finditer(layout.text, last, end):
        if _NO_PARTY.search(m["name"]):
            continue
        if not any(last <= s < m.start() for s in found) and _names_one(layout.text[last : m.start()]):
            return m["name"]
        last = m.end()
    return ""


def _names_one(text: str) -> bool:
    """Whether a name follows the word that joins it, and no blank to be filled in."""
    joins = list(_JOINS.finditer(text))
    return bool(joins) and not _BLANK.search(text) and bool(_NAMED.search(text, joins[0].end()))


def _ending(layout: Layout, last: int) -> int:
    """Where the sentence ends that names the last of the parties found."""
    ends = [p.search(layout.text, last, min(last + REACH, layout.end)) for p in (_CLOSES, _STOP)]
    return min((m.start() + 1 for m in ends if m), default=min(last + REACH, layout.end))


def _opening(layout: Layout, found: list[int]) -> int | None:
    """Where the sentence begins that names the first party: its last "between" before it."""
    opens = [m.end() for m in _OPENS.finditer(layout.text, layout.start, found[0])] if found else []
    return opens[-1] if opens and found[0] - opens[-1] < REACH else None
