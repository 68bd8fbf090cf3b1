"""Open a PDF: try passwords, repair damage where possible, name failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2.raw as pdfium

import thresher.service.readers.pdf.library  # noqa: F401 - initialises PDFium
from thresher.schemas.errors import InputProblem, Note, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.pdf.pypdf_fallback import repaired_pdf


@contextmanager
def open_document(source: Source, options: ReadOptions) -> Iterator[tuple[Any, list[Note]]]:
    """Open a PDFium document, and close it at the end.

    Yields it with a Note where the file had to be repaired first.
    Raises InputProblem: zero_byte, too_large, password_protected, rms_protected, corrupt.
    """
    size = Path(source.blob).stat().st_size
    if size == 0:
        raise InputProblem("zero_byte", source.path)
    if size > options.limits.size:
        raise InputProblem("too_large", f"{source.path} has {size:,} bytes")
    document, error = _unlocked(source, options)
    data = None if document or error == pdfium.FPDF_ERR_PASSWORD else repaired_pdf(source, options)
    if data is not None:
        document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise _problem(source, error)
    try:
        _check_pages(document, source, options)
        yield document, [] if data is None else [note("corrupt_partial", "the file's structure had to be rebuilt")]
    finally:
        pdfium.FPDF_CloseDocument(document)


def _unlocked(source: Source, options: ReadOptions) -> tuple[Any, int]:
    """Return PDFium's document and 0, or None and PDFium's error."""
    error = 0
    for secret in _secrets(options):
        document = pdfium.FPDF_LoadDocument(source.blob.encode(), secret)
        if document:
            return document, 0
        error = pdfium.FPDF_GetLastError()
        if error != pdfium.FPDF_ERR_PASSWORD:
            break
    return None, error


def _secrets(options: ReadOptions) -> Iterator[bytes | None]:
    """Yield no password, then each given one, in the encodings of new and of old files."""
    yield None
    for password in options.passwords:
        yield password.encode()
        if not password.isascii():
            yield password.encode("latin-1", "replace")


def _problem(source: Source, error: int) -> InputProblem:
    """Return the InputProblem for PDFium's error."""
    if error == pdfium.FPDF_ERR_PASSWORD:
        return InputProblem("password_protected", source.path)
    if error == pdfium.FPDF_ERR_SECURITY:
        return InputProblem("rms_protected", source.path)
    return InputProblem("corrupt", f"{source.path} cannot be opened as PDF (PDFium error {error})")


def _check_pages(document: Any, source: Source, options: ReadOptions) -> None:
    """Raise InputProblem where the document has no pages (corrupt) or too many (too_large)."""
    count = pdfium.FPDF_GetPageCount(document)
    if count < 1:
        raise InputProblem("corrupt", f"{source.path} has no pages")
    if count > options.limits.pages:
        raise InputProblem("too_large", f"{source.path} has {count:,} pages")
