"""Folders that a stranger made: pipes and links in the place of files are neither waited for nor followed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from thresher.schemas.errors import SetupProblem
from thresher.service.discovery.custody.verification import verify
from thresher.service.discovery.matter.folder import Matter
from thresher.service.exports.finished_results import find_results
from thresher.service.exports.reviewed_results import events_by_name
from thresher.service.reviews.folder_file import FILE, connected, connected_to_read
from thresher.service.runs.exports import Folder
from thresher.service.storage.run_inputs import INPUTS, RunInputs, inputs_of, save_inputs


def pipe(path: Path) -> None:
    """Put a pipe there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def link(path: Path) -> None:
    """Put a link there to a file of the person who looks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    own = path.parent / "own"
    own.write_text("mine")
    path.symlink_to(own)


def test_pipes_among_results_are_not_waited_for(tmp_path: Path) -> None:
    """A folder in which all that a run writes is a pipe has no Results, and is told so at once."""
    for name in ("run.json", "exceptions.jsonl", INPUTS, "a.json"):
        pipe(tmp_path / name)
    assert (find_results(tmp_path).names, find_results(tmp_path).left_out()) == ((), [])
    assert inputs_of(tmp_path) == RunInputs()
    assert Folder(tmp_path).read("a.json") is None


@pytest.mark.parametrize("lies", [pipe, link])
@pytest.mark.parametrize("ending", ["", "-wal", "-journal"])
def test_reviews_are_an_ordinary_file(tmp_path: Path, lies: Callable[[Path], None], ending: str) -> None:
    """Nothing else is opened in their place, neither to write nor to read; the command ends with a code."""
    if ending:
        connected(tmp_path / FILE).close()
    lies(tmp_path / f"{FILE}{ending}")
    for connect in (connected, connected_to_read):
        with pytest.raises(OSError, match="no ordinary file"):
            connect(tmp_path / FILE)
    if not ending:
        with pytest.raises(SetupProblem) as refused:
            events_by_name(tmp_path)
        assert refused.value.code == "store_failed"


def test_a_folder_of_runs_that_is_a_link_is_not_written_into(tmp_path: Path) -> None:
    """Neither what a run was given nor reviews are written elsewhere."""
    (tmp_path / "own").mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / ".thresher").symlink_to(tmp_path / "own")
    with pytest.raises(OSError, match="leads out"):
        save_inputs(tmp_path / "results", RunInputs())
    with pytest.raises(OSError, match="leads out"):
        connected(tmp_path / "results" / FILE)
    assert list((tmp_path / "own").iterdir()) == []


OWN_FILES = (
    "matter.db",
    "matter.db-wal",
    "matter.db-journal",
    "audit.jsonl",
    "seal.txt",
    "manifest.json",
    "seal.txt.part",
)


@pytest.mark.parametrize("lies", [pipe, link])
@pytest.mark.parametrize("name", OWN_FILES)
def test_a_matter_holds_no_links_and_no_pipes(tmp_path: Path, lies: Callable[[Path], None], name: str) -> None:
    """Where one of its own files is none, it is opened neither to look nor to write."""
    matter = tmp_path / "matter"
    Matter(matter).close()
    lies(matter / name)
    for writes in (False, True):
        with pytest.raises(SetupProblem) as refused:
            Matter(matter, writes=writes)
        assert refused.value.code == "store_failed"
    assert not (matter / "own").exists() or (matter / "own").read_text() == "mine"


@pytest.mark.parametrize(
    "place", ["texts", "reports", "originals", "originals/ab", "samples", "reports/report.html", "texts/ab"]
)
def test_nothing_is_written_through_a_link_in_a_matter(tmp_path: Path, place: str) -> None:
    """A report, a text, an original or a sample stays where it belongs."""
    matter, own = tmp_path / "matter", tmp_path / "own"
    Matter(matter).close()
    own.mkdir()
    if (matter / place).exists():
        (matter / place).rmdir()
    (matter / place).symlink_to(own)
    with pytest.raises(SetupProblem) as refused:
        Matter(matter)
    assert refused.value.code == "store_failed"
    assert list(own.iterdir()) == []


def test_a_matter_with_originals_that_are_links_is_looked_at(tmp_path: Path) -> None:
    """They are not read as what they are named after."""
    matter = tmp_path / "matter"
    Matter(matter).close()
    link(matter / "originals" / "ab" / ("ab" * 32))
    with Matter(matter, writes=False) as opened:
        found = [one.what for one in verify(opened) if one.gravity == "changed"]
    assert f"originals/ab/{'ab' * 32}" in found
