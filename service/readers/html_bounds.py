"""Bounds on HTML before it is parsed: HTML's own rules make every parser take the square of depth and of attributes."""

from __future__ import annotations

import re

DEEPEST = 1_000  # elements in one another that are kept; browsers keep 512
MOST_WORDS = 1_000  # in a tag, more of which are not read as attributes
_CLOSED = (
    "a|abbr|b|big|blockquote|center|code|div|dl|em|font|form|i|ol|s|section|small|span|strong|sub|sup|table|tt|u|ul"
)
_PAIRED = re.compile(
    rf"<(/?)(?:{_CLOSED})(?=[\s/>])[^<>]*>?", re.IGNORECASE
)  # elements that HTML does not close by itself
_LONG = re.compile(r"(<[A-Za-z][A-Za-z0-9:-]{0,40})([^<>]{2000,})")


def bounded(html: str) -> str:
    """The page without what makes parsing it take minutes: elements nested too deep, tags of too many attributes.

    >>> bounded("<div>" * 2_000 + "x").count("<div>"), bounded("<p a>x")
    (1000, '<p a>x')
    """
    html = _LONG.sub(lambda m: m[1] if len(m[2].split(None, MOST_WORDS)) > MOST_WORDS else m[0], html)
    return _shallow(html) if html.count("<") > DEEPEST else html


def _shallow(html: str) -> str:
    depth = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal depth
        if match[1]:
            depth = max(depth - 1, 0)
            return match[0] if depth < DEEPEST else ""
        depth += 1
        return match[0] if depth <= DEEPEST else ""

    return _PAIRED.sub(kept, html)
