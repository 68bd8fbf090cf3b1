"""Tell whether a page may hide any of its text, by the styles that occur in it: it is not walked for that."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from thresher.service.readers.hidden_text import same_colour
from thresher.service.readers.web.css_rules import Declarations, declarations
from thresher.service.readers.web.css_values import TRANSPARENT, colour
from thresher.service.readers.web.html_limits import limit_html

_MAY_HIDE = "style, link, [hidden], [bgcolor], [background], [color], [text]"  # sheets, and attributes of old
_HARMLESS_NAMES = """
    text-decoration text-decoration-line vertical-align white-space width height max-width max-height line-height
"""  # a box of no size hides nothing unless it is clipped, which is said by other names
_HARMLESS = frozenset(_HARMLESS_NAMES.split())
_SHIFTS = frozenset(("margin-left", "margin-top", "text-indent", "letter-spacing"))
_SIZE = re.compile(r"(\d{1,3}(?:\.\d+)?)p[tx]\b")
_LEAST_SIZE = 4.0  # points or pixels; smaller text may be too small to read
_PAPER = "ffffff"  # the ground where no ground is stated


def may_hide_text(html: str) -> bool:
    """Whether anything on a page might make text invisible; False is certain, True is not.

    >>> may_hide_text("<p style='font: 11pt Calibri'>a"), may_hide_text("<p style='font-size: 11pt; color: navy'>a")
    (True, False)
    """
    parser = LexborHTMLParser(limit_html(html.replace("\0", ""))[0])
    if parser.css_first(_MAY_HIDE) is not None:
        return True
    styles = {node.attributes.get("style") or "" for node in parser.css("[style]")}
    return not all(_shows(declarations(style)) for style in styles)


def _shows(style: Declarations) -> bool:
    """Whether an element of a style is sure to be seen, on a page that states no grounds."""
    return all(name in _HARMLESS or _keeps(name, value) for name, value in style.items())


def _keeps(name: str, value: str) -> bool:
    """Whether a property leaves text as visible as it is without it."""
    if name == "font-size":
        size = _SIZE.match(value)
        return size is not None and float(size[1]) >= _LEAST_SIZE
    if name == "color":
        stated = colour(value)
        return stated != TRANSPARENT and not same_colour(stated, _PAPER)
    return "-" not in value if name in _SHIFTS else name == "display" and not value.startswith("none")
