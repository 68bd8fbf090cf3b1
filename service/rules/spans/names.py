"""Find names of organisations and persons: short lines, legal forms, introductions of contracts."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from typing import Any

from thresher.schemas.target import Field
from thresher.service.rules.contracts.capacities import find_capacities
from thresher.service.rules.fields.roles import regions
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

NAME_GAP_MAX_LINE_HEIGHTS = 2.5  # line heights; on a scan a wider gap separates two names
NAME_MAX_CHARS = 70  # characters; a longer piece is prose, and only names inside it count
INLINE_MAX_CHARS = (
    500  # characters before the comma after a name; in a line without end the patterns would take its square
)
_FORM = (
    r"(?:Inc(?:orporated)?|L\.?L\.?C|Ltd|LTD|Limited|LIMITED|Corp(?:oration)?|CORP(?:ORATION)?|Company|COMPANY|Co|INC|L\.?P|L\.?L\.?P|P\.?L\.?C|"
    r"GmbH(?:\s&\sCo\.?\sKG)?|GMBH|AG|KG|OHG|e\.\s?V|SE|S\.A\.S|SAS|S\.A|SARL|Sarl|S\.?r\.?l|B\.V|BV|N\.V|NV|S\.L|Pty|PAC|Oy|AB|ApS|A/S|"
    r"SDN\.?\s?BHD|Sdn\.?\s?Bhd|S/B|Bank|Trust|Foundation|University|Association|Authority|Group|sp\.\s?z\s?o\.?o)"
)
_WORD = r"[A-Z0-9À-Ž][\w&.'’\-/À-ž]{0,80}"  # without an end it would be tried from each point or hyphen in it
WITH_LEGAL_FORM = re.compile(
    rf"\b(?:{_WORD}\s+(?:(?:&|and|of|the|for|de|du|und|et)\s+){{0,2}}){{0,7}}{_WORD},?\s+{_FORM}\b\.?"
)
_FORM_END = re.compile(rf"(?:\s|^|,){_FORM}\.?(?:\s*\([^)]*\))?$|(?i:sdn\.?\s?bhd)")
_PERSON = re.compile(
    r"\b(?:Mr\.?\s|Ms\.?\s|Mrs\.?\s|Dr\.?\s)?[A-Z][a-zà-ž'’]+(?:\s+(?:[A-Z]\.|[A-Z][a-zà-ž'’]+|de|van|von|der)){1,3}(?<=[a-zà-ž])"
)
_CAPITALS = re.compile(r"(?<=\band\s)[A-Z][A-Z'’-]+(?:\s+(?:[A-Z]\.|[A-Z][A-Z'’-]+)){1,3}(?=\s*(?:,\s*an?\s|\())")
_REGISTER = re.compile(
    r"(?<!\s)\s*[(\[]\s*(?:the\s+)?[“\"”][^()\[\]]*[”\"“]\s*[)\]]?\s*$|(?<!\s)\s*[(\[][^()\[\]]*\d[^()\[\]]*[)\]]?\s*$"
    r"|(?<!\s)\s+\d{5,}-[A-Z]$|(?:(?<!\s)\s+|(?=\()|(?<!\d))\(?\d{4,}-?[A-Z]\)?$"
)
_AFTER = re.compile(
    r"\s*,?\s*[(\[]\s*(?:the|hereinafter|hereafter|together|collectively|[\"“”'‘]|“)|\s*,?\s*(?:an?|a)\s+(?:\w+\s+){0,3}(?:corporation|company|limited|individual|partnership|resident|trust|LLC|"
    r"entity|organi[sz]ation|citizen)|\s*,\s*(?:with|having|located|whose|on behalf)\b|\s+(?:mit Sitz|whose)\b"
)
_BEFORE = re.compile(
    r"(?:\bbetween|\bamong|\band|\bby|\bto|\bwith|\bfrom|zwischen|\bund|\bentre|\bet)[\s:,(1iaA)]{1,6}$|[”\"’]\s*\),\s+$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[(\"“”'‘„«]\s?$")
_LEADING_WORDS = re.compile(r"(?:(?:This|The|THE|THIS|And|AND|Dear|Between|BETWEEN|By|BY|\d{4})\s+)+")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_CARE_OF = re.compile(r"\s*c/o\b", re.IGNORECASE)
_JOINING_WORDS = frozenset(
    ("and", "und", "between", "among", "entre", "zwischen", "both", "with", "the", "new")
)  # no names by themselves
_NOT_NAMES = frozenset(
    files("thresher.service.rules.spans").joinpath("not_names.txt").read_text(encoding="utf-8").split()
)


def find_names(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield names.

    Hints: piece (a line of its own, with its order), legal, before, after, capacity (a contract's phrases), inner, common, nickname.
    """
    taken: dict[tuple[int, int], Span] = {}
    order = 0
    for start, end in find_capacities(layout, field):
        taken.setdefault((start, end), _span(layout, start, end, {"piece": False, "capacity": True}))
    joined = list(_joined(layout))
    joins = RangeIndex(joined)
    for piece in layout.pieces:
        if joins.holds(piece.start, piece.end):
            continue
        for start, end, whole in _in_piece(layout, piece.start, piece.end):
            order += whole
            taken.setdefault((start, end), _span(layout, start, end, {"piece": whole, "order": order}))
    for start, end in joined:
        taken.setdefault((start, end), _span(layout, start, end, {"piece": True, "order": order}))
    for start, end in _inline(layout):
        taken.setdefault((start, end), _span(layout, start, end, {"piece": True, "order": 1}))
    for start, end in _stacked(layout):
        taken.setdefault((start, end), _span(layout, start, end, {"piece": True, "order": 1}))
    whole_ones = sorted((s, e) for s, e in taken)
    for start, end in _in_prose(layout):
        i = bisect_right(whole_ones, (start, layout.end)) - 1
        inner = i >= 0 and end <= whole_ones[i][1] and whole_ones[i] != (start, end)
        taken.setdefault((start, end), _span(layout, start, end, {"inner": inner}))
    yield from taken.values()


def _joined(layout: Layout) -> Iterator[tuple[int, int]]:
    """Yield neighbouring pieces of a scanned line that form one name despite a wide space."""
    if not any(layout.document.pages.ocr):
        return
    for row in layout.rows:
        for i, j in pairwise(row):
            a, b = layout.pieces[i], layout.pieces[j]
            words = layout.text[a.start : b.end]
            near = 0 < b.start - a.end < 4 and b.box[0] - a.box[2] < NAME_GAP_MAX_LINE_HEIGHTS * a.height
            if (
                near
                and len(words) < NAME_MAX_CHARS
                and ":" not in words
                and not any(c.isdigit() for c in words)
                and _like_name(words)
            ):
                yield _trim(layout.text, a.start, b.end)


def _inline(layout: Layout) -> Iterator[tuple[int, int]]:
    """Yield the text between "Supplier:" and the first comma, where an address follows in the line."""
    for i, region in regions(layout).items():
        body = layout.text[region.start : region.end]
        comma = body.find(", ", 0, INLINE_MAX_CHARS)
        form = comma > 0 and _FORM_END.search(", " + body[comma + 2 :].split(",")[0])
        if region.inline and comma > 3 and not form and _like_name(body[:comma]):
            yield _trim(layout.text, region.start, region.start + comma)
        del i


def _in_prose(layout: Layout) -> Iterator[tuple[int, int]]:
    for pattern in (WITH_LEGAL_FORM, _PERSON, _CAPITALS):
        for m in pattern.finditer(layout.text, layout.start, layout.end):
            lead = _LEADING_WORDS.match(m[0])
            start, end = _trim(layout.text, m.start() + (lead.end() if lead else 0), m.end())
            if (
                end - start > 3
                and m[0].count("\n") < 2
                and "\t" not in m[0]
                and not has_only_common_words(layout.text[start:end])
            ):
                yield start, end


def _stacked(layout: Layout) -> Iterator[tuple[int, int]]:
    """Yield two lines at the top that form one name: the second ends with a legal form that the first lacks."""
    for a, b in pairwise(layout.pieces[:10]):
        first, second = layout.text[a.start : a.end], layout.text[b.start : b.end]
        near = (
            a.page == b.page
            and b.row == a.row + 1
            and b.box[1] - a.box[3] < a.height
            and len(first) + len(second) < NAME_MAX_CHARS
        )
        if (
            near
            and _FORM_END.search(second)
            and not _FORM_END.search(first)
            and _like_name(first)
            and not re.search(r"[\d@:]", first)
        ):
            yield _trim(layout.text, a.start, b.end)


def _in_piece(layout: Layout, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    text = layout.text[start:end]
    colon = max(text.find(":"), text.find("："))
    if end - start <= NAME_MAX_CHARS and colon < 0 and _like_name(text):
        yield (*_trim(layout.text, start, end), True)
    if 0 <= colon < len(text) - 3 and len(text) - colon < NAME_MAX_CHARS and _like_name(text[colon + 1 :]):
        yield (*_trim(layout.text, start + colon + 1, end), False)


def has_legal_form(text: str) -> bool:
    """Whether a text ends with a company's legal form."""
    return bool(_FORM_END.search(text))


def _like_name(text: str) -> bool:
    bare = _REGISTER.sub("", text) or text
    letters, digits = sum(c.isalpha() for c in bare), sum(c.isdigit() for c in _YEAR.sub("", bare))
    return (
        letters >= 3
        and digits <= 0.3 * letters
        and not has_only_common_words(text)
        and not _CARE_OF.match(text)
        and plain(text) not in _JOINING_WORDS
    )


def has_only_common_words(text: str) -> bool:
    """Whether a text has only words that never form a name."""
    words = plain(text).split()
    return all(w in _NOT_NAMES or len(w) < 2 for w in words)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    body = text[start:end]
    cut = _REGISTER.search(body)
    if cut and cut.start() > 3:
        body = body[: cut.start()]
    lead = len(body) - len(body.lstrip(" \t\n:;,*-–—_=.\"“”'‘("))
    tail = body.rstrip(" \t\n:;,*-–—_=\"“”'‘’")
    if "(" not in tail[lead:]:
        tail = tail.rstrip(")")
    return start + lead, start + max(len(tail), lead)


def _span(layout: Layout, start: int, end: int, hints: dict[str, Any]) -> Span:
    text = layout.text[start:end]
    form = _FORM_END.search(text)
    words = plain(text[: form.start()] if form and form.start() > 2 else text).split()
    common = sum(w in _NOT_NAMES for w in words) / max(len(words), 1)
    more = {
        "legal": bool(form) or hints.get("legal", False),
        "before": bool(_BEFORE.search(layout.text[max(start - 16, layout.start) : start])),
        "after": bool(_AFTER.match(layout.text, end, min(end + 120, layout.end))),
        "common": common,
        "nickname": bool(_QUOTED.search(layout.text[max(start - 3, layout.start) : start])),
    }
    return Span(start=start, end=end, text=text, value=" ".join(text.split()), hints={"inner": False, **hints, **more})
