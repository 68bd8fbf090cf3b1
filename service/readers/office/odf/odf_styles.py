"""Compute how the text of an OpenDocument file looks (struck, raised, lowered, hidden), by its styles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thresher.service.readers.hidden_text import HiddenPassages, is_squeezed, is_tiny, same_colour
from thresher.service.readers.office.odf.odf_frames import EmbeddedObjects
from thresher.service.readers.text_marks import UNMARKED, Mark

_NS = "{urn:oasis:names:tc:opendocument:xmlns:"
STYLE, _TEXT, _TABLE = f"{_NS}style:1.0}}", f"{_NS}text:1.0}}", f"{_NS}table:1.0}}"
_FO = f"{_NS}xsl-fo-compatible:1.0}}"
_PAPER = "ffffff"
_POINTS = {"pt": 1.0, "in": 72.0, "cm": 28.35, "mm": 2.835, "px": 0.75}


@dataclass(frozen=True, slots=True)
class Style:
    """The properties of one style and its base styles; empty where not set."""

    colour: str = ""
    ground: str = ""
    size: float | None = None  # points
    display: str = ""
    line: str = ""
    clip: str = ""  # what is cut off a picture
    position: str = ""
    squeezed: bool = False  # letters too narrow, or over each other


@dataclass(slots=True)
class Looks:
    """The styles of a file; hidden passages are added to `hidden` at the offset `at`."""

    styles: dict[str, Any] = field(default_factory=dict)
    paper: str | None = _PAPER  # None where pages have a background
    show_hidden: bool = False
    hidden: HiddenPassages = field(default_factory=HiddenPassages)
    at: int = 0
    place: str = ""
    differing: list[str] = field(default_factory=list)  # texts that are not what the value beside them shows
    controls: dict[str, str] = field(default_factory=dict)  # texts of the controls of forms, by id
    objects: EmbeddedObjects = field(default_factory=EmbeddedObjects)
    _made: dict[str, Style] = field(default_factory=dict)

    def style(self, name: str) -> Style:
        """Return a style by name."""
        if name not in self._made:
            self._made[name] = _merged(self._chain(name))
        return self._made[name]

    def run(self, names: list[str], ground: str | None) -> tuple[str, Mark]:
        """Return why text under styles, outermost first, is not visible (empty where it is), and its Mark."""
        found = [self.style(name) for name in names if name]
        last = {
            n: v
            for s in found
            for n in ("colour", "ground", "size", "display", "line", "position")
            if (v := getattr(s, n))
        }
        if last.get("display") == "none":
            return "hidden text", UNMARKED
        if is_tiny(last.get("size")):
            return "text too small to read", UNMARKED
        if same_colour(last.get("colour"), last.get("ground") or ground):
            return "text in the colour of its background", UNMARKED
        if found and found[-1].squeezed:
            return "letters squeezed together", UNMARKED
        struck = last.get("line", "none") != "none"
        position = last.get("position", "")
        shift = 1 if position.startswith("super") else -1 if position.startswith(("sub", "-")) else 0
        shift = shift or int(position[:1].isdigit() and not position.startswith("0%"))
        return "", Mark(struck, shift) if struck or shift else UNMARKED

    def hide(self, reason: str) -> None:
        """Record one passage that is left out."""
        self.hidden.add(self.at, reason, self.place)

    def ground(self, element: Any) -> str | None:
        """Return the background colour of an element's text; None where it is not known."""
        for holder in element.iterancestors():
            name = holder.tag.rpartition("}")[2] if isinstance(holder.tag, str) else ""
            if name in {"frame", "custom-shape", "text-box", "rect", "g"}:
                return None
            if name in {"table-cell", "table-row", "table"}:
                found = self.style(holder.get(_TABLE + "style-name", "")).ground
                if found:
                    return found
        return self.paper

    def _chain(self, name: str) -> list[Any]:
        chain: list[Any] = []
        while name in self.styles and len(chain) < 20:
            chain.append(self.styles[name])
            name = chain[-1].get(STYLE + "parent-style-name", "")
        return chain


def read_looks(*roots: Any | None, show_hidden: bool = False) -> Looks:
    """Return the Looks from the roots of content.xml and styles.xml."""
    looks = Looks(show_hidden=show_hidden)
    for root in roots:
        for element in [] if root is None else root.iter(STYLE + "style"):
            looks.styles.setdefault(element.get(STYLE + "name", ""), element)
        for layout in [] if root is None else root.iter(STYLE + "page-layout-properties"):
            stated = layout.get(_FO + "background-color", "transparent")
            if stated not in {"transparent", "#ffffff"} or len(layout.findall(STYLE + "background-image")):
                looks.paper = None
    return looks


def _merged(chain: list[Any]) -> Style:
    stated: dict[str, str] = {}
    for style in reversed(chain):
        for properties in style:
            stated |= {k: v for k, v in properties.attrib.items() if k.startswith((_FO, STYLE, _TEXT))}
    ground = stated.get(_FO + "background-color", "")
    return Style(
        colour=stated.get(_FO + "color", "").lstrip("#"),
        ground="" if ground == "transparent" else ground.lstrip("#"),
        size=_points(stated.get(_FO + "font-size", "")),
        display=stated.get(_TEXT + "display", ""),
        line=stated.get(STYLE + "text-line-through-style", "") or _line_type(stated),
        clip=stated.get(_FO + "clip", ""),
        position=stated.get(STYLE + "text-position", ""),
        squeezed=_is_squeezed(stated),
    )


def _is_squeezed(stated: dict[str, str]) -> bool:
    scale = stated.get(STYLE + "text-scale", "100%").rstrip("%")
    width = int(scale) / 100 if scale.isdecimal() and len(scale) < 6 else 1.0
    size = _points(stated.get(_FO + "font-size", "")) or 12.0
    return is_squeezed(size, width=width, spacing=_points(stated.get(_FO + "letter-spacing", "")) or 0.0)


def _line_type(stated: dict[str, str]) -> str:
    kind = stated.get(STYLE + "text-line-through-type", "none")
    return "" if kind == "none" else kind


def _points(length: str) -> float | None:
    try:
        return float(length[:-2]) * _POINTS[length[-2:]]
    except (ValueError, KeyError):
        return None
