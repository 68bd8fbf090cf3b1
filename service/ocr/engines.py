"""Choose the OCR engine of a name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from thresher.schemas.errors import SetupProblem

if TYPE_CHECKING:
    from thresher.service.ocr.base import OcrEngine


@cache
def engine(name: str = "auto") -> OcrEngine:
    """Return the engine of a name ("auto", "rapidocr", "tesseract"), loaded once a process.

    Raises SetupProblem(extra_missing) when it is not installed, KeyError for an unknown name.
    """
    return {"auto": _auto, "rapidocr": _rapidocr, "tesseract": _tesseract}[name]()


def _auto() -> OcrEngine:
    """Return RapidOCR, with Tesseract for scripts that it does not know. Raises SetupProblem(extra_missing)."""
    from thresher.service.ocr.further_scripts import FurtherScripts  # noqa: PLC0415 - as below
    from thresher.service.ocr.tesseract import for_further_scripts  # noqa: PLC0415 - as below

    return FurtherScripts(_rapidocr(), for_further_scripts)


def _rapidocr() -> OcrEngine:
    """Return RapidOCR. Raises SetupProblem(extra_missing) when it is not installed."""
    try:
        from thresher.service.ocr.rapidocr import RapidOcr  # noqa: PLC0415 - OCR is imported only when a page needs it
    except ImportError as missing:
        raise SetupProblem("extra_missing", "thresher[ocr], for text in images") from missing
    return RapidOcr()


def _tesseract() -> OcrEngine:
    """Return Tesseract. Raises SetupProblem(extra_missing) when it is not installed."""
    from thresher.service.ocr.tesseract import installed_tesseract  # noqa: PLC0415 - as above

    return installed_tesseract()
