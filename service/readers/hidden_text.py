"""What a reader leaves out because no one who looks at the page sees it: where it stood, and why.

white on white, 1 point, switched off, off the page … -> one Note `hidden_text` that names reasons and places
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from thresher.schemas.document import Document
from thresher.schemas.errors import Note, note

_TINY = 1.4  # points: text of this size or less is a line of dots to a person
_NAMED = 5  # places that a Note names
_ALIKE = 16  # of 255: colours that differ by less, in each channel, can not be told apart


@dataclass(slots=True)
class Hidden:
    """Passages left out, in order."""

    offsets: list[int] = field(default_factory=list)  # of the canonical text: where the passage would stand
    places: list[str] = field(default_factory=list)  # what names the place better than a line; empty where nothing does
    reasons: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many passages."""
        return len(self.offsets)

    def add(self, offset: int, reason: str, place: str = "") -> None:
        """Remember one passage."""
        self.offsets.append(offset)
        self.places.append(place)
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def notes(self, document: Document) -> list[Note]:
        """One Note of all passages, or none; the Document's text is built."""
        if not self.offsets:
            return []
        places = list(dict.fromkeys(p or _place(document, o) for o, p in zip(self.offsets, self.places, strict=True)))
        named = ", ".join(places[:_NAMED]) + (f" and {len(places) - _NAMED} more" if len(places) > _NAMED else "")
        count = f"{len(self)} passage{'s' if len(self) > 1 else ''}"
        page = document.page_at(self.offsets[0]) if len(document.pages) else None
        return [note("hidden_text", f"{count} ({', '.join(self.reasons)}) at {named}", page)]


def _place(document: Document, offset: int) -> str:
    if document.text[offset : offset + 1] == "\n":
        offset += 1  # what is hidden would begin the next line
    if len(document.pages):
        return f"page {document.page_at(offset)}"
    return f"line {document.line_number(offset)}"


def is_tiny(points: float | None) -> bool:
    """Whether text of a size, in points, is too small to be read by anyone."""
    return points is not None and points <= _TINY


@lru_cache(maxsize=1024)
def alike(colour: str | None, ground: str | None) -> bool:
    """Whether text of a colour can not be told from what it stands on; both as RRGGBB, None for unknown.

    >>> alike("FFFFFF", "fefefe"), alike("FFFFFF", "4472C4"), alike("FFFFFF", None)
    (True, False, False)
    """
    if not colour or not ground or len(colour) != 6 or len(ground) != 6:
        return False
    try:
        pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (0, 2, 4)]
    except ValueError:
        return False
    return all(abs(a - b) <= _ALIKE for a, b in pairs)
