"""Introductions: whether the first sentences of a contract bring in more parties than were found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

EARLY = 8000  # characters in which a contract introduces its parties
TWO = 2  # parties that make a contract
STRANGE = "not sure: {!r} does not stand in the sentence that says between whom it is"
REACH = 1500  # characters after the last party that was found
_OPENS = re.compile(r"\b(?:between|among|zwischen|entre)\b", re.IGNORECASE)
_CLOSES = re.compile(
    r"\b(?:WHEREAS|Whereas|RECITALS|Recitals|WITNESS\w*|BACKGROUND|Background|NOW,? THEREFORE)\b|W I T N E S S|\n\s*1\.\s"
)
_CALLED = re.compile(
    r"(?:\(\s*[^()“”\"‘’]{0,180}[“\"”‘’']{1,2}|\bcalled\s+(?:the\s+)?[“\"”])(?P<name>[^“”\"‘’()]{2,50})[”\"“’']{1,2}[^()]{0,40}\)?"
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
    end = _ending(layout, max(s for s in found if s - opening < REACH))
    if more := _more(layout, found, opening, end):
        return f"not sure: the text names one more, whom it calls {more!r}"
    if outside := _outside(layout, spans, opening, end):
        return STRANGE.format(outside[0].text)
    lone = len(spans) == 1 and not _BLANK.search(layout.text, opening, end + 1)
    return "not sure: it is between two, and only one was found" if lone else ""


def strangers(layout: Layout, spans: list[Span]) -> list[Span]:
    """Those of the parties found that do not stand in the sentence that says between whom it is, if two others do."""
    found = sorted(s.start for s in spans if s.start - layout.start < EARLY)
    opening = _opening(layout, found)
    if opening is None:
        return []
    return _outside(layout, spans, opening, _ending(layout, max(s for s in found if s - opening < REACH)))


def _outside(layout: Layout, spans: list[Span], opening: int, end: int) -> list[Span]:
    sentence = plain(layout.text[opening:end])
    outside = [s for s in spans if plain(s.text) not in sentence]
    return outside if len(spans) - len(outside) >= TWO else []


def introductions(layout: Layout, spans: list[Span]) -> Iterator[tuple[int, int, bool]]:
    """Parts of the first sentence that end in what it calls somebody who is not found: start, end, whether it is the first."""
    found = sorted(s.start for s in spans if s.start - layout.start < EARLY)
    opening = _opening(layout, found)
    if opening is None:
        return
    end = _ending(layout, max(s for s in found if s - opening < REACH))
    yield from ((a, b, a == opening) for a, b, _ in _unnamed(layout, found, opening, end))


def _more(layout: Layout, found: list[int], last: int, end: int) -> str:
    """What the text calls somebody whom it joins to the parties found, and who is not among them; "" if nobody."""
    unnamed = _unnamed(layout, found, last, end)
    return next((name for start, at, name in unnamed if _names_one(layout.text[start:at])), "")


def _unnamed(layout: Layout, found: list[int], last: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Start and end of what stands before each thing that is called somehow and holds no party found, and what it is called."""
    for m in _CALLED.finditer(layout.text, last, end):
        if _NO_PARTY.search(m["name"]):
            continue
        if not any(last <= s < m.start() for s in found):
            yield last, m.start(), m["name"]
        last = m.end()


def _names_one(text: str) -> bool:
    """Whether a name follows the word that joins it, and no blank to be filled in."""
    joins = list(_JOINS.finditer(text))
    return bool(joins) and not _BLANK.search(text) and bool(_NAMED.search(text, joins[0].end()))


def _ending(layout: Layout, last: int) -> int:
    """Where the sentence ends that names the last of the parties found."""
    ends = [p.search(layout.text, last, min(last + REACH, layout.end)) for p in (_CLOSES, _STOP)]
    return min((m.start() + 1 for m in ends if m), default=min(last + REACH, layout.end))


def _opening(layout: Layout, found: list[int]) -> int | None:
    """Where the sentence begins that names parties: the last "between" before the first of them that has one near."""
    opens = [m.end() for m in _OPENS.finditer(layout.text, layout.start, max(found))] if found else []
    before = ((at, max((o for o in opens if o <= at), default=None)) for at in found)
    return next((o for at, o in before if o is not None and at - o < REACH), None)
