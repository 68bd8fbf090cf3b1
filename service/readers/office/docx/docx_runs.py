"""Compute how runs of a Word paragraph look (struck, raised, lowered, hidden), by their properties and styles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from thresher.service.readers.hidden_text import is_squeezed, is_tiny, same_colour
from thresher.service.readers.text_marks import UNMARKED, Mark

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SHIFTS = {"superscript": 1, "subscript": -1}
_RAISED_MIN_HALF_POINTS = 4  # a smaller step adjusts a line and raises nothing
_WHITE_THEMES = frozenset(("background1", "light1"))
_PAPER = "FFFFFF"
_HIDING = frozenset(("vanish", "sz", "color", "w", "spacing", "textFill"))
_LOOK_PROPERTIES = _HIDING | {"strike", "dstrike", "vertAlign", "position"}
_LOWEST_LINE_TWIPS = 40  # two points: text in a line of an exact height as low as this is cut away
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_OPAQUE = 100_000  # thousandths of a per cent; of `w14:alpha`, fully transparent


class RunStyles(Protocol):
    """The styles of a document, as far as runs need them."""

    shaded: bool  # some paragraph or cell of the document has a background colour
    plain_paper: bool  # the text stands on plain paper: no background, no picture behind it

    basic: dict[str, Any]  # the properties of all runs that state none of their own, as far as they may hide
    hiding_tables: bool  # whether a style of tables may hide text

    def run_properties(self, style: str) -> dict[str, Any]:
        """Return the run properties of a style and its base styles, by name."""
        ...

    def shades(self, style: str) -> bool:
        """Whether a style, or one of its base styles, sets a background colour."""
        ...


@dataclass(slots=True)
class Runs:
    """The runs of one paragraph."""

    styles: RunStyles
    paragraph: Any
    style: str = field(init=False)  # of the paragraph
    _cached_ground: tuple[str | None] | None = None  # cached background colour of the paragraph

    def __post_init__(self) -> None:
        """Look up the paragraph's style."""
        self.style = _value(self.paragraph.find(f"{W}pPr/{W}pStyle"))

    def look(self, properties: Any | None) -> tuple[str, Mark]:
        """Return why a run's text is not visible (empty where it is), and its Mark."""
        if properties is None and not self.style and not self.styles.basic and not self.styles.hiding_tables:
            return "", UNMARKED
        found = self._effective(properties)
        if _LOOK_PROPERTIES.isdisjoint(found):
            return "", UNMARKED
        struck = _is_on(found.get("strike")) or _is_on(found.get("dstrike"))
        shift = _SHIFTS.get(_value(found.get("vertAlign")), 0) or _shift_of_position(_value(found.get("position")))
        return self._hidden_reason(found), Mark(struck, shift) if struck or shift else UNMARKED

    def _effective(self, properties: Any | None) -> dict[str, Any]:
        """Return the properties of a run by name: its own, else of its style, else of the paragraph's style."""
        direct = (
            {} if properties is None else {e.tag.rpartition("}")[2]: e for e in properties if isinstance(e.tag, str)}
        )
        layers = self._basic() | self.styles.run_properties(self.style) if self.style else self._basic()
        if "rStyle" in direct:
            layers = layers | self.styles.run_properties(_value(direct["rStyle"]))
        return layers | direct if layers else direct

    def paragraph_reason(self) -> str:
        """Return why no text of the paragraph is visible; empty where it may be."""
        spacing = self.paragraph.find(f"{W}pPr/{W}spacing")
        if spacing is None or spacing.get(W + "lineRule") != "exact":
            return ""
        height = spacing.get(W + "line", "")
        return "line too low to show it" if height.isdecimal() and int(height) <= _LOWEST_LINE_TWIPS else ""

    def _basic(self) -> dict[str, Any]:
        """Return the properties by the document's defaults and the style of the table around."""
        if not self.styles.hiding_tables:
            return self.styles.basic
        table = next((a for a in self.paragraph.iterancestors(W + "tbl")), None)
        style = "" if table is None else _value(table.find(f"{W}tblPr/{W}tblStyle"))
        return {**self.styles.basic, **hiding_of(self.styles.run_properties(style))} if style else self.styles.basic

    def _hidden_reason(self, found: dict[str, Any]) -> str:
        """Return why a run is not visible; empty where it is."""
        if _is_on(found.get("vanish")):
            return "hidden text"
        size = _value(found.get("sz"))
        if size.isdecimal() and is_tiny(int(size) / 2):
            return "text too small to read"
        points = int(size) / 2 if size.isdecimal() else 11.0
        if is_squeezed(points, width=_percent(found.get("w")), spacing=_twips(found.get("spacing")) / 20):
            return "letters squeezed together"
        if (fill := found.get("textFill")) is not None and _is_clear(fill):
            return "transparent text"
        colour = _colour(found.get("color")) if "color" in found else ""
        colour = _filled(found["textFill"]) or colour if "textFill" in found else colour
        if not (self.styles.shaded or "shd" in found or "highlight" in found or same_colour(colour or None, _PAPER)):
            return ""  # the usual case: not white, on plain paper
        if colour and same_colour(colour, self._background(found)):
            return "text in the colour of its background"
        return ""

    def _background(self, found: dict[str, Any]) -> str | None:
        """Return the background colour of a run; None where it is not known."""
        marker = _value(found.get("highlight"))
        if marker and marker != "none":
            return {"white": _PAPER, "black": "000000"}.get(marker)
        shade = found.get("shd")
        if shade is not None and (fill := _fill(shade)):
            return fill
        if self._cached_ground is None:
            self._cached_ground = (self._paragraph_ground(),)
        return self._cached_ground[0]

    def _paragraph_ground(self) -> str | None:
        """Return the background colour of the paragraph; None where it is not known."""
        for element, properties in _ancestors_with_properties(self.paragraph):
            if element.tag.endswith("}txbxContent"):
                return None  # the shape of a text box may be filled
            shade = None if properties is None else properties.find(W + "shd")
            if shade is not None and (fill := _fill(shade)):
                return fill
            style = "" if properties is None else _value(_style_element(properties))
            if style and self.styles.shades(style):
                return None
        return _PAPER if self.styles.plain_paper else None


def hiding_of(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the run properties that may hide text: hidden, tiny, white, squeezed."""
    return {
        name: one
        for name, one in properties.items()
        if name in _HIDING
        and (name != "vanish" or _is_on(one))
        and (name != "sz" or _value(one) in {"1", "2"})
        and (name != "color" or same_colour(_colour(one), _PAPER))
    }


def _percent(element: Any | None) -> float:
    stated = _value(element).rstrip("%")
    return int(stated) / 100 if stated.isdecimal() and len(stated) < 6 else 1.0


def _twips(element: Any | None) -> float:
    stated = _value(element)
    return float(stated) if stated.removeprefix("-").isdecimal() and len(stated) < 9 else 0.0


def _is_clear(fill: Any) -> bool:
    """Whether a `w14:textFill` paints nothing."""
    if fill.find(_W14 + "noFill") is not None:
        return True
    alpha = fill.find(f".//{_W14}alpha")
    stated = "" if alpha is None else alpha.get(_W14 + "val", "")
    return stated.isdecimal() and int(stated) >= _OPAQUE * 0.95


def _filled(fill: Any) -> str:
    """Return the colour of a `w14:textFill` of one colour, as RRGGBB; empty for others."""
    stated = fill.find(f"{_W14}solidFill/{_W14}srgbClr")
    return "" if stated is None else stated.get(_W14 + "val", "")


def _shift_of_position(position: str) -> int:
    """Return 1 for text raised by a number of half points, -1 for lowered, 0 for neither.

    >>> _shift_of_position("8"), _shift_of_position("-6"), _shift_of_position("1"), _shift_of_position("")
    (1, -1, 0, 0)
    """
    digits = position.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or int(digits) < _RAISED_MIN_HALF_POINTS:
        return 0
    return -1 if position.startswith("-") else 1


def _style_element(properties: Any) -> Any | None:
    for name in ("pStyle", "tblStyle"):
        found = properties.find(W + name)
        if found is not None:
            return found
    return None


def _ancestors_with_properties(paragraph: Any) -> Iterator[tuple[Any, Any | None]]:
    """Yield the paragraph and its containers, innermost first, each with its properties."""
    for element in (paragraph, *paragraph.iterancestors()):
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if name in {"p", "tc", "tbl", "txbxContent"}:
            yield element, element.find(f"{W}{name}Pr")


def _is_on(element: Any | None) -> bool:
    return element is not None and element.get(W + "val", "1") not in {"0", "false", "off"}


def _value(element: Any | None) -> str:
    return "" if element is None else element.get(W + "val", "")


def _colour(element: Any | None) -> str:
    """Return a stated colour as RRGGBB; empty for automatic, and for a theme colour other than white."""
    if element is None:
        return ""
    theme = element.get(W + "themeColor", "")
    if theme:
        plain = element.get(W + "themeShade") is None and element.get(W + "themeTint") is None
        return _PAPER if theme in _WHITE_THEMES and plain else ""
    stated = element.get(W + "val", "")
    return "" if stated == "auto" else stated


def _fill(shade: Any) -> str:
    stated = shade.get(W + "fill", "auto")
    return "" if stated == "auto" else stated
