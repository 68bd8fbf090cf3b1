"""The lines of a run: how many files there are to read, and which of them a line is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from thresher.schemas.result import AnyResult, TargetFacts
from thresher.schemas.source import SourceFacts
from thresher.service.cli.progress import Lines
from thresher.service.readers.sources import count_files
from thresher.service.runs.folder_run import Event


def done(path: str) -> Event:
    """A Result that is written."""
    source = SourceFacts(path=path, sha256="", media_type="text/plain")
    result = AnyResult(source=source, target=TargetFacts(name="t", fingerprint="f"), status="complete")
    return Event(kind="done", path=path, result=result)


def test_the_files_that_say_how_are_not_counted(tmp_path: Path) -> None:
    """A target map among the documents is no document: "10 files" was said of nine."""
    for name in ("a.txt", "b.txt", "targets.toml"):
        (tmp_path / name).write_text(name)
    assert count_files([tmp_path], {(tmp_path / "targets.toml").resolve()}) == 2
    assert count_files([tmp_path, tmp_path / "a.txt"]) == 4


def test_lines_count_from_one_to_all(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line is of file 1, not 0, and the last of the last."""
    lines = Lines(3)
    for event in (done("a"), Event(kind="finished", path="a"), Event(kind="no_target", path="b"), done("c")):
        lines(event)
    assert [line.split()[0] for line in capsys.readouterr().err.splitlines()] == ["[1/3", "[2/3", "[3/3"]
