"""Limit HTML before it is parsed, as the time of HTML parsers grows with the square of depth and attributes."""

from __future__ import annotations

import re

MAX_DEPTH = 1_000  # levels of nested elements that are kept; browsers keep 512
TAG_MAX_WORDS = 1_000  # in a tag; the attributes of a longer one are left out
_CLOSED = (
    "a|abbr|b|big|blockquote|center|code|div|dl|em|font|form|i|ol|s|section|small|span|strong|sub|sup|table|tt|u|ul"
)
_PAIRED = re.compile(
    rf"<(/?)(?:{_CLOSED})(?=[\s/>])[^<>]*>?", re.IGNORECASE
)  # elements that HTML does not close by itself
_LONG_TAG = re.compile(r"(<[A-Za-z][A-Za-z0-9:-]{0,40})([^<>]{2000,})")


def limit_html(html: str) -> tuple[str, int]:
    """Return the page without what would take minutes to parse, and the number of tags without their attributes.

    The tags of elements nested too deeply are removed, and the attributes of tags with too many words.

    >>> limit_html("<div>" * 2_000 + "x")[0].count("<div>"), limit_html("<p a>x")
    (1000, ('<p a>x', 0))
    """
    emptied = 0

    def short(match: re.Match[str]) -> str:
        nonlocal emptied
        if len(match[2].split(None, TAG_MAX_WORDS)) <= TAG_MAX_WORDS:
            return match[0]
        emptied += 1
        return match[1]

    html = _LONG_TAG.sub(short, html)
    return (_shallow(html) if html.count("<") > MAX_DEPTH else html), emptied


def _shallow(html: str) -> str:
    """Remove the tags of elements nested deeper than DEEPEST."""
    depth = 0

    def if_shallow(match: re.Match[str]) -> str:
        nonlocal depth
        if match[1]:
            depth = max(depth - 1, 0)
            return match[0] if depth < MAX_DEPTH else ""
        depth += 1
        return match[0] if depth <= MAX_DEPTH else ""

    return _PAIRED.sub(if_shallow, html)
