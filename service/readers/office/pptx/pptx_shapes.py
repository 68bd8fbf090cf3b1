"""List the shapes of a slide in reading order, each with its box on the slide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pptx.enum.shapes import PP_PLACEHOLDER

from thresher.schemas.document import BlockKind, Box
from thresher.service.readers.archives.alternate_content import resolve_alternatives
from thresher.service.readers.office.ooxml_drawing import crop_of

EMU = 12_700  # English metric units in a point
_BAND_POINTS = 18.0  # shapes whose tops differ by no more are read from left to right
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FURNITURE = {PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.HEADER}
_TITLES = {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE}
_BULLETED = {PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY, PP_PLACEHOLDER.VERTICAL_OBJECT}


@dataclass(frozen=True, slots=True)
class GroupTransform:
    """The mapping of a group's coordinates to the slide: scale, then shift, for x and y."""

    sx: float = 1.0
    sy: float = 1.0
    dx: float = 0.0
    dy: float = 0.0

    def box(self, shape: Any) -> Box:
        """Return a shape's box in points; zeros where neither it nor its layout states one."""
        x, y, w, h = (float(v or 0) / EMU for v in (shape.left, shape.top, shape.width, shape.height))
        return (
            x * self.sx + self.dx, y * self.sy + self.dy, (x + w) * self.sx + self.dx, (y + h) * self.sy + self.dy,
        )  # fmt: skip

    def inside(self, group: Any) -> GroupTransform:
        """Return the GroupTransform for shapes in a group."""
        x0, y0, x1, y1 = self.box(group)
        frame = group._element.grpSpPr.find(_A + "xfrm")  # noqa: SLF001 - the library does not expose the child frame
        offset = None if frame is None else frame.find(_A + "chOff")
        extent = None if frame is None else frame.find(_A + "chExt")
        if offset is None or extent is None:
            return self
        w, h = float(extent.get("cx", 0)) / EMU, float(extent.get("cy", 0)) / EMU
        sx, sy = (x1 - x0) / w if w else 1.0, (y1 - y0) / h if h else 1.0
        return GroupTransform(
            sx, sy, x0 - float(offset.get("x", 0)) / EMU * sx, y0 - float(offset.get("y", 0)) / EMU * sy
        )


@dataclass(frozen=True, slots=True)
class PlacedShape:
    """A shape that is not a group, and its box on the slide in points."""

    shape: Any
    box: Box

    @property
    def role(self) -> Any:
        """Return its placeholder type; None for a free shape."""
        return self.shape.placeholder_format.type if self.shape.is_placeholder else None

    @property
    def kind(self) -> BlockKind:
        """Return the kind of its text, unless paragraphs are list items."""
        if self.role in _TITLES:
            return BlockKind.HEADING
        if self.role in _FURNITURE:
            return BlockKind.HEADER if self.role is PP_PLACEHOLDER.HEADER else BlockKind.FOOTER
        return BlockKind.PARAGRAPH

    def paragraphs(self, text_of: Callable[[Any], str]) -> Iterator[tuple[str, BlockKind, int]]:
        """Yield (text, kind, level) of each paragraph with text, as returned by `text_of`."""
        for paragraph in self.shape.text_frame.paragraphs:
            text = text_of(paragraph._p)  # noqa: SLF001 - the library does not expose the look of runs
            if text and self.kind is BlockKind.PARAGRAPH and self._is_item(paragraph):
                yield text, BlockKind.LIST_ITEM, paragraph.level + 1
            elif text:
                yield text, self.kind, int(self.kind is BlockKind.HEADING)

    def _is_item(self, paragraph: Any) -> bool:
        properties = paragraph._p.pPr  # noqa: SLF001 - the library does not expose bullets
        found = set() if properties is None else {child.tag.rsplit("}", 1)[-1] for child in properties}
        if "buNone" in found:
            return False
        return bool(found & {"buChar", "buAutoNum", "buBlip"}) or self.role in _BULLETED


def placed_shapes(shapes: Any, place: GroupTransform | None = None) -> Iterator[PlacedShape]:
    """Yield all shapes, also inside groups: titles first, then from top to bottom and left to right; footers last."""
    place = place or GroupTransform()
    unwrap_choices(shapes._spTree if hasattr(shapes, "_spTree") else shapes._element)  # noqa: SLF001 - see below
    for box, shape in _in_order((place.box(shape), shape) for shape in shapes):
        if hasattr(shape, "shapes"):
            yield from placed_shapes(shape.shapes, place.inside(shape))
        else:
            yield PlacedShape(shape, box)


def picture_key(shape: Any) -> str:
    """Return the relationship of a picture that is shown upright; empty for any other shape."""
    element = shape._element  # noqa: SLF001 - the library fails on pictures that are linked
    image = element.find(f"{_P}blipFill/{_A}blip") if element.tag == _P + "pic" else None
    if image is None or _is_turned(element):
        return ""
    return str(image.get(_R + "embed", ""))


def picture_crop(shape: Any) -> Box:
    """Return the shares that are cut off a picture: left, top, right, bottom."""
    return crop_of(shape._element.find(f"{_P}blipFill/{_A}srcRect"))  # noqa: SLF001 - as above


def _is_turned(picture: Any) -> bool:
    frame = picture.find(f"{_P}spPr/{_A}xfrm")
    return frame is not None and any(frame.get(n, "0") not in {"0", "false"} for n in ("rot", "flipH", "flipV"))


def unwrap_choices(tree: Any) -> None:
    """Replace each `mc:AlternateContent` by what is shown of it, as python-pptx ignores its content."""
    resolve_alternatives(tree)
    for ink in list(tree.iter(_P + "contentPart")):  # has no text, and python-pptx fails on it
        ink.getparent().remove(ink)


def _in_order(shapes: Iterable[tuple[Box, Any]]) -> list[tuple[Box, Any]]:
    """Order shapes by bands from top to bottom, in a band from left to right; titles first, footers last."""
    known = sorted(shapes, key=lambda s: (_rank(s[1]), s[0][1]))
    ordered: list[tuple[Box, Any]] = []
    band: list[tuple[Box, Any]] = []
    for box, shape in known:
        if band and (_rank(shape) != _rank(band[0][1]) or box[1] - band[0][0][1] > _BAND_POINTS):
            ordered += sorted(band, key=lambda s: s[0][0])
            band = []
        band.append((box, shape))
    return ordered + sorted(band, key=lambda s: s[0][0])


def _rank(shape: Any) -> int:
    kind = PlacedShape(shape, (0, 0, 0, 0)).kind
    return {BlockKind.HEADING: 0, BlockKind.FOOTER: 2}.get(kind, 1)
