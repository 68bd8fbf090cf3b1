"""Scratch: what a killed process left does not lie about for good."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thresher.service.base.temp_folder import temp_folder

KILLED = """import os; from thresher.service.base.temp_folder import temp_folder
with temp_folder() as folder:
    (folder / "attachment").write_text("x"); print(folder, flush=True); os.kill(os.getpid(), 9)"""


def test_what_a_killed_process_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the next that begins; what the living have stays, and an end leaves nothing."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    around = os.environ | {"TMPDIR": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", KILLED], env=around, stdout=subprocess.PIPE, check=False).stdout
    left = Path(said.decode().strip())
    assert left.is_relative_to(tmp_path)
    assert (left / "attachment").exists()
    with temp_folder() as one, temp_folder() as other:
        assert {*tmp_path.glob("thresher-*/*")} == {one, other}
        assert one.stat().st_mode & 0o777 == 0o700
    assert [*tmp_path.glob("thresher-*/*")] == []


def test_a_folder_that_another_has_laid_out_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's folder is everybody's: a link in the place of ours would lead who knows where."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"thresher-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    with temp_folder() as folder:
        assert folder.parent == tmp_path
        assert [*(tmp_path / "elsewhere").iterdir()] == []
    with temp_folder(tmp_path / "elsewhere") as folder:
        assert folder.parent == tmp_path / "elsewhere"


def test_nobody_lays_a_trap_while_the_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was looked at, and then made: between the two another user could put a link there."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    looked = Path.lstat

    def lstat(self: Path) -> os.stat_result:
        try:
            return looked(self)
        finally:
            if self.name == f"thresher-{os.geteuid()}" and not os.path.lexists(self):
                self.symlink_to(tmp_path / "elsewhere")

    monkeypatch.setattr(Path, "lstat", lstat)
    with temp_folder() as folder:
        assert folder.resolve().is_relative_to(tmp_path / f"thresher-{os.geteuid()}")
