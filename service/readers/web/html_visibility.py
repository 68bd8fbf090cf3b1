"""Compute the look of elements, as far as it decides whether text is visible, struck through, raised or lowered.

style sheets, `style` attributes, old attributes (bgcolor, color), tags -> Look of an element, from its parent's
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from thresher.service.readers.hidden_text import is_squeezed, is_tiny, same_colour
from thresher.service.readers.text_marks import UNMARKED, Mark
from thresher.service.readers.web.css_rules import Declarations, declarations, sheet_styles
from thresher.service.readers.web.css_values import TRANSPARENT, colour, pixels

_OFF_PAGE_PIXELS = -400.0  # an element further to the left or above is off the page
_FAR_PIXELS = 5_000.0  # nobody scrolls so far to the right
_STRUCK = frozenset(("s", "strike", "del"))
_SHIFTS = {"sup": 1, "sub": -1, "super": 1}
_INLINE_TAGS = frozenset(("span", "font", "a", "b", "i", "em", "strong", "small"))
_CONTROLS = frozenset(("button", "input", "select", "textarea", "mark"))
_STYLE_ATTRIBUTES = frozenset(("style", "hidden", "popover", "bgcolor", "background", "color", "text"))
_STYLED_TAGS = frozenset(("a", *_STRUCK, "sup", "sub", *_CONTROLS))
_LOOK_ATTRIBUTES = ("style", "hidden", "popover", "open", "bgcolor", "background", "color", "text", "href")
_ABSENT = "\0"  # a value that no attribute has
Attributes = dict[str, str | None]
AttributeValues = tuple[str | None, ...]
_UNSEEN_SHARE = 0.05  # of opacity or size, at which nothing is seen
_NUMBER = re.compile(r"-?\d+\.?\d*|-?\.\d+")
_SUM = re.compile(r"calc\(([-+\s.\w%]+)\)")
_TERM = re.compile(r"[-+]?\s*[\d.]+[a-z%]*")
_TURNED_AWAY = re.compile(r"rotate[xy]\(\s*-?(?:90|270)deg|matrix\(\s*-?0*\.?0*\s*,\s*-?0*\.?0*\s*,")  # seen from the edge
_FILTER = re.compile(r"opacity\(\s*0(?:\.0+)?%?\s*\)")
_SIZES = {
    "medium": 16.0,
    "small": 13.0,
    "x-small": 10.0,
    "xx-small": 9.0,
    "large": 18.0,
    "x-large": 24.0,
    "initial": 16.0,
}


class Look(NamedTuple):
    """The inherited look of text in an element."""

    size: float = 16.0  # pixels, of the font
    colour: str | None = "000000"  # rrggbb, CLEAR, or None for unknown
    ground: str | None = "ffffff"  # colour of the background
    shown: bool = True  # by `visibility`
    mark: Mark = UNMARKED

    def unseen(self) -> str:
        """Return why text of this look is not visible; empty where it is."""
        if not self.shown:
            return "visibility: hidden"
        if is_tiny(self.size * 0.75):
            return "text too small to read"
        if self.colour == TRANSPARENT:
            return "transparent text"
        return "text in the colour of its background" if same_colour(self.colour, self.ground) else ""


class PageLooks:
    """Computes the PageLooks of a page's elements; the page's style sheets are read once."""

    def __init__(self, parser: LexborHTMLParser, html: str, linked: list[str] | None = None) -> None:
        """Read the sheets of a parsed page; `linked` are its linked sheets, None where not available."""
        styled = linked or "<style" in html or "<STYLE" in html
        self._sheet = sheet_styles(parser, len(html), linked or ()) if styled else {}
        missing = (linked is None and parser.css_first('link[rel~="stylesheet" i]') is not None) or "@import" in html
        self.start = Look(ground=None) if missing else Look()  # missing sheets may colour anything

    def of(self, node: LexborNode, attributes: Attributes, parent: Look) -> tuple[str, Look]:
        """Return why an element is not visible with all its content (empty where it may be), and its Look."""
        tag = node.tag or ""
        sheet = self._sheet.get(node.mem_id) if self._sheet else None
        if sheet is None and tag != "dialog" and _STYLE_ATTRIBUTES.isdisjoint(attributes):
            return "", _by_tag(tag, "href" in attributes, parent) if tag in _STYLED_TAGS else parent
        values = (
            *(attributes.get(name, _ABSENT) for name in _LOOK_ATTRIBUTES[:-1]),
            "" if "href" in attributes else _ABSENT,
        )
        if sheet is None:
            return _look(tag, values, parent)
        return _reason_and_look(tag, values, _cascaded(sheet, values[0] or ""), parent)


def _cascaded(sheet: Declarations, style: str) -> Declarations:
    """Return the declarations of an element: important ones first, then its `style` attribute, then sheets."""
    inline = declarations(style) if style != _ABSENT else {}
    important = {n: v for n, v in sheet.items() if "!important" in v and "!important" not in inline.get(n, "")}
    return {**sheet, **inline, **important}


@lru_cache(maxsize=4096)
def _look(tag: str, values: AttributeValues, parent: Look) -> tuple[str, Look]:
    """Return why an element without sheet rules is hidden, and its Look; cached, as pages repeat the same styles."""
    return _reason_and_look(tag, values, declarations(values[0] or "") if values[0] != _ABSENT else {}, parent)


def _reason_and_look(tag: str, values: AttributeValues, style: Declarations, parent: Look) -> tuple[str, Look]:
    attributes = {name: value for name, value in zip(_LOOK_ATTRIBUTES, values, strict=True) if value != _ABSENT}
    closed = "popover" in attributes or (tag == "dialog" and "open" not in attributes)
    if (closed or "hidden" in attributes) and "display" not in style:
        return "closed dialog" if closed else "hidden", parent
    reason = _hiding_reason(style, parent.size)
    return reason, parent if reason else _styled_look(tag, style, attributes, parent)


def _by_tag(tag: str, linked: bool, look: Look) -> Look:  # noqa: FBT001 - a fact, not an option
    """Return the look of an element by its tag alone, without styles."""
    if tag in _STRUCK:
        return look._replace(mark=look.mark._replace(struck=True))
    if tag in _SHIFTS:
        return look._replace(mark=look.mark._replace(shift=_SHIFTS[tag]))
    if tag in _CONTROLS:
        return look._replace(ground=None)
    return look._replace(colour="0000ee") if tag == "a" and linked else look


def _styled_look(tag: str, style: Declarations, attributes: Attributes, parent: Look) -> Look:
    look = _by_tag(tag, "href" in attributes, parent)
    size = _font_size(style, parent.size)
    stated = style.get("-webkit-text-fill-color") or style.get("color") or attributes.get("color") or ""
    if not stated and "text" in attributes:
        stated = attributes.get("text") or ""
    return Look(
        size=size,
        colour=_text_colour(stated, look, style),
        ground=_background(style, attributes, look),
        shown=style["visibility"].startswith("visible") if "visibility" in style else look.shown,
        mark=_text_mark(tag, style, look.mark, size < parent.size),
    )


def _font_size(style: Declarations, outer: float) -> float:
    """Return the font size in pixels."""
    stated = style.get("font-size")
    if stated is None and "font" in style:
        found = re.search(r"(?:^|\s)((?:\d*\.)?\d+(?:px|pt|em|rem|%)?)\s*(?:/|\s)", style["font"] + " ")
        stated = found[1] if found and (found[1][-1].isalpha() or found[1][-1] == "%" or float(found[1]) == 0) else None
    if stated is None:
        return outer
    length = pixels(stated, outer, outer)
    return _SIZES.get(stated.split()[0] if stated else "", outer) if length is None else length


def _text_colour(stated: str, look: Look, style: Declarations) -> str | None:
    if not stated or "inherit" in stated or "currentcolor" in stated:
        return look.colour
    found = colour(stated)
    return None if found == TRANSPARENT and "text" in style.get("background", "") else found


def _background(style: Declarations, attributes: Attributes, look: Look) -> str | None:
    """Return the background colour; None for images, gradients and positioned elements."""
    stated = f"{style.get('background', '')} {style.get('background-image', '')}"
    if "url(" in stated or "gradient" in stated or "background" in attributes:
        return None
    found = colour(f"{style.get('background-color', '')} {style.get('background', '')}")
    found = found or colour(attributes.get("bgcolor") or "")
    if found and found != TRANSPARENT:
        return found
    placed = style.get("position", "").startswith(("absolute", "fixed"))  # may lie over anything
    unknown = (style.get("background-color") or style.get("background") or "none").startswith(("var(", "hsl", "rgb"))
    return None if placed or unknown else look.ground


def _text_mark(tag: str, style: Declarations, mark: Mark, smaller: object) -> Mark:
    """Return the Mark by text-decoration, vertical-align and relative shifts of small text."""
    line = f"{style.get('text-decoration', '')} {style.get('text-decoration-line', '')}"
    if "line-through" in line:
        mark = mark._replace(struck=True)
    stated = style.get("vertical-align", "").split(" ", 1)[0]
    if stated in _SHIFTS:
        return mark._replace(shift=_SHIFTS[stated])
    if tag not in _INLINE_TAGS:
        return mark
    up = pixels(stated, whole=16.0) or 0.0
    if smaller and style.get("position", "").startswith("relative"):
        up -= pixels(style.get("top", ""), whole=16.0) or 0.0
        up += pixels(style.get("bottom", ""), whole=16.0) or 0.0
    return mark._replace(shift=1 if up > 0 else -1) if 1 < abs(up) < 20 else mark


def _hiding_reason(style: Declarations, size: float) -> str:
    """Return why an element is not visible with all its content; empty where it may be."""
    if not style:
        return ""
    if style.get("display", "").startswith("none"):
        return "display: none"
    if style.get("content-visibility", "").startswith("hidden"):
        return "content-visibility: hidden"
    if _share(style.get("opacity", "1")) <= _UNSEEN_SHARE or _FILTER.search(style.get("filter", "")):
        return "opacity: 0"
    if _is_off_page(style, size):
        return "off the page"
    spacing = pixels(style.get("letter-spacing", ""), size)
    if (spacing is not None and is_squeezed(size, spacing=spacing)) or _TURNED_AWAY.search(style.get("transform", "")):
        return "letters squeezed together"
    if style.get("-webkit-text-security", "none") != "none":
        return "shown as dots"
    return "clipped away" if _is_clipped(style, size) else ""


def _is_off_page(style: Declarations, size: float) -> bool:
    """Whether lengths or transforms move an element off the page, or scale it to nothing."""
    placed = style.get("position", "static").startswith(("absolute", "fixed", "relative"))
    names = ("left", "top", "right", "bottom") if placed else ()
    stated = [style[n] for n in (*names, "text-indent", "margin-left", "margin-top") if n in style]
    lengths = [pixels(part, size) for text in stated for part in [_sum_of(text)]]
    lengths += [pixels(part, size) for part in style.get("inset", "").split() if placed]
    if any(length is not None and length <= _OFF_PAGE_PIXELS for length in lengths):
        return True
    right = [pixels(_sum_of(style[n]), size) for n in (*(("left",) if placed else ()), "margin-left", "text-indent") if n in style]
    if any(length is not None and length >= _FAR_PIXELS for length in right):
        return True
    moved = re.search(r"translate[xy3d]*\(([^)]*)\)", style.get("transform", ""))
    if moved:
        return any((pixels(part, size) or 0.0) <= _OFF_PAGE_PIXELS for part in moved[1].split(","))
    scales = re.findall(r"scale[xy]?\(\s*([\d.]+%?)", style.get("transform", ""))
    return any(_share(s) <= _UNSEEN_SHARE for s in (*scales, style.get("scale", "1"), style.get("zoom", "1")))


def _share(stated: str) -> float:
    """Return a share of 1, also from percent; 1 where none is stated.

    >>> _share("4%"), _share(".5"), _share("normal")
    (0.04, 0.5, 1.0)
    """
    number = _NUMBER.match(stated)
    return 1.0 if number is None else float(number[0]) / (100 if stated[number.end() :].startswith("%") else 1)


def _sum_of(length: str) -> str:
    """Return a length; of a sum in `calc()` the total in pixels.

    >>> _sum_of("calc(-100vw - 50px)"), _sum_of("-5px")
    ('-1250.0px', '-5px')
    """
    inner = _SUM.match(length)
    if inner is None:
        return length
    parts = [pixels(re.sub(r"\s+", "", part)) for part in _TERM.findall(inner[1])]
    return f"{sum(part or 0.0 for part in parts)}px"


def _is_clipped(style: Declarations, size: float) -> bool:
    """Whether an element is clipped to nothing, or to at most a pixel."""
    clip = re.search(r"rect\(([^)]*)\)", style.get("clip", ""))
    if clip and style.get("position", "").startswith(("absolute", "fixed")):
        numbers = [float(n) for n in _NUMBER.findall(clip[1])]
        if len(numbers) == 4 and (numbers[1] - numbers[3] <= 1 or numbers[2] - numbers[0] <= 1):
            return True
    path = style.get("clip-path", "")
    if re.search(r"inset\(\s*(?:5\d|[6-9]\d|100)%|circle\(\s*0|polygon\((?:\s*0(?:px|%)?[\s,]*)+\)", path):
        return True
    if not re.search(
        r"hidden|clip|auto|scroll", f"{style.get('overflow', '')} {style.get('overflow-x', '')} {style.get('overflow-y', '')}"
    ):
        return False
    sides = [pixels(style[n], size) for n in ("height", "max-height", "width", "max-width") if n in style]
    if "line-height" in style and "height" not in style and "min-height" not in style:
        stated = style["line-height"]
        sides.append(0.0 if _NUMBER.fullmatch(stated) and float(stated) == 0 else pixels(stated, size))
    return any(side is not None and 0 <= side <= 1 for side in sides)
