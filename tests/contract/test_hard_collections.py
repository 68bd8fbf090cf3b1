"""Collections that nobody prepared: names that occur twice, dates that are none, headers of other mails, exports of chats."""

from __future__ import annotations

import base64
import io
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.collection_imports import imported, settled
from tests.simulation.discovery.broken_items import mail, seven_zip, zip_of
from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.policy import ReadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.readers.mail.mime_to_letter import letter_of

_MEMBERS = [("a.txt", b"first"), ("a.txt", b"second one"), ("a.txt", b"first"), ("a.txt~2", b"first")]


def _documents(folder: Path) -> list[MatterDocument]:
    with Matter(folder, writes=False) as matter:
        return list(matter.store.documents())


def _bytes(folder: Path, document: MatterDocument) -> bytes:
    return next((folder / "originals").glob(f"**/{document.sha256}")).read_bytes()


def _zip() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name, data in _MEMBERS:
            archive.writestr(zipfile.ZipInfo(name), data)
    return kept.getvalue()


def _tar() -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w") as archive:
        for name, data in _MEMBERS:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return kept.getvalue()


def _seven_zip(names: list[str] | None = None) -> bytes:
    import py7zr

    kept = io.BytesIO()
    with py7zr.SevenZipFile(kept, "w") as archive:
        for name, data in _MEMBERS:
            archive.writestr(data, name)
        files: Any = archive.header.files_info.files
        for file, name in zip(files, names or [], strict=bool(names)):
            file["filename"] = name
    return kept.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("suffix", "made"), [("zip", _zip), ("tar", _tar), ("7z", _seven_zip)])
def test_members_of_one_name_are_all_there(tmp_path: Path, suffix: str, made: Any) -> None:
    """An archive that holds one name several times gives each member with its own bytes and its own id."""
    (tmp_path / f"x.{suffix}").write_bytes(made())
    imported(tmp_path / "matter", [tmp_path / f"x.{suffix}"])
    found = _documents(tmp_path / "matter")
    assert Counter(_bytes(tmp_path / "matter", d) for d in found) == Counter(data for _, data in _MEMBERS)
    assert len({d.id for d in found}) == len({(d.path, d.sha256) for d in found}) == len(_MEMBERS)
    assert Counter(d.name for d in found) == Counter(name for name, _ in _MEMBERS)


def test_7z_with_names_that_leave_its_folder_is_read(tmp_path: Path) -> None:
    """Such a name is a warning of its own, as in a ZIP, and costs no member its content."""
    names = ["../up.txt", "C:/abs.txt", "/etc/passwd", "sound.txt"]
    (tmp_path / "x.7z").write_bytes(_seven_zip(names))
    imported(tmp_path / "matter", [tmp_path / "x.7z"])
    found = _documents(tmp_path / "matter")
    assert [(d.path.removeprefix("x.7z!/"), _bytes(tmp_path / "matter", d)) for d in found] == [
        (name, data) for name, (_, data) in zip(names, _MEMBERS, strict=True)
    ]
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert [e.code for e in matter.store.exceptions()] == ["unsafe_path"] * 3


def test_exports_of_chats_in_7z_are_refused_by_name(tmp_path: Path) -> None:
    """An export of Slack or Teams in a 7z is one document with `unsupported_type`, in a SOURCE and attached to a mail."""
    slack = seven_zip({"export/channels.json": b"[]", "export/users.json": b"[]", "export/general/1.json": b"[]"})
    teams = seven_zip({"messages.json": b"{}", "endpoints.json": b"{}", "media/1.png": b"x"})
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "slack.7z").write_bytes(slack)
    (tmp_path / "s" / "m.eml").write_bytes(bytes(mail(1, {"teams.7z": teams})))
    imported(tmp_path / "matter", [tmp_path / "s"])
    assert len(_documents(tmp_path / "matter")) == 3
    with Matter(tmp_path / "matter", writes=False) as matter:
        said = {e.path: (e.code, e.message) for e in matter.store.exceptions()}
    assert {path: code for path, (code, _) in said.items()} == dict.fromkeys(
        ("slack.7z", "m.eml!/1-teams.7z"), "unsupported_type"
    )
    assert "Slack" in said["slack.7z"][1]


def test_received_date_is_of_the_mail_itself(tmp_path: Path) -> None:
    """A Received field in the text or of an attached mail dates no mail around it, nor its family."""
    parts = (
        b"From: a@x.example\r\nTo: b@x.example\r\nSubject: no date\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\nReceived: yesterday; Wed, 23 May 2001 10:00:00 +0000\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Received: from a by b; Tue, 22 May 2001 10:00:00 +0000\r\nFrom: i@x.example\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n"
    )
    (tmp_path / "m.eml").write_bytes(parts)
    imported(tmp_path / "matter", [tmp_path / "m.eml"])
    outer, inner = _documents(tmp_path / "matter")
    assert outer.dates.received is None
    assert inner.dates.received is not None
    assert inner.dates.received.utc == "2001-05-22T10:00:00Z"
    assert not (outer.dates.sort and (outer.dates.sort.utc or "").startswith("2001"))


def test_a_mail_of_thousands_of_nested_parts_ends(tmp_path: Path) -> None:
    """Parts within parts, 4,000 deep: the limit of depth is named at every step, no stack is used up, nothing is dropped."""
    head = b"From: a@x.example\nTo: b@x.example\nSubject: deep\nMIME-Version: 1.0\n"
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(4000))
    (tmp_path / "deep.eml").write_bytes(head + opened + b"Content-Type: text/plain\n\nthe innermost words\n")
    imported(tmp_path / "matter", [tmp_path / "deep.eml"])
    found = _documents(tmp_path / "matter")
    assert [d.level for d in found] == list(range(1, len(found) + 1))
    assert b"the innermost words" in _bytes(tmp_path / "matter", found[-1])
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert {e.code for e in matter.store.exceptions()} == {"depth_limit"}


_HEAD = b"From: a@x.example\r\nTo: b@x.example\r\nSubject: Plan\r\nDate: Mon, 21 May 2001 15:48:00 +0200\r\n"
_PGP = b"-----BEGIN PGP MESSAGE-----\r\n\r\n%s\r\n-----END PGP MESSAGE-----\r\n"


def _sealed(kind: str, content: bytes) -> bytes:
    """A mail whose content is encrypted, one way or another."""
    if kind == "inline":
        return _HEAD + b"\r\n" + _PGP % content
    if kind == "smime":
        envelope = bytes.fromhex("300f06092a864886f70d010703a0023000") + content
        head = b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        return _HEAD + head + base64.encodebytes(envelope)
    parts = b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"
    return (
        _HEAD
        + b'Content-Type: multipart/encrypted; boundary=b; protocol="application/pgp-encrypted"\r\n\r\n'
        + parts
        + b"Content-Type: application/octet-stream\r\n\r\n"
        + _PGP % content
        + b"--b--\r\n"
    )


@pytest.mark.parametrize("kind", ["inline", "smime", "multipart"])
def test_encrypted_mails_are_copies_by_what_is_encrypted(tmp_path: Path, kind: str) -> None:
    """Two of one header are no copies unless their encrypted bytes are the same; line ends and Received fields do not count."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "1.eml").write_bytes(_sealed(kind, b"abcd"))
    (tmp_path / "s" / "2.eml").write_bytes(
        b"Received: from x by y; Mon, 21 May 2001 15:50:00 +0200\n" + _sealed(kind, b"abcd").replace(b"\r", b"")
    )
    (tmp_path / "s" / "3.eml").write_bytes(_sealed(kind, b"efgh"))
    imported(tmp_path / "matter", [tmp_path / "s"])
    first, second, third = (d.dedup_key for d in _documents(tmp_path / "matter"))
    assert first == second != third


def test_text_after_an_encrypted_block_is_read() -> None:
    """An answer below a quoted block, and a block between two texts: only what is encrypted is left out."""
    letter = letter_of(
        _HEAD + b"\r\nbefore\r\n" + _PGP % b"abcd" + b"between\r\n" + _PGP % b"efgh" + b"after\r\n", ReadOptions()
    )
    assert "".join(body.text for body in letter.bodies).split() == ["before", "between", "after"]


def test_a_folder_named_like_an_archive_loses_nothing(tmp_path: Path) -> None:
    """`z.zip!/x.txt` may be a file of a folder `z.zip!` and a member of `z.zip`: both are there, each with its id."""
    (tmp_path / "s" / "z.zip!").mkdir(parents=True)
    (tmp_path / "s" / "z.zip!" / "x.txt").write_bytes(b"the same")
    (tmp_path / "s" / "z.zip").write_bytes(zip_of({"x.txt": b"the same"}))
    assert imported(tmp_path / "matter", [tmp_path / "s"])["documents"] == 2
    assert imported(tmp_path / "matter", [tmp_path / "s"])["documents"] == 0
    assert [(d.path, d.path_bytes) for d in _documents(tmp_path / "matter")] == [("z.zip!/x.txt", None)] * 2


def test_a_mail_with_a_part_that_can_not_be_read_is_inclusive(tmp_path: Path) -> None:
    """An answer that quotes its whole text does not have what nobody could open; without such a part it holds the mail."""
    text = b"Hello there, this is the whole plan.\r\n"
    part = b"--b\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\ngarbage\r\n--b--\r\n"
    answer = _HEAD.replace(b"15:48", b"16:48").replace(b"Subject: ", b"Subject: Re: ")
    for number, (begin, end) in enumerate([(b"", b""), (b"--b\r\n\r\n", part)]):
        (tmp_path / "s").mkdir(exist_ok=True)
        known = b"Message-ID: <%d@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" % number
        head = known if end else known.replace(b"multipart/mixed; boundary=b", b"text/plain")
        (tmp_path / "s" / f"{number}.eml").write_bytes(_HEAD + head + begin + text + end)
        reply = answer + b"In-Reply-To: <%d@x>\r\n\r\nYes.\r\n\r\n> %s" % (number, text)
        (tmp_path / "s" / f"{number}-answer.eml").write_bytes(reply)
    settled(tmp_path / "matter", [tmp_path / "s"])
    found = {d.path: d.inclusive for d in _documents(tmp_path / "matter")}
    assert (found["0.eml"], found["1.eml"]) == (False, True)
