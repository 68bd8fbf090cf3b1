"""Find what the frames of OpenDocument content show: pictures with their place and crop, formulas, embedded objects."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.document import Box
from thresher.service.readers.archives.zip_package import Package
from thresher.service.readers.formulas import formula_text

_NS = "{urn:oasis:names:tc:opendocument:xmlns:"
_DRAW, _OFFICE, _SVG = f"{_NS}drawing:1.0}}", f"{_NS}office:1.0}}", f"{_NS}svg-compatible:1.0}}"
_MATH = "{http://www.w3.org/1998/Math/MathML}math"
LINK = "{http://www.w3.org/1999/xlink}href"
_POINTS = {"cm": 28.3465, "mm": 2.83465, "in": 72.0, "pt": 1.0, "px": 0.75, "pc": 12.0}
_RECT = re.compile(r"rect\(([^)]*)\)")
_REPLACEMENTS = "ObjectReplacements"  # the folder of the pictures of embedded objects


def points(length: str) -> float:
    """Return a length with its unit in points; 0 for none.

    >>> points("1in"), points("auto")
    (72.0, 0.0)
    """
    try:
        return float(length[:-2]) * _POINTS.get(length[-2:], 1.0)
    except ValueError:
        return 0.0


def member_of(element: Any) -> str:
    """Return the member of the package that an image or object links to; empty for none and for replacements."""
    name = str(element.get(LINK, "")).removeprefix("./").rstrip("/")
    return "" if name.startswith(_REPLACEMENTS) else name


def images_of(frame: Any) -> list[Any]:
    """Return the images of a frame, which are forms of the same picture; none for the picture of an embedded object."""
    if frame.find(_DRAW + "object") is not None:
        return []
    return [image for image in frame.findall(_DRAW + "image") if member_of(image)]


def box_of(frame: Any) -> Box | None:
    """Return where an upright frame stands on its slide, in points; None for a turned one, and without a place."""
    if frame.get(_DRAW + "transform"):
        return None
    x, y, width, height = (points(frame.get(_SVG + name, "")) for name in ("x", "y", "width", "height"))
    return (x, y, x + width, y + height) if width and height else None


def is_off(box: Box, size: tuple[float, float]) -> bool:
    """Whether a box lies fully outside its slide."""
    return box[2] <= 0 or box[3] <= 0 or box[0] >= size[0] or box[1] >= size[1]


def crop_of(clip: str, size: tuple[float, float]) -> Box:
    """Return the shares that an `fo:clip` cuts off a picture of a natural size in points: left, top, right, bottom.

    >>> crop_of("rect(0cm, 0cm, 0cm, 1in)", (144.0, 72.0))
    (0.5, 0.0, 0.0, 0.0)
    """
    found = _RECT.search(clip)
    sides = [] if found is None else [max(points(side), 0.0) for side in found[1].replace(",", " ").split()]
    if len(sides) != len("trbl") or not any(sides) or not all(size):
        return 0.0, 0.0, 0.0, 0.0
    top, right, bottom, left = sides
    width, height = size
    return left / width, top / height, right / width, bottom / height


@dataclass(slots=True)
class EmbeddedObjects:
    """The objects of one file, such as formulas and charts: each a part of the package, or an element within the frame."""

    package: Package | None = None
    _roots: dict[str, Any] = field(default_factory=dict)

    def content(self, frame: Any) -> Any | None:
        """Return the root of the object that a frame shows; None where it shows none."""
        held = frame.find(_DRAW + "object")
        if held is None:
            return None
        if len(held):
            return held[0]
        name = member_of(held)
        if not name or self.package is None:
            return None
        if name not in self._roots:
            member = f"{name}/content.xml"
            self._roots[name] = self.package.xml(member) if member in self.package else None
        return self._roots[name]

    def formula(self, frame: Any) -> str:
        """Return the formula that a frame shows, as text; empty for anything else."""
        root = self.content(frame)
        return formula_text(root).strip() if root is not None and root.tag == _MATH else ""

    def body(self, frame: Any) -> Any | None:
        """Return the body of the chart, sheet or text that a frame shows: the element within `office:body`."""
        root = self.content(frame)
        body = None if root is None else root.find(_OFFICE + "body")
        return body[0] if body is not None and len(body) else None
