"""Write the words of pictures of an OpenDocument file where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import Problem
from thresher.service.readers.office.odf.odf_frames import box_of, crop_of, images_of, member_of
from thresher.service.readers.office.odf.odf_styles import STYLE, Looks
from thresher.service.readers.placed_pictures import CellPicture, PlacedPictures, ShownPicture, SlidePlace

_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_POINTS_A_PIXEL = 0.75  # of pictures that state no resolution, in office programs


@dataclass(slots=True)
class OdfPictures:
    """The pictures of one file. On slides they have boxes."""

    placed: PlacedPictures
    looks: Looks
    on_slides: bool = False

    def write(self, builder: DocumentBuilder, frame: Any) -> None:
        """Write the words of a frame's picture, of the first of its forms that can be read."""
        place = self._place(builder, frame)
        if self._is_hidden(frame) or (self.on_slides and place is None):
            return
        for shown in self._forms(frame):
            self.placed.write(builder, shown, place)
            if shown.member in self.placed.placed:
                break

    def fill_cells(self, builder: DocumentBuilder, grid: list[list[str]], column: int, cell: Any) -> list[CellPicture]:
        """Add the words of the pictures of a cell to its text in the last row, and return where they stand."""
        frames = [f for f in cell.iter(_DRAW + "frame") if not self._is_hidden(f)]
        shown = [one for frame in frames for one in self._forms(frame)[:1]]
        return [found for one in shown for found in self.placed.fill_cell(builder.document, grid, column, one)]

    def _place(self, builder: DocumentBuilder, frame: Any) -> SlidePlace | None:
        box = box_of(frame) if self.on_slides else None
        return None if box is None else SlidePlace(len(builder.document.pages), box)

    def _is_hidden(self, frame: Any) -> bool:
        """Whether a frame stands in hidden text."""
        names = [e.get(_TEXT + "style-name", "") for e in frame.iterancestors(_TEXT + "span", _TEXT + "p", _TEXT + "h")]
        return not self.looks.show_hidden and any(self.looks.style(n).display == "none" for n in names if n)

    def _forms(self, frame: Any) -> list[ShownPicture]:
        clip = self.looks.style(frame.get(_DRAW + "style-name", "")).clip
        found = [member_of(image) for image in images_of(frame)]
        return [
            ShownPicture(member, crop_of(clip, self._natural_size(member)) if clip else (0, 0, 0, 0))
            for member in found
        ]

    def _natural_size(self, member: str) -> tuple[float, float]:
        """Return width and height of a picture in points, as its file states them; zeros where it can not be read."""
        from thresher.service.readers.image import natural_size  # noqa: PLC0415 - Pillow, for cropped pictures only

        child = self.placed.children.get(member)
        try:
            return natural_size(child, self.placed.options.limits, _POINTS_A_PIXEL) if child else (0.0, 0.0)
        except Problem:
            return 0.0, 0.0


def shown_members(*roots: Any) -> list[str]:
    """Return the members that pictures and embedded files of some elements link to, in order, each once."""
    found = (e for root in roots for e in root.iter(_DRAW + "image", _DRAW + "object-ole"))
    return list(dict.fromkeys(filter(None, map(member_of, found))))


def master_pages(styles: Any | None) -> dict[str, Any]:
    """Return the master pages by name."""
    found = [] if styles is None else styles.iter(STYLE + "master-page")
    return {page.get(STYLE + "name", ""): page for page in found}
