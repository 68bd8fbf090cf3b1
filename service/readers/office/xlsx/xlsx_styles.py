"""Read how cells and runs of a workbook look: number format, struck, raised, lowered, or hidden."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from openpyxl.styles.colors import COLOR_INDEX
from openpyxl.styles.numbers import BUILTIN_FORMATS

from thresher.service.readers.hidden_text import is_tiny, same_colour
from thresher.service.readers.text_marks import UNMARKED, Mark, join_runs

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PAPER = "FFFFFF"
_THEME = {"0": "FFFFFF", "1": "000000"}  # light 1 and dark 1 of all standard themes
_SHIFTS = {"superscript": 1, "subscript": -1}


@dataclass(frozen=True, slots=True)
class Font:
    """The properties of a font that decide whether and how text is visible."""

    mark: Mark = UNMARKED
    colour: str = ""  # RRGGBB; empty for automatic or not known
    tiny: bool = False

    def unseen(self, ground: str | None) -> str:
        """Return why text in this font is not visible on a background; empty where it is."""
        if self.tiny:
            return "text too small to read"
        return "text in the colour of its background" if same_colour(self.colour, ground) else ""


@dataclass(frozen=True, slots=True)
class CellStyle:
    """One cell format."""

    form: str = "General"
    font: Font = Font()
    ground: str | None = _PAPER
    unseen: str = ""  # why text in it is not visible


@dataclass(frozen=True, slots=True)
class RichText:
    """A string with runs that may not be visible."""

    runs: tuple[tuple[str, Font], ...]


def cell_styles(root: Any | None) -> list[CellStyle]:
    """Return the cell formats of styles.xml, by number."""
    if root is None:
        return []
    custom_formats = {f.get("numFmtId"): f.get("formatCode", "General") for f in root.iter("{*}numFmt")}
    fonts = [font_of(f) for f in root.iterfind("{*}fonts/{*}font")]
    grounds = [_ground(f) for f in root.iterfind("{*}fills/{*}fill")]
    return [_cell_style(x, custom_formats, fonts, grounds) for x in root.iterfind("{*}cellXfs/{*}xf")]


def _cell_style(xf: Any, custom_formats: dict[Any, str], fonts: list[Font], grounds: list[str | None]) -> CellStyle:
    number = xf.get("numFmtId", "0")
    form = custom_formats.get(number) or BUILTIN_FORMATS.get(int(number) if number.isdecimal() else 0, "General")
    font, ground = _at(fonts, xf.get("fontId"), Font()), _at(grounds, xf.get("fillId"), _PAPER)
    return CellStyle(form, font, ground, font.unseen(ground))


def _at(items: list[Any], index: str | None, default: Any) -> Any:
    return items[int(index)] if index and index.isdecimal() and int(index) < len(items) else default


def font_of(properties: Any | None) -> Font:
    """Return the Font of a `font` or `rPr` element."""
    if properties is None:
        return Font()
    found = {e.tag.rpartition("}")[2]: e for e in properties if isinstance(e.tag, str)}
    struck = "strike" in found and found["strike"].get("val", "1") not in {"0", "false"}
    shift = _SHIFTS.get(found["vertAlign"].get("val", ""), 0) if "vertAlign" in found else 0
    size = found["sz"].get("val", "") if "sz" in found else ""
    colour = _colour(found.get("color"))
    return Font(
        Mark(struck, shift) if struck or shift else UNMARKED,
        colour or "",
        tiny=is_tiny(float(size)) if size.replace(".", "", 1).isdecimal() else False,
    )


def _colour(element: Any | None) -> str | None:
    """Return RRGGBB; empty for automatic, None for unknown colours (of a theme, or with a tint)."""
    if element is None or element.get("auto") in {"1", "true"}:
        return ""
    if element.get("rgb"):
        return str(element.get("rgb"))[-6:]
    if element.get("tint") not in {None, "0"}:
        return None
    if element.get("theme"):
        return _THEME.get(element.get("theme"))
    index = element.get("indexed", "")
    if index in {"64", "65"}:
        return "000000" if index == "64" else _PAPER
    return COLOR_INDEX[int(index)][-6:] if index.isdecimal() and int(index) < len(COLOR_INDEX) else None


def _ground(fill: Any) -> str | None:
    """Return the colour of a fill: white for no fill, None where it is not a single colour."""
    pattern = fill.find("{*}patternFill")
    kind = "gradient" if pattern is None else pattern.get("patternType", "none")
    if kind == "none":
        return _PAPER
    return _colour(pattern.find("{*}fgColor")) or None if kind == "solid" else None


def string_of(element: Any | None) -> str | RichText:
    """Return a shared or inline string: its runs with their marks, without phonetic hints."""
    if element is None:
        return ""
    runs = [
        (unescaped(t.text or ""), font_of(t.getparent().find("{*}rPr")))
        for t in element.iter("{*}t")
        if not t.getparent().tag.endswith("}rPh")
    ]
    if any(font.colour or font.tiny for _, font in runs):
        return RichText(tuple(runs))
    return join_runs([(text, font.mark) for text, font in runs])


def seen(text: str | RichText, style: CellStyle) -> tuple[str, str]:
    """Return the visible text of a string in a cell, and why the rest is hidden (empty where nothing is)."""
    if isinstance(text, str):
        return text, ""
    reasons = [font.unseen(style.ground) for _, font in text.runs]
    shown = [(part, font.mark) for (part, font), why in zip(text.runs, reasons, strict=True) if not why]
    hidden = [why for (part, _), why in zip(text.runs, reasons, strict=True) if why and part.strip()]
    return join_runs(shown), hidden[0] if hidden else ""


def unescaped(text: str) -> str:
    """Decode control characters that Excel writes as `_x000D_`."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text
