"""Attacks by names: of files and of members of archives. Each gives one Result, found by its source; none ends the run."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem, SetupProblem, note
from thresher.schemas.policy import Limits, Policy, ReadOptions
from thresher.schemas.result import AnyResult, Result, TargetFacts
from thresher.schemas.source import Source, SourceFacts
from thresher.service.base.atomic_files import write_atomically
from thresher.service.base.file_names import distinct, printable_name, result_name
from thresher.service.cli.command import call
from thresher.service.cli.matters import status
from thresher.service.cli.progress import Lines
from thresher.service.cli.results import export
from thresher.service.cli.table import table
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import Records
from thresher.service.exports.files import PartFiles
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import scripted
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import find_sources
from thresher.service.runs.exports import Folder
from thresher.service.runs.folder_run import Event, Run, run
from thresher.service.runs.unit_results import failed
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.storage.run_inputs import RunInputs, inputs_of, result_files, save_inputs
from thresher.service.targets.loading import target_from_schema
from thresher.service.wiring.effects import opened_store

TARGET = target_from_schema({"title": "T", "type": "object", "properties": {"a": {"type": "string"}}})
NAMES = [
    "ä" * 120 + ".txt", "n" * 243 + ".txt", "a\nb.txt", "a\x1b[2J\x07b.txt", "a\u202etxt.exe", "run", "run.json", "x", "results.jsonl",
    "exceptions.jsonl", "x~0123456789abcdef0123", "a\\b.txt", "a!b.txt", "[bold]b.txt", "  ", "con.txt", "-rf", "a\u2028b.txt",
]  # fmt: skip
MEMBERS = [
    "m" * 3000 + ".txt",
    "a/../b.txt",
    "a\nb.txt",
    "x",
    "x.json/y",
    "x.json~/y",
    "../../run",
    "/etc/run",
    "./a/./c.txt",
    "d//e",
]


def made(path: Path) -> Source:
    """A Source at a path."""
    return Source(path=str(path), blob="", sha256=str(path), size=1, media_type="text/plain", name="n")


def result_of(path: str) -> Result[Any]:
    """A Result that names its source."""
    source = Source(path=path, blob="", sha256="0" * 64, size=1, media_type="text/plain", name="n")
    return failed(source, TARGET, note("corrupt"))


@given(st.lists(st.text(min_size=1, max_size=300), min_size=2, max_size=8, unique=True))
def test_different_paths_have_different_names(paths: list[str]) -> None:
    """Whatever is in them; and each part is short and plain."""
    names = [result_name(path) for path in paths if path.replace("!/", "/") == path]
    assert len(set(names)) == len(names)
    for name in names:
        assert name.endswith(".json")
        assert all(0 < len(part.encode()) <= 240 and part.strip(".") for part in name.split("/"))
        assert printable_name(name) == name


async def ran(folder: Path, out: Folder) -> list[Event]:
    """A run over a folder; what was told of it."""
    model = scripted({"": {"a": "letter a"}})
    told: list[Event] = []
    spool = folder.parent / "spool"
    policy = Policy()
    job = Run(
        engine=lambda _: engine_of(model, TARGET, policy),
        walk=lambda source: nullcontext(walk_tree(source, InlineReader(spool), policy.read)),
        store=MemoryStore(),
        results=out,
        policy=policy,
        report=told.append,
    )
    await run(job, list(find_sources([folder])))
    return told


async def test_any_name_gives_one_result_found_by_its_source(tmp_path: Path) -> None:
    """Of files and of members; nothing is overwritten, and nothing lies outside the folder."""
    folder, out = tmp_path / "in", Folder(tmp_path / "out")
    (folder / "x.json").mkdir(parents=True)
    (folder / "x.json" / "y").write_text("letter a")
    for name in NAMES:
        (folder / name).write_text("letter a")
    told = await ran(folder, out)
    done = [event for event in told if event.kind == "done"]
    assert len(done) == len(NAMES) + 1
    assert len({event.name for event in done}) == len(done)
    for event in done:
        kept = out.read(event.name)
        assert kept is not None
        assert kept.source.path == event.path
        assert stat.S_IMODE((out.root / event.name).stat().st_mode) == 0o600
    assert set(os.listdir(tmp_path)) <= {"in", "out", "spool"}  # noqa: PTH208 - names are all that is wanted


async def test_any_member_gives_a_result(tmp_path: Path) -> None:
    """Of an archive whose members are told apart: long, outside, of two lines, or called like another's folder."""
    out = Folder(tmp_path)
    names = [out.write(f"box.zip!/{member}", result_of(f"box.zip!/{member}")) for member in MEMBERS]
    assert len(set(names)) == len(MEMBERS)
    for name, member in zip(names, MEMBERS, strict=True):
        kept = out.read(name)
        assert kept is not None
        assert kept.source.path == f"box.zip!/{member}"
        assert (tmp_path / name).resolve().is_relative_to(tmp_path)


async def test_a_name_that_is_taken_is_left_to_its_owner(tmp_path: Path) -> None:
    """A member of an archive, and a file beside it in a folder of the archive's name."""
    out = Folder(tmp_path)
    first, second = (out.write(path, result_of(path)) for path in ("z.zip!/a!/b", "z.zip!/a/b"))
    assert first != second
    assert (out.read(first) or result_of("")).source.path == "z.zip!/a!/b"


@pytest.mark.parametrize("fault", [errno.EACCES, errno.ENAMETOOLONG, errno.EISDIR])
async def test_a_result_that_can_not_be_written_is_one_failed_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    """The rest of the run goes on, and the file is named with the reason."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).write_text("letter a")
    _failing(monkeypatch, fault, "b", times=99)
    told = await ran(folder, Folder(tmp_path / "out"))
    assert [e.path for e in told if e.kind == "done"] == ["a", "c"]
    (refused,) = [e for e in told if e.kind == "refused"]
    assert (refused.path, refused.note and refused.note.code) == ("b", "store_failed")


async def test_a_passing_fault_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file handles for a moment: the Result is written all the same."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b").write_text("letter a")
    monkeypatch.setattr("thresher.service.runs.folder_run.RETRY_PAUSES_SECONDS", (0.01, 0.01, 0.0))
    _failing(monkeypatch, errno.EMFILE, "b", times=2)
    told = await ran(tmp_path / "in", Folder(tmp_path / "out"))
    assert [e.kind for e in told] == ["begun", "done", "finished"]


async def test_a_full_disk_ends_the_run_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other Result would find room; what is not kept is done by the next run."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b").write_text("letter a")
    _failing(monkeypatch, errno.ENOSPC, "b", times=99)
    with pytest.raises(SetupProblem, match="storage_full"):
        await ran(tmp_path / "in", Folder(tmp_path / "out"))


def _failing(monkeypatch: pytest.MonkeyPatch, fault: int, path: str, times: int) -> None:
    """Let the Result of a path not be written, so many times."""
    write, left = Folder.write, [times]

    def writes(self: Folder, unit: str, result: Result[Any]) -> str:
        if unit == path and left[0]:
            left[0] -= 1
            raise OSError(fault, os.strerror(fault))
        return write(self, unit, result)

    monkeypatch.setattr(Folder, "write", writes)


def test_lines_of_a_run_move_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences, line ends and marks of direction in a name are spelt."""
    name = "a\x1b[2J\n\u202egnp.exe"
    Lines(1)(Event(kind="done", path=name, result=result_of(name)))
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not set(said) & {"\x1b", "\u202e"}


def test_the_table_of_a_run_moves_no_cursor() -> None:
    """Neither by a name, nor by a value or by rich's own markup in one."""
    calls = {"usd": 0.0, "made": 0, "prompt_tokens": 0, "answer_tokens": 0}
    body = {"calls": calls, "results": {"total": 1}, "seconds": 0.0}
    kept = AnyResult.model_validate({**result_of("a").model_dump(), "data": {"a": "[bold]x\x1b[2J"}})
    said = table([("a\x1b[2J.json", kept)], body, Path("out"))
    assert "\x1b" not in said
    assert "[bold]x" in said


def test_files_of_several_folders_have_paths_of_their_own() -> None:
    """`extract a/x.txt b/x.txt`: two Results, whichever is done first."""
    assert distinct("x.txt", {"x.txt"}) == "2/x.txt"


def test_a_lone_surrogate_in_a_result_can_be_written(tmp_path: Path) -> None:
    """Half a character is replaced, not a reason to lose a Result."""
    kept = result_of("a").model_copy(update={"data": {"a": "x\ud800"}})
    name = Folder(tmp_path).write("a", kept)
    assert isinstance(json.loads((tmp_path / name).read_bytes()), dict)


def test_names_of_a_stranger_move_no_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names of targets in Results, custodians of a production, and whatever a Problem says."""
    evil = "t\x1b]0;own\x07\u202eevil"
    facts, target = SourceFacts(path="a", sha256="", media_type="text/plain"), TargetFacts(name=evil, fingerprint="f")
    Folder(tmp_path).write("a", AnyResult(source=facts, target=target, status="complete", values={"a": 1}))
    export.main(export.Request(place=tmp_path, form="csv"))
    with Matter(tmp_path / "matter") as matter:
        records = Records()
        records.document(MatterDocument(id="d", family_id="d", source=1, custodian=evil), "1")
        matter.store.write(records, matter.event("unit", documents=1))
    status.main(tmp_path / "matter", as_json=False)

    def refused() -> int:
        raise InputProblem("not_found", evil)

    with pytest.raises(typer.Exit):
        call(refused)
    said = capsys.readouterr()
    shown = said.err + said.out
    assert shown.count("own") == 3
    assert not set("\x1b\x07\u202e") & set(shown)


def test_links_that_lie_in_a_folder_of_results_are_not_followed(tmp_path: Path) -> None:
    """A folder that others made may hold links where files are written for a while: what they lead to stays as it is."""
    precious, out = tmp_path / "precious", tmp_path / "out"
    precious.write_text("mine")
    (out / ".thresher").mkdir(parents=True)
    for name in (".run.json.part", ".report.html.part", ".thresher/inputs.part", ".thresher/.inputs.json.part"):
        (out / name).symlink_to(precious)
    write_atomically(out / "run.json", "{}")
    PartFiles().part(out / "report.html").write_text("a report")
    save_inputs(out, RunInputs())
    assert precious.read_text() == "mine"
    assert (out / "run.json").read_text() == "{}"


def test_no_result_is_written_behind_a_link_to_another_folder(tmp_path: Path) -> None:
    """A folder in the folder of Results that is a link out of it takes none: the file fails, nothing there is replaced."""
    out, home = tmp_path / "out", tmp_path / "home"
    home.mkdir()
    (home / "settings.json").write_text("mine")
    out.mkdir()
    (out / "sub").symlink_to(home)
    with pytest.raises(OSError, match="link"):
        Folder(out).write("sub/settings", result_of("sub/settings"))
    assert (home / "settings.json").read_text() == "mine"


def test_a_folder_of_others_sets_no_limits(tmp_path: Path) -> None:
    """Its documents are read within the usual limits, and by no recogniser of its own; how it was read else holds."""
    theirs = ReadOptions(models=str(tmp_path), limits=Limits(seconds=1e9, expanded=2**60), hidden_text=True)
    save_inputs(tmp_path, RunInputs(read=theirs))
    assert inputs_of(tmp_path).read == ReadOptions(hidden_text=True)


@pytest.mark.parametrize("name", [".thresher", ".thresher/store.sqlite"])
async def test_no_store_is_opened_behind_a_link(tmp_path: Path, name: str) -> None:
    """A folder that others made leads no database of answers to another place."""
    out, home = tmp_path / "out", tmp_path / "home"
    home.mkdir(mode=0o755)
    (out / name).parent.mkdir(parents=True)
    (out / name).symlink_to(home / "new.sqlite" if name.endswith("sqlite") else home)
    with pytest.raises(SetupProblem, match="link"):
        async with opened_store(out):
            pass
    assert list(home.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_among_results_is_passed_over(tmp_path: Path) -> None:
    """Reading it would wait without end."""
    os.mkfifo(tmp_path / "z.json")
    assert result_files(tmp_path) == []
