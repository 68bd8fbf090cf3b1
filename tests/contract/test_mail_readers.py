"""Every mail reader keeps the promises of a reader."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from thresher.schemas.document import BlockKind
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reader, Reading, Spool
from thresher.service.readers.mail import eml_reader, mbox_reader
from thresher.service.readers.mail.outlook import msg_reader, tnef_reader
from thresher.service.readers.mail.outlook.compound_writer import Storage, write_compound

Read = Callable[..., Reading]
EML = (
    b"From: Ann <a@x.example>\r\nTo: b@x.example\r\nSubject: Bill\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
    b"--B\r\n\r\nPay 7.\r\n\r\n> when?\r\n--B\r\nContent-Type: text/csv; name=a.csv\r\n\r\n1,2\r\n"
    b"--B\r\nContent-Type: text/csv; name=b.csv\r\n\r\n1,2\r\n--B--\r\n"
)
MBOX = b"From - \n" + EML.replace(b"\r\n", b"\n") + b"\nFrom - \nSubject: Two\nFrom: c@x\n\nbody\n"


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def _table(header: int, **fixed: int) -> bytes:
    entries = b"".join(struct.pack("<HHIi4x", 3, int(tag[1:], 16), 6, value) for tag, value in fixed.items())
    return bytes(header) + entries


def outlook(*, nested: bool = True) -> Storage:
    """A message with an attachment and, where asked for, a message inside it."""
    tree: Storage = {
        "__properties_version1.0": _table(32),
        "__substg1.0_001A001F": _wide("IPM.Note"),
        "__substg1.0_0037001F": _wide("Bill"),
        "__substg1.0_0042001F": _wide("Ann"),
        "__substg1.0_5D02001F": _wide("a@x.example"),
        "__substg1.0_1000001F": _wide("Pay 7.\r\n\r\n> when?\r\n"),
        "__attach_version1.0_#00000000": {
            "__properties_version1.0": _table(8, t3705=1),
            "__substg1.0_3707001F": _wide("a.csv"),
            "__substg1.0_37010102": b"1,2",
        },
    }
    if nested:
        inner = outlook(nested=False)
        inner["__properties_version1.0"] = bytes(24)
        tree["__attach_version1.0_#00000001"] = {
            "__properties_version1.0": _table(8, t3705=5),
            "__substg1.0_3001001F": _wide("Inner"),
            "__substg1.0_3701000D": inner,
        }
    return tree


MSG = write_compound(outlook())
SAMPLES = {"eml": (eml_reader.reader, EML), "mbox": (mbox_reader.reader, MBOX), "msg": (msg_reader.reader, MSG)}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read bytes with a reader."""

    def go(reader: Reader, data: bytes, limits: Limits | None = None, name: str = "in") -> Reading:
        return reader.read(source(tmp_path, data, name), ReadOptions(limits=limits or Limits()), Spool(tmp_path / "s"))

    return go


def outcome(read: Read, reader: Reader, data: bytes) -> str:
    """The kind of Document, or the code of the Problem."""
    try:
        return read(reader, data).document.kind
    except InputProblem as problem:
        return problem.code


def source(folder: Path, data: bytes, name: str) -> Source:
    """A Source of bytes."""
    file = folder / hashlib.sha256(data).hexdigest()
    file.write_bytes(data)
    return Source(path=name, blob=str(file), sha256=file.name, size=len(data), name=name)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_right_reader_bids_highest(kind: str, tmp_path: Path) -> None:
    """By content alone: the name says nothing."""
    data = SAMPLES[kind][1]
    readers: list[Reader] = [eml_reader.reader, mbox_reader.reader, msg_reader.reader]
    best = max(readers, key=lambda r: r.confidence(data[: 1 << 16], source(tmp_path, data, "in")))
    assert best.name == kind


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"Dear Sir,\n", b"{}", b"a,b\n1,2\n", b"\0" * 500, b"Title: x\n\ny"])
def test_nobody_bids_for_what_is_no_mail(data: bytes, tmp_path: Path) -> None:
    """Other files leave every mail reader silent."""
    readers: list[Reader] = [eml_reader.reader, mbox_reader.reader, msg_reader.reader, tnef_reader.reader]
    assert [r.confidence(data, source(tmp_path, data, "in")) for r in readers] == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", SAMPLES)
def test_blocks_and_children_are_sound(kind: str, read: Read) -> None:
    """Blocks lie in order without overlap; children have bytes, an ordinal each, and ids of their own."""
    reading = read(*SAMPLES[kind])
    document = reading.document
    ranges = [(start, end) for start, end, _, _ in document.blocks]
    assert ranges == sorted(ranges)
    assert all(a[1] <= b[0] for a, b in pairwise(ranges))
    assert [child.ordinal for child in reading.children] == list(range(len(reading.children)))
    assert len({child.id for child in reading.children}) == len(reading.children) == 2
    for child in reading.children:
        assert hashlib.sha256(Path(child.blob).read_bytes()).hexdigest() == child.sha256


@pytest.mark.parametrize("kind", ["eml", "msg"])
def test_anchors_name_the_header_and_the_body(kind: str, read: Read) -> None:
    """A value in the subject and one in the body are told apart."""
    document = read(*SAMPLES[kind]).document
    assert document.kind == "mail"
    assert document.part_at(document.text.index("Bill")) == "header:Subject"
    assert document.part_at(document.text.index("Pay 7.")) == "body"
    quotes = [document.text[s:e] for s, e, k, _ in document.blocks if k is BlockKind.QUOTE]
    assert quotes == ["> when?"]


def test_equal_attachments_stay_two(read: Read) -> None:
    """The same bytes twice are two children, and so are those of two mails."""
    first, second = read(eml_reader.reader, EML).children, read(eml_reader.reader, EML, name="other").children
    assert len({child.id for child in (*first, *second)}) == 4
    assert len({child.blob for child in (*first, *second)}) == 1


def test_an_embedded_message_is_a_message_of_its_own(read: Read) -> None:
    """What Outlook embeds is read again as a file, attachments and all."""
    child = read(msg_reader.reader, MSG).children[1]
    assert (child.relation, child.name) == ("embedded", "Inner.msg")
    inner = read(msg_reader.reader, Path(child.blob).read_bytes())
    assert inner.document.facts["from"] == "Ann <a@x.example>"
    assert [c.name for c in inner.children] == ["a.csv"]


def test_an_mbox_lists_its_mails(read: Read) -> None:
    """A container's text is the list of what it holds; past the limit it says how many there are."""
    reading = read(mbox_reader.reader, MBOX)
    assert reading.document.kind == "container"
    assert reading.document.text.count("\n") == 1
    assert [c.relation for c in reading.children] == ["member", "member"]
    limited = read(mbox_reader.reader, MBOX, Limits(members=1)).document
    assert [n.code for n in limited.notes] == ["expansion_limit"]
    assert "1 of 2" in limited.notes[0].message


@pytest.mark.parametrize("reader", [eml_reader.reader, mbox_reader.reader, msg_reader.reader])
def test_an_empty_file_is_named(reader: Reader, read: Read) -> None:
    """Zero bytes are a finding with a code."""
    with pytest.raises(InputProblem) as caught:
        read(reader, b"")
    assert caught.value.code == "zero_byte"


@pytest.mark.parametrize("reader", [eml_reader.reader, mbox_reader.reader, msg_reader.reader, tnef_reader.reader])
@pytest.mark.parametrize("cut", [9, 100, 600, 1500])
def test_damage_gives_a_document_or_a_problem(reader: Reader, cut: int, read: Read) -> None:
    """Truncated or foreign bytes never raise anything else."""
    for data in (EML, MBOX, MSG, b"\x78\x9f\x3e\x22" + MSG):
        assert outcome(read, reader, data[:cut]) in {"mail", "container", "corrupt"}
