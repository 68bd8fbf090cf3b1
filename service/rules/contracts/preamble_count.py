"""Check whether the first sentences of a contract introduce more parties than were found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

PREAMBLE_CHARS = 8000  # characters at the beginning in which a contract introduces its parties
MIN_PARTIES = 2  # fewest parties of a contract
NOT_IN_PREAMBLE = "not sure: {!r} does not stand in the sentence that names the parties"
SEARCH_CHARS = 1500  # characters searched after the last party found
_OPENS = re.compile(r"\b(?:between|among|zwischen|entre)\b", re.IGNORECASE)
_CLOSES = re.compile(
    r"\b(?:WHEREAS|Whereas|RECITALS|Recitals|WITNESS\w*|BACKGROUND|Background|NOW,? THEREFORE)\b|W I T N E S S|\n\s*1\.\s"
)
_DEFINED_NAME = re.compile(
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


def missing_party_reason(layout: Layout, spans: list[Span]) -> str:
    """Return why the parties found may be incomplete; "" without a reason."""
    found = sorted(s.start for s in spans if s.start - layout.start < PREAMBLE_CHARS)
    opening = _opening(layout, found)
    if opening is None:
        return "not sure: no sentence names the parties" if spans else ""
    end = _ending(layout, max(s for s in found if s - opening < SEARCH_CHARS))
    if more := _missing_party(layout, found, opening, end):
        return f"not sure: the text names one more, whom it calls {more!r}"
    if outside := _outside_sentence(layout, spans, opening, end):
        return NOT_IN_PREAMBLE.format(outside[0].text)
    lone = len(spans) == 1 and not _BLANK.search(layout.text, opening, end + 1)
    return "not sure: a contract has two parties, and only one was found" if lone else ""


def parties_outside_preamble(layout: Layout, spans: list[Span]) -> list[Span]:
    """Return the parties outside the sentence that names the parties, if at least two others are in it."""
    found = sorted(s.start for s in spans if s.start - layout.start < PREAMBLE_CHARS)
    opening = _opening(layout, found)
    if opening is None:
        return []
    return _outside_sentence(
        layout, spans, opening, _ending(layout, max(s for s in found if s - opening < SEARCH_CHARS))
    )


def _outside_sentence(layout: Layout, spans: list[Span], opening: int, end: int) -> list[Span]:
    sentence = plain(layout.text[opening:end])
    outside = [s for s in spans if plain(s.text) not in sentence]
    return outside if len(spans) - len(outside) >= MIN_PARTIES else []


def unnamed_introductions(layout: Layout, spans: list[Span]) -> Iterator[tuple[int, int, bool]]:
    """Yield the parts of the first sentence that end in the defined name of a missing party: start, end, is first."""
    found = sorted(s.start for s in spans if s.start - layout.start < PREAMBLE_CHARS)
    opening = _opening(layout, found)
    if opening is None:
        return
    end = _ending(layout, max(s for s in found if s - opening < SEARCH_CHARS))
    yield from ((a, b, a == opening) for a, b, _ in _parts_without_party(layout, found, opening, end))


def _missing_party(layout: Layout, found: list[int], last: int, end: int) -> str:
    """Return the defined name of a party that is joined to the found ones but not among them; "" for none."""
    unnamed = _parts_without_party(layout, found, last, end)
    return next((name for start, at, name in unnamed if _has_name(layout.text[start:at])), "")


def _parts_without_party(layout: Layout, found: list[int], last: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield each part without a found party before a defined name: start, end and the defined name."""
    for m in _DEFINED_NAME.finditer(layout.text, last, end):
        if _NO_PARTY.search(m["name"]):
            continue
        if not any(last <= s < m.start() for s in found):
            yield last, m.start(), m["name"]
        last = m.end()


def _has_name(text: str) -> bool:
    """Whether a name follows the joining word, and no blank to be filled in."""
    joins = list(_JOINS.finditer(text))
    return bool(joins) and not _BLANK.search(text) and bool(_NAMED.search(text, joins[0].end()))


def _ending(layout: Layout, last: int) -> int:
    """Return the end of the sentence that names the last of the parties found."""
    ends = [p.search(layout.text, last, min(last + SEARCH_CHARS, layout.end)) for p in (_CLOSES, _STOP)]
    return min((m.start() + 1 for m in ends if m), default=min(last + SEARCH_CHARS, layout.end))


def _opening(layout: Layout, found: list[int]) -> int | None:
    """Return the end of the last "between" before the first party found that has one within reach; None without one."""
    opens = [m.end() for m in _OPENS.finditer(layout.text, layout.start, max(found))] if found else []
    before = ((at, max((o for o in opens if o <= at), default=None)) for at in found)
    return next((o for at, o in before if o is not None and at - o < SEARCH_CHARS), None)
