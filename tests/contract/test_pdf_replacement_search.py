"""A file whose replacement texts are all harmless is told from its bytes; any other, and any that cannot be read, is not."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pdf_maker import Page, Pdf, text
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import PdfReader
from thresher.service.readers.pdf.text import file_search
from thresher.service.readers.pdf.text.replacement_search import may_have_false_replacements

_FALSE = "/Span <</ActualText (EUR 9,000)>> BDC\n" + text(72, 700, "EUR 100") + "EMC\n"
_LIGATURE = "/Span <</ActualText (fi)>> BDC\n" + text(72, 700, "fi") + "EMC\n"
_SPACE = "/Span <</ActualText<FEFF00A0>>> BDC\n" + text(72, 700, " x") + "EMC\n"


def _file(content: bytes, dictionary: str = "") -> bytes:
    """Return a PDF with an object whose stream is given as it is stored."""
    pdf = Pdf()
    pdf.stream(content, dictionary)
    return pdf.write([Page(text(72, 720, "An invoice"))])


def _judged(tmp_path: Path, data: bytes) -> bool:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    return may_have_false_replacements(str(path))


def _packed(content: str) -> bytes:
    return zlib.compress(content.encode())


HARMLESS = {
    "none": _file(b"0 0 m"),
    "plain": _file(_LIGATURE.encode()),
    "compressed": _file(_packed(_LIGATURE + _SPACE), "/Filter /FlateDecode"),
    "in a list of filters": _file(_packed(_SPACE), "/Filter [ /FlateDecode ]"),
}
FALSE = {
    "plain": _file(_FALSE.encode()),
    "compressed": _file(_packed(_FALSE), "/Filter /FlateDecode"),
    "compressed twice": _file(zlib.compress(_packed(_FALSE)), "/Filter [/FlateDecode /FlateDecode]"),
    "name spelt with a code": _file(_packed(_FALSE.replace("ActualText", "Actu#61lText")), "/Filter /FlateDecode"),
    "a figure": _file(_packed(_SPACE.replace("00A0", "0039")), "/Filter /FlateDecode"),
    "long": _file(_packed(_SPACE.replace("00A0", "0041" * 4)), "/Filter /FlateDecode"),
    "elsewhere": _file(_packed(_SPACE.replace("<FEFF00A0>", " 9 0 R ")), "/Filter /FlateDecode"),
    "other compression": _file(b"80\x0b\x60", "/Filter /LZWDecode"),
    "other compression, spelt with a code": _file(b"80\x0b\x60", "/Filt#65r /LZWDecode"),
    "a filter elsewhere": _file(b"80\x0b\x60", "/Filter 9 0 R"),
    "differences of rows": _file(_packed(_SPACE), "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 9 >>"),
    "parameters elsewhere": _file(_packed(_SPACE), "/Filter /FlateDecode /DecodeParms 9 0 R"),
    "cut off": _file(_packed(_FALSE)[:-9], "/Filter /FlateDecode"),
    "a stream in a stream": _file(b"stream\n" + _packed(_FALSE), "/Filter /FlateDecode"),
    "encrypted": _file(b"", "/Encrypt 9 0 R"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(tmp_path: Path, name: str) -> None:
    """Short texts without figures need no look."""
    assert not _judged(tmp_path, HARMLESS[name])


@pytest.mark.parametrize("name", FALSE)
def test_not_harmless(tmp_path: Path, name: str) -> None:
    """A long text or a figure, and whatever the search cannot read, do."""
    assert _judged(tmp_path, FALSE[name])


def test_rows_of_cross_references(tmp_path: Path) -> None:
    """A table of cross-references is read, its rows added up, so that no text hides in one."""
    row = b"/Span <</ActualText (EUR 9,000)>> BDC".ljust(60)
    head = "/Type /XRef /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 60 >>"
    assert _judged(tmp_path, _file(zlib.compress(b"\2" + row), head))
    assert not _judged(tmp_path, _file(zlib.compress(b"\2" + row[:6].ljust(60)), head))


_RUN = st.tuples(
    st.sampled_from(["fi", "EUR 9,000", "EUR 100", "total", "\\240", "7"]), st.sampled_from(["fi", "EUR 100", "total"])
)


@given(runs=st.lists(_RUN, min_size=1, max_size=4))
def test_the_same_is_read(tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[str, str]]) -> None:
    """With the search and without it the same is read."""
    content = "".join(
        f"/Span <</ActualText ({told})>> BDC\n{text(72, 700 - 20 * i, shown)}EMC\n"
        for i, (told, shown) in enumerate(runs)
    )
    folder = tmp_path_factory.mktemp("pdf")
    data = Pdf().write([Page(content)])
    path = folder / "a.pdf"
    path.write_bytes(data)
    read = []
    for search in (lambda _: True, may_have_false_replacements):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(file_search, "may_have_false_replacements", search)
            source = Source(path="a.pdf", blob=str(path), sha256="", size=len(data), name="a.pdf")
            read.append(PdfReader().read(source, ReadOptions(ocr="off"), Spool(folder)).document)
    assert repr(read[0]) == repr(read[1])
