"""Define the contract of an OCR engine, and the words that it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image

    from thresher.schemas.document import Box


@dataclass(frozen=True, slots=True)
class PrintedWord:
    """One word: its text, its box in pixels of the given image, the engine's confidence.

    Confidence is 0..1, or -1 from an engine that gives none.
    """

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line as the engine saw it, before columns are separated. Boxes in pixels, origin top-left.

    A line that was found but not read, such as one in an unknown script, has no words.
    """

    words: tuple[PrintedWord, ...]
    box: Box

    @property
    def text(self) -> str:
        """Return the words with single spaces."""
        return " ".join(w.text for w in self.words)


DRAWN_DPI = "drawn_dpi"  # key in `Image.info` of a picture rendered from a page: its resolution in dots an inch


class OcrEngine(Protocol):
    """One engine, loaded once a process."""

    @property
    def name(self) -> str:
        """Return the short name, as in logs and reports."""
        ...

    def read(self, image: Image) -> list[PrintedLine]:
        """Read the lines of an image in any orientation, in no promised order.

        The words of a line are in reading order. Raises InputProblem(ocr_failed).
        """
        ...
