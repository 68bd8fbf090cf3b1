"""How the runs of a Word paragraph look: struck, raised, lowered, or unseen, by their own properties and their styles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from thresher.service.readers.hidden_text import alike, is_tiny
from thresher.service.readers.text_marks import UNMARKED, Mark

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SHIFTS = {"superscript": 1, "subscript": -1}
_WHITE_THEMES = frozenset(("background1", "light1"))
_PAPER = "FFFFFF"
_TELLING = frozenset(("strike", "dstrike", "vertAlign", "vanish", "sz", "color"))


class RunStyles(Protocol):
    """What is known of a document's styles."""

    shaded: bool  # some paragraph or cell of the document has a colour behind it
    plain_paper: bool  # nothing but paper lies behind the text: no background, no picture under it

    def run_properties(self, style: str) -> dict[str, Any]:
        """The run properties of a style and of those it builds on, by name."""
        ...

    def shades(self, style: str) -> bool:
        """Whether a style, or one that it builds on, colours what lies behind the text."""
        ...


@dataclass(slots=True)
class Runs:
    """The runs of one paragraph."""

    styles: RunStyles
    paragraph: Any
    style: str = field(init=False)  # of the paragraph
    _ground: tuple[str | None] | None = None  # colour behind the paragraph, once it was asked for

    def __post_init__(self) -> None:
        """Look up the paragraph's style."""
        self.style = _value(self.paragraph.find(f"{W}pPr/{W}pStyle"))

    def look(self, properties: Any | None) -> tuple[str, Mark]:
        """Why a run's text is not seen (empty where it is), and its Mark."""
        if properties is None and not self.style:
            return "", UNMARKED
        found = self._effective(properties)
        if _TELLING.isdisjoint(found):
            return "", UNMARKED
        struck = _on(found.get("strike")) or _on(found.get("dstrike"))
        shift = _SHIFTS.get(_value(found.get("vertAlign")), 0)
        return self._reason(found), Mark(struck, shift) if struck or shift else UNMARKED

    def _effective(self, properties: Any | None) -> dict[str, Any]:
        own = {} if properties is None else {e.tag.rpartition("}")[2]: e for e in properties if isinstance(e.tag, str)}
        layers = self.styles.run_properties(self.style) if self.style else {}
        if "rStyle" in own:
            layers = layers | self.styles.run_properties(_value(own["rStyle"]))
        return layers | own if layers else own

    def _reason(self, found: dict[str, Any]) -> str:
        if _on(found.get("vanish")):
            return "hidden text"
        size = _value(found.get("sz"))
        if size.isdecimal() and is_tiny(int(size) / 2):
            return "text too small to read"
        colour = _colour(found.get("color")) if "color" in found else ""
        if not (self.styles.shaded or "shd" in found or "highlight" in found or alike(colour or None, _PAPER)):
            return ""  # nothing but paper behind it, and it is not white: nearly always
        if colour and alike(colour, self._behind(found)):
            return "text in the colour of its background"
        return ""

    def _behind(self, found: dict[str, Any]) -> str | None:
        """The colour that a run stands on; None where it is not known."""
        marker = _value(found.get("highlight"))
        if marker and marker != "none":
            return {"white": _PAPER, "black": "000000"}.get(marker)
        shade = found.get("shd")
        if shade is not None and (fill := _fill(shade)):
            return fill
        if self._ground is None:
            self._ground = (self._paragraph_ground(),)
        return self._ground[0]

    def _paragraph_ground(self) -> str | None:
        for element, properties in _holders(self.paragraph):
            if element.tag.endswith("}txbxContent"):
                return None  # a text box: its shape may be filled
            shade = None if properties is None else properties.find(W + "shd")
            if shade is not None and (fill := _fill(shade)):
                return fill
            style = "" if properties is None else _value(_first(properties))
            if style and self.styles.shades(style):
                return None
        return _PAPER if self.styles.plain_paper else None


def _first(properties: Any) -> Any | None:
    for name in ("pStyle", "tblStyle"):
        found = properties.find(W + name)
        if found is not None:
            return found
    return None


def _holders(paragraph: Any) -> Iterator[tuple[Any, Any | None]]:
    """The paragraph and what it stands in, from within, each with its properties."""
    for element in (paragraph, *paragraph.iterancestors()):
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if name in {"p", "tc", "tbl", "txbxContent"}:
            yield element, element.find(f"{W}{name}Pr")


def _on(element: Any | None) -> bool:
    return element is not None and element.get(W + "val", "1") not in {"0", "false", "off"}


def _value(element: Any | None) -> str:
    return "" if element is None else element.get(W + "val", "")


def _colour(element: Any | None) -> str:
    """A stated colour as RRGGBB; empty where it is automatic or a theme's other than paper."""
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
