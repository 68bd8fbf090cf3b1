"""The contract of an OCR engine, and the words that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image

    from thresher.schemas.document import Box


@dataclass(frozen=True, slots=True)
class PrintedWord:
    """One word: its text, its box in pixels of the image that was given, the engine's confidence.

    Confidence is 0..1, or -1 from an engine that gives none.
    """

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line as the engine saw it; columns are not yet told apart. Boxes in pixels, origin top-left.

    A line that was found and could not be read, such as one in a script that the engine does not know, has no words.
    """

    words: tuple[PrintedWord, ...]
    box: Box

    @property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(w.text for w in self.words)


DRAWN_DPI = "drawn_dpi"  # key in `Image.info` of a picture drawn from a page: at how many dots an inch


class Ocr(Protocol):
    """One engine, loaded once a process."""

    @property
    def name(self) -> str:
        """Short name, as in logs and reports."""
        ...

    def read(self, image: Image) -> list[PrintedLine]:
        """Lines of an image in any orientation, in no promised order; words of a line in reading order.

        Raises InputProblem(ocr_failed).
        """
        ...
