"""Attacks by archives: what one program shows and another does not, and what ends an archive before its end."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.office_files import make_docx, source_of
from thresher.schemas.policy import ReadOptions
from thresher.service.discovery.collection.expansion import ArchiveReading
from thresher.service.discovery.collection.tar_members import tar_members
from thresher.service.discovery.collection.zip_members import zip_members
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import read_source

BILL, NOTE = b"Total due: 9,250.00", b"hello"


def read(path: Path, data: bytes) -> Reading:
    """The Reading of a file."""
    path.write_bytes(data)
    return read_source(source_of(path), ReadOptions(ocr="off"), Spool(path.parent / "spool"))


def zipped(*members: tuple[str, bytes]) -> bytes:
    """A ZIP of some members."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()


def tarred(*members: tuple[str, bytes]) -> bytearray:
    """A TAR of some members: a block of header and one of content for each."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return bytearray(data.getvalue())


def unlisted() -> bytes:
    """A ZIP whose directory names only the second of its two members."""
    whole = zipped(("bill.txt", BILL), ("note.txt", NOTE))
    first = whole.find(b"PK\1\2")
    second, end = whole.find(b"PK\1\2", first + 4), whole.find(b"PK\5\6")
    entry = whole[second:end]
    return whole[:first] + entry + whole[end : end + 8] + struct.pack("<HHII", 1, 1, len(entry), first) + b"\0\0"


def texts(reading: Reading) -> set[bytes]:
    """The bytes of its members."""
    return {Path(child.blob).read_bytes() for child in reading.children}


@pytest.mark.parametrize("name", ["__MACOSX/bill.txt", "Thumbs.db", ".DS_Store", "desktop.ini", "bill.txt/"])
def test_a_name_hides_no_member(name: str, tmp_path: Path) -> None:
    """A member is passed over as a file of the system, or as a folder, only where its bytes are those of one."""
    assert texts(read(tmp_path / "a.zip", zipped((name, BILL), ("note.txt", NOTE)))) == {BILL, NOTE}


def test_files_of_the_system_are_passed_over(tmp_path: Path) -> None:
    """What macOS and Windows leave in archives is no member, and nothing is missing without it."""
    left = [("__MACOSX/._note.txt", b"\0\5\x16\7\0\2"), (".DS_Store", b"\0\0\0\1Bud1"), ("desktop.ini", b"[.Shell")]
    reading = read(tmp_path / "a.zip", zipped(*left, ("x/", b""), ("note.txt", NOTE)))
    assert (texts(reading), reading.document.text, reading.document.notes) == ({NOTE}, "note.txt", [])


@pytest.mark.parametrize("data", [zipped(("bill.txt", BILL)) + zipped(("note.txt", NOTE)), unlisted()])
def test_members_that_the_directory_does_not_name_are_read(data: bytes, tmp_path: Path) -> None:
    """Programs that read a ZIP from its beginning show them; those that read its directory do not."""
    reading = read(tmp_path / "a.zip", data)
    assert texts(reading) == {BILL, NOTE}
    assert [n.code for n in reading.document.notes] == ["corrupt_partial"]
    found = ArchiveReading()
    assert {b"".join(member.pieces()) for member in zip_members(tmp_path / "a.zip", found)} == {BILL, NOTE}
    assert [code for code, _ in found.findings] == ["corrupt_partial"]


def damaged() -> bytes:
    """A TAR whose second header has a wrong checksum."""
    data = tarred(("note.txt", NOTE), ("bill.txt", BILL))
    data[1024 + 148 : 1024 + 156] = b"0000001\0"
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        damaged(),
        bytes(tarred(("note.txt", NOTE)) + tarred(("bill.txt", BILL))),
        bytes(tarred(("note.txt", NOTE))[:1024]),
    ],
    ids=["header", "second archive", "no end"],
)
def test_a_tar_that_ends_too_early_says_so(data: bytes, tmp_path: Path) -> None:
    """What is behind a damaged header, or behind the end, is not read: a Note says that it is there."""
    reading = read(tmp_path / "a.tar", data)
    assert texts(reading) == {NOTE}
    assert [n.code for n in reading.document.notes] == ["corrupt_partial"]
    found = ArchiveReading()
    assert [b"".join(m.pieces()) for m in tar_members(tmp_path / "a.tar", "application/x-tar", found)] == [NOTE]
    assert [code for code, _ in found.findings] == ["corrupt_partial"]


def test_a_sound_tar_has_no_note(tmp_path: Path) -> None:
    """Zeros behind its end are padding."""
    assert read(tmp_path / "a.tar", bytes(tarred(("note.txt", NOTE + bytes(507))) + bytes(4096))).document.notes == []


def test_two_parts_of_one_name_are_noted(tmp_path: Path) -> None:
    """Programs differ in which part of a Word file they show, so it is not complete."""
    path = make_docx(tmp_path / "a.docx", "<w:p><w:r><w:t>9,250.00</w:t></w:r></w:p>", parts={})
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    other = dict(members)["word/document.xml"].replace(b"9,250", b"4,711")
    reading = read(path, zipped(*members, ("Word/document.xml", other)))
    assert "corrupt_partial" in {n.code for n in reading.document.notes}


def book(*items: str, spine: str, renditions: str = "") -> bytes:
    """A book whose chapters a and b say each its own letter."""
    opf = f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{"".join(items)}</manifest><spine>{spine}</spine></package>'
    root = '<rootfile full-path="{}"/>'
    container = f'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>{root.format("a.opf")}{renditions}</rootfiles></container>'
    chapters = [(f"{name}.xhtml", f"<html><body><p>{name}</p></body></html>".encode()) for name in "ab"]
    head = [("mimetype", b"application/epub+zip"), ("META-INF/container.xml", container.encode())]
    return zipped(*head, ("a.opf", opf.encode()), ("b.opf", opf.encode()), ("c.pdf", b"%PDF-1.4"), *chapters)


def item(name: str, kind: str = "application/xhtml+xml", more: str = "") -> str:
    """An entry of a book's manifest."""
    return f'<item id="{name[0]}" href="{name}" media-type="{kind}" {more}/>'


@pytest.mark.parametrize(
    ("items", "spine", "text"),
    [
        ([item("a.xhtml"), item("b.xhtml")], '<itemref idref="a"/>', "a\nb"),  # a link leads to b
        ([item("c.pdf", "application/pdf", 'fallback="b"'), item("b.xhtml")], '<itemref idref="c"/>', "b"),
        ([item("a.xhtml"), item("b.xhtml", more='properties="nav"')], '<itemref idref="a"/>', "a"),  # the contents
    ],
)
def test_chapters_that_only_links_lead_to_are_read(items: list[str], spine: str, text: str, tmp_path: Path) -> None:
    """A reader of books shows them, too, and what stands in for a chapter of another type."""
    assert read(tmp_path / "a.epub", book(*items, spine=spine)).document.text == text


def test_a_second_rendition_of_a_book_is_named(tmp_path: Path) -> None:
    """Programs choose one of several; the first is read."""
    data = book(item("a.xhtml"), spine='<itemref idref="a"/>', renditions='<rootfile full-path="b.opf"/>')
    document = read(tmp_path / "a.epub", data).document
    assert (document.text, [n.code for n in document.notes]) == ("a", ["embedded_unreadable"])
