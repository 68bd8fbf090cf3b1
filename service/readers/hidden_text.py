"""Report text that a reader leaves out because it is invisible on the page: where it stands, and why.

white on white, 1 point, switched off, off the page … -> one Note `hidden_text` with reasons and places
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from thresher.schemas.document import Document
from thresher.schemas.errors import Note, note

_TINY_MAX_POINTS = 1.4  # text of this size or less is not legible
_NARROWEST_SHARE = 0.1  # of their usual width: narrower letters are strokes
_OVERLAP_SHARE = 0.4  # of the size of type: spacing that takes so much away puts most letters over each other
_PLACES_IN_NOTE = 5
_SAME_COLOUR_MAX = 16  # of 255: colours that differ by no more, in each channel, look the same


@dataclass(slots=True)
class HiddenPassages:
    """The passages left out, in order."""

    offsets: list[int] = field(default_factory=list)  # in the canonical text, where the passage would stand
    places: list[str] = field(default_factory=list)  # a name of the place that is better than a line number, or empty
    reasons: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of passages."""
        return len(self.offsets)

    def add(self, offset: int, reason: str, place: str = "") -> None:
        """Record one passage."""
        self.offsets.append(offset)
        self.places.append(place)
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def notes(self, document: Document) -> list[Note]:
        """Return one Note for all passages, or none. The Document's text must be complete."""
        if not self.offsets:
            return []
        places = list(dict.fromkeys(p or _place(document, o) for o, p in zip(self.offsets, self.places, strict=True)))
        named = ", ".join(places[:_PLACES_IN_NOTE]) + (
            f" and {len(places) - _PLACES_IN_NOTE} more" if len(places) > _PLACES_IN_NOTE else ""
        )
        count = f"{len(self)} passage{'s' if len(self) > 1 else ''}"
        page = document.page_at(self.offsets[0]) if len(document.pages) else None
        return [note("hidden_text", f"{count} ({', '.join(self.reasons)}) at {named}", page)]


def _place(document: Document, offset: int) -> str:
    """Return "page N" of an offset, or "line N" for a Document without pages."""
    if document.text[offset : offset + 1] == "\n":
        offset += 1  # the hidden passage would begin the next line
    if len(document.pages):
        return f"page {document.page_at(offset)}"
    return f"line {document.line_number(offset)}"


def is_tiny(points: float | None) -> bool:
    """Whether text of a size, in points, is too small to be read."""
    return points is not None and points <= _TINY_MAX_POINTS


def is_squeezed(size: float = 12.0, *, width: float = 1.0, spacing: float = 0.0) -> bool:
    """Whether letters are too narrow, or lie too much over each other, to be read.

    `size` and `spacing` (added between letters) in the same unit; `width` is the share of their usual width.

    >>> is_squeezed(12, width=0.01), is_squeezed(12, spacing=-6), is_squeezed(12, width=0.8, spacing=-0.5)
    (True, True, False)
    """
    return width < _NARROWEST_SHARE or (spacing < 0 and spacing <= -_OVERLAP_SHARE * abs(size))


@lru_cache(maxsize=1024)
def same_colour(colour: str | None, ground: str | None) -> bool:
    """Whether text of a colour looks the same as its background; both as RRGGBB, None for unknown.

    >>> same_colour("FFFFFF", "fefefe"), same_colour("FFFFFF", "4472C4"), same_colour("FFFFFF", None)
    (True, False, False)
    """
    if not colour or not ground or len(colour) != 6 or len(ground) != 6:
        return False
    try:
        pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (0, 2, 4)]
    except ValueError:
        return False
    return all(abs(a - b) <= _SAME_COLOUR_MAX for a, b in pairs)
