"""Where a real service keeps things: its owner's alone, shut, far away, full, and gone when their time is up."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.serving import TARGET, Served, order, served
from tests.s3_server import CREDENTIALS, S3Server
from tests.zygote import ran

KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()


@pytest.fixture
def loose() -> Iterator[None]:
    """An umask that hides nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


def sent(service: Served, *, policy: dict[str, Any] | None = None, body: bytes = b"") -> httpx.Response:
    """An upload, answered with its result."""
    with service.client() as client:
        return client.post(
            "/v1/extractions?wait=100",
            files={"file": ("order.txt", body or order(1))},
            data={"target": TARGET, "policy": json.dumps(policy or {})},
        )


def asked(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A command, run to its end."""
    return ran(*arguments)


def open_to_others(folder: Path) -> dict[str, str]:
    """What others than the owner could open."""
    found = {str(p.relative_to(folder)): p.stat().st_mode for p in folder.rglob("*")}
    return {name: oct(stat.S_IMODE(mode)) for name, mode in found.items() if mode & 0o077}


def age(folder: Path) -> None:
    """Let all uploads be two days old."""
    for path in folder.rglob("*"):
        if path.is_file() and len(path.name) == 64:
            os.utime(path, (path.stat().st_mtime - 172_800,) * 2)


@pytest.mark.usefixtures("loose")
def test_only_its_owner_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a loose umask: store, WAL, lock, accounts, uploads and spool of a service at work, and what is left of it."""
    monkeypatch.setenv("THRESHER_ENCRYPTION_KEY", KEY)
    spools = tmp_path / "tmp"
    spools.mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(spools))
    with served(tmp_path, "--max-upload", 5) as service:
        assert sent(service).json()["results"][0]["data"]["number"] == "PO-1"
        names = {p.name for p in (tmp_path / "data").rglob("*")}
        assert {"service.sqlite", "service.sqlite-wal", "service.sqlite.lock", "accounts.sqlite", "spool"} <= names
        assert open_to_others(tmp_path / "data") == {}
        assert open_to_others(spools) == {}
    assert open_to_others(tmp_path / "data") == {}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert list((tmp_path / "data" / "spool").iterdir()) == []
    made = asked("keys", "create", "--tenant", "t", "--folder", tmp_path / "keys")
    assert made.returncode == 0
    assert open_to_others(tmp_path / "keys") == {}


@pytest.mark.slow
def test_from_upload_to_purge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key: passwords are taken, nothing is readable at rest, a wrong key is refused, a new one is taken; purged, 410."""
    monkeypatch.setenv("THRESHER_ENCRYPTION_KEY", KEY)
    with served(tmp_path) as service:
        done = sent(service, policy={"read": {"passwords": ["hunter2hunter2"]}})
        assert done.json()["results"][0]["data"]["buyer"] == "Acme Works 1 Ltd"
        job = done.json()["id"]
    lies = b"".join(p.read_bytes() for p in (tmp_path / "data").rglob("*") if p.is_file())
    assert [w for w in (b"Acme Works", b"hunter2hunter2", b"PO-1") if w in lies] == []
    monkeypatch.setenv("THRESHER_ENCRYPTION_KEY", OTHER)
    wrong = asked("purge", "--days", 0, "--folder", tmp_path / "data")
    assert (wrong.returncode, "encryption_key_missing" in wrong.stderr) == (2, True)
    assert OTHER not in wrong.stderr
    monkeypatch.setenv("THRESHER_ENCRYPTION_KEY", f"{OTHER},{KEY}")
    afresh = json.loads(asked("encrypt", "--folder", tmp_path / "data").stdout)
    assert (afresh["rows"] >= 4, afresh["uploads"], afresh["damaged"]) == (True, 1, [])
    monkeypatch.setenv("THRESHER_ENCRYPTION_KEY", OTHER)
    age(tmp_path / "data")
    dry = asked("purge", "--days", 0, "--dry-run", "--folder", tmp_path / "data")
    purged = asked("purge", "--days", 0, "--folder", tmp_path / "data")
    counts = json.loads(purged.stdout)
    assert {k: counts[k] for k in ("jobs", "results", "answers", "uploads", "later")} == {
        "jobs": 1, "results": 1, "answers": 1, "uploads": 1, "later": 0,
    }  # fmt: skip
    assert json.loads(dry.stdout)["uploads"] == 1
    with served(tmp_path) as service, service.client() as client:
        for path in ("", "/result", "/events"):
            gone = client.get(f"/v1/extractions/{job}{path}")
            assert (gone.status_code, gone.json()["code"]) == (410, "job_gone")
        assert client.get("/v1/extractions").json()["extractions"] == []


@pytest.mark.slow
def test_passwords_without_a_key(tmp_path: Path) -> None:
    """Refused with a code that says why; a policy of the operator's own is refused at the start."""
    with served(tmp_path) as service:
        refused = sent(service, policy={"read": {"passwords": ["hunter2hunter2"]}})
        assert (refused.status_code, refused.json()["code"]) == (422, "passwords_need_key")
    (tmp_path / "policy.json").write_text('{"read": {"passwords": ["hunter2hunter2"]}}')
    said = asked("serve", "--policy", tmp_path / "policy.json", "--folder", tmp_path / "data", "--port", 18431)
    assert (said.returncode, "THRESHER_ENCRYPTION_KEY" in said.stderr) == (2, True)
    assert "hunter2" not in said.stderr


@pytest.mark.slow
def test_a_full_disk(tmp_path: Path) -> None:
    """507 with a code and nothing half there; the service goes on, and takes the same file when there is room."""
    data = tmp_path / "data"
    data.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", data], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a disk can be mounted by root alone")
    try:
        with served(tmp_path) as service:
            refused = sent(service, body=os.urandom(6 << 20))
            assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
            assert str(tmp_path) not in refused.text
            assert list((data / "uploads" / "parts").iterdir()) == []
            assert sent(service).json()["results"][0]["data"]["number"] == "PO-1"
    finally:
        subprocess.run(["umount", "-l", data], check=True)


@pytest.mark.slow
def test_uploads_far_away(tmp_path: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service over S3: taken in, read, answered; nothing of the upload is on this machine, no credential in the log."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    bucket = s3_server.bucket()
    place = f"s3://{bucket}/box?endpoint={s3_server.endpoint}"
    with served(tmp_path, "--uploads", place, "--keep-days", 30) as service:
        assert sent(service).json()["results"][0]["data"]["number"] == "PO-1"
        assert [p.name for p in (tmp_path / "data" / "spool").rglob("*") if p.is_file()] == ["alive"]
    assert not (tmp_path / "data" / "uploads").exists()
    assert s3_server.keys(bucket).count("<Key>box/") == 2  # the upload, and whose it is
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in service.log.read_text()
    said = asked("serve", "--uploads", f"s3://nowhere?endpoint={s3_server.endpoint}", "--folder", tmp_path / "two")
    assert (said.returncode, "bucket_missing" in said.stderr) == (2, True)
