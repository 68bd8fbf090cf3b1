"""Define the PDF reader: its confidence for a file, and reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresher.schemas.source import Source
from thresher.service.base.gc_pause import gc_paused
from thresher.service.readers.worker_process import widen_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from thresher.schemas.policy import ReadOptions
    from thresher.service.ocr.base import OcrEngine
    from thresher.service.readers.base import Reading, Spool

_HEADER_ZONE = 1024  # bytes in which viewers search the signature


class PdfReader:
    """A reader of PDF. PDFium is loaded at the first read."""

    name = "pdf"

    def __init__(self, engine: Callable[[str], OcrEngine] | None = None) -> None:
        """Set the function that returns an OCR engine by its name; by default that of `thresher.service.ocr`."""
        self._engine = engine

    def confidence(self, head: bytes, source: Source) -> float:
        """Return the confidence (0..1) that this is a PDF.

        It is high where the signature is in the first 1,024 bytes.
        """
        if b"%PDF-" in head[:_HEADER_ZONE]:
            return 0.95
        if source.media_type == "application/pdf":
            return 0.9
        claims = source.declared_type == "application/pdf" or source.name.lower().endswith(".pdf")
        return 0.3 if claims else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Read the Document, and the files attached to it.

        Raises InputProblem: zero_byte, password_protected, rms_protected, corrupt, too_large.
        """
        from thresher.service.readers.pdf.reading import read_pdf  # noqa: PLC0415 - PDFium and numpy load when first needed

        with gc_paused():  # collections took a seventh of the time, to find a few hundred objects
            return read_pdf(source, options, spool, self._engine or _installed)


def _installed(name: str) -> OcrEngine:
    """Return the installed OCR engine of a name, and raise the memory limit for it."""
    from thresher.service.ocr import engine  # noqa: PLC0415 - OCR loads when a page needs it

    widen_memory()
    return engine(name)
