"""Attacks by mails: versions that say something else, encodings that lie, parts that few programs show."""

from __future__ import annotations

import base64
import binascii
import struct
import time
import zlib
from pathlib import Path

import pytest

from tests.office_files import source_of
from thresher.schemas.document import Document
from thresher.schemas.errors import Note
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.mail import smime
from thresher.service.readers.mail.bodies import choose_version
from thresher.service.readers.mail.letter import BodyText
from thresher.service.readers.mail.outlook import tnef
from thresher.service.readers.mail.outlook.compound_writer import Storage, write_compound
from thresher.service.readers.mail.outlook.ole_tree import load
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


@pytest.mark.parametrize(("shown", "noted"), [("9,250.00", set()), ("soon", {"versions_differ"})])
def test_a_number_that_only_the_plain_text_has_is_noted(shown: str, noted: set[str], tmp_path: Path) -> None:
    """It is read, as a picture may stand in its place; but mail programs do not show it."""
    head = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
    html = f"<p>You shall pay {shown}.</p>".encode()
    plain = b"You shall pay 9,250.00 soon."
    document = read(tmp_path, head + plain + b"\r\n--b\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n--b--\r\n")
    assert (body(document), codes(document)) == ("You shall pay 9,250.00 soon.", noted)


@pytest.mark.parametrize(("media", "shown"), [("", False), ("screen", False), ("print", True)])
def test_a_saved_page_is_hidden_by_its_own_style_sheets(media: str, shown: bool, tmp_path: Path) -> None:  # noqa: FBT001 - one of two ends
    """MHTML keeps them as parts beside the page; what they hide was read as shown, and they themselves as documents."""
    links = f'<link rel="stylesheet" media="{media}" href="cid:a&amp;b@x"><link rel="stylesheet" href="gone.css">'
    page = f"<html><head>{links}</head><body><p>Total 9,250.00</p><p class=h>Old 4,711.00</p></body></html>"
    parts = [
        "Content-Type: multipart/related; boundary=b\r\n",
        f"--b\r\nContent-Type: text/html\r\n\r\n{page}",
        "--b\r\nContent-Type: text/css\r\nContent-ID: <a&b@x>\r\n\r\n.h{display:none}",
        "--b--",
    ]
    document = read(tmp_path, "\r\n".join(parts).encode())
    assert ("4,711.00" in document.text) is shown
    assert ("hidden_text" in codes(document)) is not shown
    assert "css" not in document.text


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
    from asn1crypto import cms

    def envelope(packed: bytes) -> bytes:
        inner = {"content_type": "data", "content": packed}
        data = {"version": "v0", "compression_algorithm": {"algorithm": "zlib"}, "encap_content_info": inner}
        return bytes(cms.ContentInfo({"content_type": "compressed_data", "content": cms.CompressedData(data)}).dump())

    packed = zlib.compress(b"Content-Type: text/plain\r\n\r\n" + bytes(range(256)) * 8)
    assert not smime.open_envelope(envelope(packed)).cut
    assert smime.open_envelope(envelope(packed[:-40])).cut
    monkeypatch.setattr(smime, "_EXPANDED_MAX_BYTES", 100)
    assert smime.open_envelope(envelope(packed)).cut


def properties(fixed: dict[int, int] | None = None, head: int = 32) -> bytes:
    """The stream of an MSG's properties of a fixed size: numbers by tag."""
    entries = [struct.pack("<HHIi4x", 3, tag, 6, value) for tag, value in (fixed or {}).items()]
    return bytes(head) + b"".join(entries)


def message(folder: Path, texts: dict[str, str], more: Storage | None = None) -> Document:
    """The Document of an MSG file with these texts by tag."""
    root: Storage = {"__properties_version1.0": properties(), **(more or {})}
    for tag, text in texts.items():
        root[f"__substg1.0_{tag}001F"] = text.encode("utf-16-le")
    path = folder / "a.msg"
    path.write_bytes(write_compound(root))
    return read_source(source_of(path), ReadOptions(ocr="off"), Spool(folder / "spool")).document


@pytest.mark.parametrize("made_from", [b"", rb"\fromhtml1 {\*\htmltag64 <p>}"])
def test_outlook_shows_the_formatted_body(made_from: bytes, tmp_path: Path) -> None:
    """However long the plain body is, the RTF is what Outlook shows, where it says something else."""
    filling = "We refer to our talk. " * 40
    rtf = rb"{\rtf1\ansi" + made_from + b" Total 9,250.00. " + filling.encode() + b"}"
    document = message(tmp_path, {"1000": "Total 4,711.00. " + filling}, {"__substg1.0_10090102": rtf})
    assert ("9,250.00" in document.text, "4,711.00" in document.text) == (True, False)
    assert codes(document) == {"versions_differ"}


def test_outlook_shows_properties_not_headers(tmp_path: Path) -> None:
    """Subject and author of a saved message are its properties; headers of the transport that differ are noted."""
    header = "From: Bob <bob@y.at>\r\nSubject: Bill 4,711.00\r\n\r\n"
    shown = {"0037": "Bill 9,250.00", "0042": "Alice", "5D02": "alice@x.at", "007D": header}
    document = message(tmp_path, shown)
    assert document.text == "From: Alice <alice@x.at>\nSubject: Bill 9,250.00"
    assert codes(document) == {"versions_differ"}
    assert not message(tmp_path, {**shown, "007D": "From: <ALICE@x.at>\r\nSubject: Bill\r\n 9,250.00\r\n\r\n"}).notes


def test_capitals_in_the_names_of_streams_hide_nothing(tmp_path: Path) -> None:
    """The format does not tell capitals from small letters."""
    file: Storage = {"__PROPERTIES_version1.0": properties({0x3705: 1}, 8), "__substg1.0_3707001f": "a.txt".encode("utf-16-le"),
            "__SUBSTG1.0_37010102": b"9,250.00"}  # fmt: skip
    document = message(tmp_path, {}, {"__ATTACH_version1.0_#00000000": file, "__substg1.0_1000001f": b"H\0i\0"})
    assert document.text == "Attachments: a.txt\nHi"


def test_a_body_that_is_cut_says_so(tmp_path: Path) -> None:
    """A stream whose sectors end before its stated size is read as far as it goes."""
    message(tmp_path, {"1000": "Total " + "x" * 4000})
    path = tmp_path / "a.msg"
    data = bytearray(path.read_bytes())
    entry = data.find("__substg1.0_1000001F".encode("utf-16-le"))
    data[entry + 120 : entry + 124] = struct.pack("<I", 80_000)
    path.write_bytes(data)
    document = read_source(source_of(path), ReadOptions(ocr="off"), Spool(tmp_path / "spool")).document
    assert (document.text[:9], codes(document)) == ("Total xxx", {"corrupt_partial"})


def test_a_file_that_is_a_message_too_is_the_file(tmp_path: Path) -> None:
    """Outlook opens what the attachment's method says; the other is noted."""
    inner: Storage = {"__properties_version1.0": properties(head=24), "__substg1.0_0037001F": b"I\0"}
    file: Storage = {"__properties_version1.0": properties({0x3705: 1}, 8), "__substg1.0_3701000D": inner,
                     "__substg1.0_37010102": b"9,250.00", "__substg1.0_3707001F": "a.txt".encode("utf-16-le")}  # fmt: skip
    document = message(tmp_path, {"1000": "Hi"}, {"__attach_version1.0_#00000000": file})
    assert (document.text, codes(document)) == ("Attachments: a.txt\nHi", {"corrupt_partial"})


def test_a_contact_is_shown_with_all_its_numbers(tmp_path: Path) -> None:
    """What Outlook shows of a contact is read."""
    document = message(tmp_path, {"001A": "IPM.Contact", "3001": "Al", "3A1B": "+43 1 77", "3A19": "Room 5"})
    assert document.text == "Name: Al\nBusiness phone 2: +43 1 77\nOffice: Room 5"


def attribute(name: int, kind: int, data: bytes) -> bytes:
    """An attribute of a TNEF's message."""
    return struct.pack("<BHHI", 1, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def test_tnef_misses_nothing_in_silence(tmp_path: Path) -> None:
    """A body that can not be unpacked, and attributes that are cut, are noted; an appointment has its hours."""
    start = attribute(0x0006, 3, struct.pack("<7H", 2024, 5, 6, 7, 8, 0, 1))
    rtf = attribute(0x9003, 6, struct.pack("<IHHII", 1, 0x0102, 0x1009, 1, 12) + b"LZFu damaged")
    path = tmp_path / "winmail.dat"
    found = []
    for data in [start, rtf, attribute(0x800C, 2, b"Total due 9,250.00\0")[:-9]]:
        path.write_bytes(tnef.SIGNATURE + b"\1\0" + data)
        found.append(read_source(source_of(path), ReadOptions(ocr="off"), Spool(tmp_path / "spool")).document)
    assert [d.text for d in found] == ["Start: 2024-05-06 07:08", "", "Total due"]
    assert [codes(d) for d in found] == [set(), {"corrupt_partial"}, {"corrupt_partial"}]


def test_streams_that_share_their_sectors_are_read_once(tmp_path: Path) -> None:
    """Hundreds of entries that name one stream hold no more than the file does, so little unfolds to nothing large."""
    long = "Total " + "x" * 50_000
    message(tmp_path, {"1000": long, **{f"{tag:04X}": "y" for tag in range(0x3A00, 0x3A60)}})
    path = tmp_path / "a.msg"
    data = bytearray(path.read_bytes())
    place = struct.unpack_from("<IQ", data, data.find("__substg1.0_1000001F".encode("utf-16-le")) + 116)
    for tag in range(0x3A00, 0x3A60):
        struct.pack_into("<IQ", data, data.find(f"__substg1.0_{tag:04X}001F".encode("utf-16-le")) + 116, *place)
    root = load(bytes(data), "a.msg")
    assert sum(len(stream) for stream in root.values() if isinstance(stream, bytes)) <= len(data)
    assert len(root.damaged) == 1


def test_versions_of_many_words_are_compared_in_time() -> None:
    """Each of 60,000 words is looked up, not searched for in the whole of the other version."""
    words = [
        f"{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676 % 26)}{chr(97 + i // 17576)}"
        for i in range(60_000)
    ]
    plain = BodyText(kind="plain", text=" ".join("x" + word for word in words))
    begun, notes = time.process_time(), list[Note]()
    chosen = choose_version([[plain], [BodyText(kind="html", text="<p>" + " ".join("y" + w for w in words))]], notes)
    assert time.process_time() - begun < 5
    assert (chosen[0].kind, [n.code for n in notes]) == ("html", ["versions_differ"])
