"""From a ZIP of mailboxes to an overlay and its proof, by the commands of docs/discovery.md; then somebody tampers."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.matter_results import answer
from tests.simulation.discovery.mailboxes import Mailboxes
from thresher.service.cli.main import app
from thresher.service.discovery.loadfiles.delimiters import CONCORDANCE
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.overlay.overlay_file import read_overlay

pytestmark = pytest.mark.slow


def _mailboxes(folder: Path) -> tuple[Path, Path]:
    """Write a ZIP of the mailboxes of each of two custodians."""
    Mailboxes(30, seed=3, attached_bytes=2000).write(folder / "boxes")
    made = []
    for number, name in enumerate(("lay", "skilling")):
        made.append(folder / f"{name}.zip")
        with zipfile.ZipFile(made[-1], "w") as archive:
            for path in sorted((folder / "boxes" / f"custodian{number}").rglob("*.mbox")):
                archive.write(path, path.name)
            archive.writestr("notes/empty.txt", b"")
    return made[0], made[1]


def _run(*words: object, code: int = 0) -> str:
    found = CliRunner().invoke(app, [str(word) for word in words])
    assert found.exit_code == code, found.output
    return found.output


def test_from_mailboxes_to_an_overlay_that_proves_itself(tmp_path: Path) -> None:
    """Import, report, export, waive, sample, validate, verify: every command runs, and every count comes out."""
    matter, out = tmp_path / "case", tmp_path / "out"
    for archive, name in zip(_mailboxes(tmp_path), ("Lay, Kenneth", "Skilling, Jeffrey"), strict=True):
        assert "reconciled" in _run("import", archive, "--matter", matter, "--custodian", name)
    with Matter(matter) as opened:
        answer(opened)
        states = {d.id: d.state for d in opened.store.documents()}
        copies = [d.model_copy(update={"state": states[d.dup_of]}) for d in opened.store.documents() if d.dup_of]
        opened.store.update(copies)
    assert "begin with report.html" in _run("matter", "report", matter)
    rows = re.search(r"(\d+) rows", _run("matter", "export", matter, "--out", out))
    assert rows
    assert int(rows[1]) == len(list(read_overlay(out / "overlay.dat", CONCORDANCE)))
    _run("matter", "resolve", matter, "--code", "zero_byte", "--as", "waived", "--why", "empty notes", "--by", "Ann")
    assert "0 exceptions tried again" in _run("matter", "retry", matter)
    _run("matter", "sample", matter, "--seed", 4, "--size", 5, "--fields", "title")
    assert "0 of 5 coded" in _run("matter", "validate", matter)
    head = re.search(r"[0-9a-f]{64}", _run("matter", "verify", matter))
    assert head
    assert "nothing has changed" in _run("matter", "verify", matter, "--head", head[0])
    (out / "exceptions.csv").write_bytes(b"nothing went wrong\n")
    assert "exceptions.csv" in _run("matter", "verify", matter, code=4)
