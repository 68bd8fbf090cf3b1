"""Collections that nobody prepared: names that occur twice, dates that are none, headers of other mails, exports of chats."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.collection_imports import imported
from tests.simulation.discovery.broken_items import mail, seven_zip
from thresher.schemas.discovery.matter import MatterDocument
from thresher.service.discovery.matter.folder import Matter

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
