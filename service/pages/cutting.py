"""Cut pages out of a PDF; runs in a reading process, since the bytes are untrusted."""

from __future__ import annotations

import io

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.pages.drawing import media_type_of
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import guarded


def cut_pages(source: Source, options: ReadOptions, spool: Spool, *, first: int, last: int) -> bytes:
    """Return some pages of a PDF (1-based, both included) as a PDF of their own.

    Raises InputProblem: unsupported_type for another type of file, and what opening the file raises.
    """
    del options, spool
    return guarded(lambda: _cut(source, first, last), source)


def _cut(source: Source, first: int, last: int) -> bytes:
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415 - loads when first needed

    if media_type_of(source) != "application/pdf":
        raise InputProblem("unsupported_type", f"{source.path}: pages can be cut out of PDFs alone")
    out, data = PdfWriter(), io.BytesIO()
    for page in PdfReader(source.blob).pages[first - 1 : last]:
        out.add_page(page)
    out.write(data)
    return data.getvalue()
