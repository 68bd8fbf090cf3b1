"""Element JSON of unstructured: a list of elements with type, text and metadata, as its `elements_to_json` writes it.

Boxes come from `metadata.coordinates`. They are in the units of its layout (pixels, points, or shares of the page), and the
page gets the layout's size, so that a box stands rightly on its page whatever the resolution was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from thresher.schemas.document import BlockKind, Box
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.parsed.elements import Element, Place, document_of
from thresher.service.readers.text.plain_reader import load_text
from thresher.service.readers.web.html_blocks import read_page

KINDS = {
    "Title": BlockKind.HEADING,
    "ListItem": BlockKind.LIST_ITEM,
    "Header": BlockKind.HEADER,
    "Footer": BlockKind.FOOTER,
    "PageNumber": BlockKind.FOOTER,
    "FormKeysValues": BlockKind.FORM,
}
"""By the type of an element; any other is a paragraph."""

UPWARD = ("PointSpace", "RelativeCoordinateSpace", "CoordinateSystem")  # systems with the origin at the bottom left
_HEAD = re.compile(rb'\s*\[\s*\{[^{}]*"(?:type|element_id)"\s*:\s*"')


class ElementJsonReader:
    """A JSON list of elements."""

    name = "element-json"

    def confidence(self, head: bytes, source: Source) -> float:
        """High for JSON that begins as a list of elements does."""
        is_json = source.media_type == "application/json"
        named = all(name in head for name in (b'"type"', b'"text"', b'"element_id"', b'"metadata"'))
        return 0.95 if is_json and named and _HEAD.match(head.removeprefix(b"\xef\xbb\xbf")) else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:  # noqa: ARG002 - it holds nothing
        """The Document. Raises InputProblem(corrupt) for what is no list of elements: it is read as plain JSON then."""
        decoded = load_text(source, options)
        try:
            found = json.loads(decoded.text)
        except ValueError as error:
            raise InputProblem("corrupt", f"{source.path} is no element JSON ({error})") from None
        return reading_of(source, found)


def reading_of(source: Source, found: Any) -> Reading:
    """Return the Reading of elements as unstructured's `to_dict` gives them. Raises InputProblem(corrupt)."""
    if not isinstance(found, list) or not all(_is_element(e) for e in found):
        raise InputProblem("corrupt", f"{source.path} is no list of elements")
    sizes = {_page(e): size for e in found if (size := _size(e)) is not None}
    document = document_of(source, map(_element, found), sizes)
    metadata: dict[str, Any] = next((e["metadata"] for e in found if e.get("metadata")), {})
    facts = {name: metadata.get(name) for name in ("filename", "subject", "sent_from", "sent_to", "last_modified")}
    document.facts.update({name: _told(value) for name, value in facts.items() if value})
    return Reading(document)


reader = ElementJsonReader()


def _is_element(found: Any) -> bool:
    return (
        isinstance(found, dict) and isinstance(found.get("text"), str) and isinstance(found.get("metadata", {}), dict)
    )


def _element(found: dict[str, Any]) -> Element:
    text, metadata = found["text"], found.get("metadata", {})
    kind = KINDS.get(found.get("type", ""), BlockKind.PARAGRAPH)
    place = Place(0, len(text), _page(found), _box(metadata.get("coordinates")))
    places = (place,) if "page_number" in metadata or place.box else ()
    rows = _rows(str(metadata.get("text_as_html") or "")) if found.get("type") == "Table" else []
    depth = metadata.get("category_depth")
    level = depth + 1 if isinstance(depth, int) and depth >= 0 else 1
    levelled = kind in (BlockKind.HEADING, BlockKind.LIST_ITEM)
    return Element(
        text=text, kind=kind, level=level if levelled else 0, places=places, rows=rows, header_rows=bool(rows)
    )


def _rows(html: str) -> list[list[str]]:
    """Return the rows of the first table of an HTML text."""
    return next((piece.rows for piece in read_page(html).pieces if piece.rows), []) if html else []


def _page(found: dict[str, Any]) -> int:
    page = found.get("metadata", {}).get("page_number")
    return page if isinstance(page, int) and page > 0 else 1


def _size(found: dict[str, Any]) -> tuple[float, float] | None:
    """Return the size of an element's page, in the units of its coordinates; None where none is told."""
    coordinates = found.get("metadata", {}).get("coordinates") or {}
    width, height = coordinates.get("layout_width"), coordinates.get("layout_height")
    if isinstance(width, int | float) and isinstance(height, int | float) and width > 0 and height > 0:
        return float(width), float(height)
    return None


def _box(coordinates: Any) -> Box | None:
    """Return the box round an element's corner points, y down; None where they are no points."""
    try:
        corners = [(float(x), float(y)) for x, y in coordinates["points"]]
        if coordinates.get("system") in UPWARD:
            corners = [(x, float(coordinates["layout_height"]) - y) for x, y in corners]
        across, down = zip(*corners, strict=True)
        return min(across), min(down), max(across), max(down)
    except (TypeError, ValueError, KeyError):
        return None


def _told(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str) else str(value)
