"""Attacks by mails: versions that say something else, encodings that lie, parts that few programs show."""

from __future__ import annotations

import base64
import binascii
import zlib
from pathlib import Path

import pytest

from tests.office_files import source_of
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.mail import smime
from thresher.service.readers.registry import read_source

HEAD = b"From: a@x.at\r\nTo: b@x.at\r\nSubject: Bill\r\nMIME-Version: 1.0\r\n"


def read(folder: Path, rest: bytes) -> Document:
    """The Document of a mail with a few header lines above what is given."""
    path = folder / "a.eml"
    path.write_bytes(HEAD + rest)
    return read_source(source_of(path), ReadOptions(ocr="off"), Spool(folder / "spool")).document


def body(document: Document) -> str:
    """Its text below the header lines."""
    return document.text.partition("Subject: Bill\n")[2]


def codes(document: Document) -> set[str]:
    """The codes of its Notes."""
    return {n.code for n in document.notes}


def test_a_name_that_only_the_plain_text_has_is_not_read(tmp_path: Path) -> None:
    """Mail programs show the HTML: where each version has words of its own, it is read, with a Note."""
    plain, html = b"Sold to Alice Smith of Vienna.", b"<p>Sold to Robert Brown of Berlin.</p>"
    head = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
    document = read(tmp_path, head + plain + b"\r\n--b\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n--b--\r\n")
    assert (body(document), codes(document)) == ("Sold to Robert Brown of Berlin.", {"versions_differ"})


@pytest.mark.parametrize("name", [b"base64 (x)", b"x-base64", b"(x) Base64", b"base64; x=y"])
def test_base64_is_decoded_by_whatever_name(name: bytes, tmp_path: Path) -> None:
    """A comment, or a name that nobody knows, does not turn a text into letters that say nothing."""
    packed = base64.b64encode(b"Total due: 9,250.00")
    assert body(read(tmp_path, b"Content-Transfer-Encoding: " + name + b"\r\n\r\n" + packed)) == "Total due: 9,250.00"


def test_what_stands_beside_a_uuencoded_part_is_missed(tmp_path: Path) -> None:
    """The part is the file in it; what stands before and behind that file is not read, and a Note says so."""
    file = b"begin 644 a\r\n" + binascii.b2a_uu(b"hello") + b"`\r\nend\r\n"
    head = b"Content-Transfer-Encoding: x-uuencode\r\n\r\n"
    alone, beside = read(tmp_path, head + file), read(tmp_path, head + b"9,250.00\r\n" + file)
    assert (body(alone), codes(alone), codes(beside)) == ("hello", set(), {"corrupt_partial"})


def test_parts_behind_the_end_are_noted(tmp_path: Path) -> None:
    """Few programs show them, so what they say is not read as if anybody saw it."""
    part = b"--b\r\nContent-Type: text/plain\r\n\r\n%b\r\n"
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    document = read(tmp_path, head + part % b"9,250.00" + b"--b--\r\n" + part % b"4,711.00" + b"--b--\r\n")
    assert (body(document), codes(document)) == ("9,250.00\n4,711.00", {"corrupt_partial"})


def test_ascii_that_is_called_utf_16_is_ascii(tmp_path: Path) -> None:
    """It holds no zero byte, so it is no UTF-16, and its pairs of letters are no Chinese."""
    assert body(read(tmp_path, b"Content-Type: text/plain; charset=utf-16\r\n\r\nTotal 9,250.00")) == "Total 9,250.00"


@pytest.mark.parametrize(("head", "codec"), [(b"Content-Type: text/html\r\n\r\n", "utf-7"), (b"", "cp037")])
def test_a_page_does_not_choose_a_code_that_no_program_has(head: bytes, codec: str, tmp_path: Path) -> None:
    """UTF-7 and EBCDIC would give a page figures that no program shows."""
    shown = b"<html><meta charset=" + codec.encode() + b"><p>9,250.00 " + "4711".encode(codec) + b" +ADQANw-</p></html>"
    path = tmp_path / "a.html"
    path.write_bytes(shown)
    html = read_source(source_of(path), ReadOptions(ocr="off"), Spool(tmp_path / "spool")).document
    for document in [html, read(tmp_path, (head or b"Content-Type: text/html\r\n\r\n") + shown)]:
        assert "9,250.00" in document.text
        assert "47" not in document.text.replace("4711", "" if codec == "utf-7" else "4711")


def test_a_packed_mail_that_ends_too_early_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be unpacked to its end is cut, whether it is damaged or too large."""
    from asn1crypto import cms  # noqa: PLC0415 - loads slowly

    def envelope(packed: bytes) -> bytes:
        inner = {"content_type": "data", "content": packed}
        data = {"version": "v0", "compression_algorithm": {"algorithm": "zlib"}, "encap_content_info": inner}
        return bytes(cms.ContentInfo({"content_type": "compressed_data", "content": cms.CompressedData(data)}).dump())

    packed = zlib.compress(b"Content-Type: text/plain\r\n\r\n" + bytes(range(256)) * 8)
    assert not smime.open_envelope(envelope(packed)).cut
    assert smime.open_envelope(envelope(packed[:-40])).cut
    monkeypatch.setattr(smime, "_EXPANDED_MAX_BYTES", 100)
    assert smime.open_envelope(envelope(packed)).cut
