"""Opening a PDF: passwords tried, failures named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2.raw as pdfium

import service.readers.pdf.library  # noqa: F401 - initialises PDFium
from schemas.errors import InputProblem
from schemas.policy import ReadOptions
from schemas.source import Source


@contextmanager
def open_document(source: Source, options: ReadOptions) -> Iterator[Any]:
    """An open PDFium document, closed at the end.

    Raises InputProblem: zero_byte, too_large, password_protected, corrupt.
    """
    size = Path(source.blob).stat().st_size
    if size == 0:
        raise InputProblem("zero_byte", source.path)
    if size > options.limits.size:
        raise InputProblem("too_large", f"{source.path} has {size:,} bytes")
    document = _unlock(source, options)
    try:
        _check_pages(document, source, options)
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


def _unlock(source: Source, options: ReadOptions) -> Any:
    for password in (None, *options.passwords):
        secret = None if password is None else password.encode()
        document = pdfium.FPDF_LoadDocument(source.blob.encode(), secret)
        if document:
            return document
        error = pdfium.FPDF_GetLastError()
        if error != pdfium.FPDF_ERR_PASSWORD:
            raise InputProblem("corrupt", f"{source.path} can not be opened as PDF (PDFium error {error})")
    raise InputProblem("password_protected", source.path)


def _check_pages(document: Any, source: Source, options: ReadOptions) -> None:
    count = pdfium.FPDF_GetPageCount(document)
    if count < 1:
        raise InputProblem("corrupt", f"{source.path} has no pages")
    if count > options.limits.pages:
        raise InputProblem("too_large", f"{source.path} has {count:,} pages")
