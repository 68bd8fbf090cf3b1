"""Attacks by what is imported into a matter: names in a ZIP of which no file can be made, and the like."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.collection_imports import imported
from thresher.schemas.discovery.matter_jobs import ExportSummary
from thresher.schemas.errors import InputProblem
from thresher.schemas.work import ExportOrder, ImportOrder
from thresher.service.backend.matters import import_process, import_task
from thresher.service.backend.matters.import_task import Imports
from thresher.service.backend.matters.received_files import unpacked
from thresher.service.discovery.collection import denist
from thresher.service.discovery.collection.denist import gather
from thresher.service.discovery.collection.options import LIMITS, CollectionOptions
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.validation import Listeners, validate
from thresher.service.discovery.productions.volume import find_production
from thresher.service.jobs.loop import TaskOutcome

NAMES = {
    "file and folder": ["a", "a/b"],
    "folder and file": ["a/b", "a"],
    "twice": ["a", "./a"],
    "long": ["x" * 300],
    "deep": ["d/" * 1900 + "f"],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_a_name_that_no_file_can_have_is_a_fault_of_the_file(tmp_path: Path, names: list[str]) -> None:
    """It ends with a code for good, neither as a fault of the disk that is tried again nor as one over another."""
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        for name in names:
            archive.writestr(name, name)
    with pytest.raises(InputProblem) as refused:
        unpacked(tmp_path / "v.zip")
    assert refused.value.code == "corrupt"


def nested(levels: int, fan: int) -> bytes:
    """A ZIP of ZIPs: `fan` to the power of `levels` texts."""
    data = b"text"
    for level in range(levels):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(fan):
                archive.writestr(f"{number}.{'zip' if level else 'txt'}", data)
        data = made.getvalue()
    return data


def test_limits_hold_over_archives_in_archives(tmp_path: Path) -> None:
    """Some kB that unfold to millions of files end early, with a code, and the same way each time."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.zip").write_bytes(nested(5, 6))
    options = CollectionOptions(limits=LIMITS.model_copy(update={"expanded": 200_000}))
    found = []
    for name in ("one", "two"):
        imported(tmp_path / name, [tmp_path / "in"], options=options)
        with Matter(tmp_path / name, writes=False) as matter:
            found.append([e.path for e in matter.store.exceptions() if e.code == "expansion_limit"])
            assert sum(matter.store.counts("documents").values()) < 250
    assert found[0]
    assert found[0] == found[1]


def test_an_archive_in_an_archive_that_is_none_of_a_bomb_is_read(tmp_path: Path) -> None:
    """What lies beside it does not take its room."""
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.txt", "".join(f"{n * 7919 % 65_536} all is well\n" for n in range(50_000)))
        archive.writestr("b.zip", nested(2, 5))
    imported(tmp_path / "matter", [tmp_path / "in"])
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert (sum(matter.store.counts("documents").values()), list(matter.store.exceptions())) == (26, [])


async def test_imports_of_one_tenant_leave_a_place_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import may take hours: a second one of the same tenant waits, one of another tenant begins."""
    going, let_go = asyncio.Event(), asyncio.Event()

    async def run(*_: Any) -> ExportSummary:
        going.set()
        await let_go.wait()
        return ExportSummary(status="complete", rows=0, altered=0, files=())

    async def task(*_: Any) -> None:
        return None

    monkeypatch.setattr(import_task, "_run", run)
    monkeypatch.setattr(Imports, "_task", task)
    imports = Imports(resources=cast("Any", None), settings=cast("Any", None))
    asked = cast("Any", SimpleNamespace(import_order=None, export_order=ExportOrder(matter="ab")))

    async def work(tenant: str) -> TaskOutcome:
        return await imports.work(cast("Any", SimpleNamespace(tenant=tenant, attempt=1)), asked, lambda _: None)

    first = asyncio.create_task(work("acme"))
    await going.wait()
    assert (await work("acme")).passing is not None
    let_go.set()
    assert (await work("other")).passing is None
    assert (await first).passing is None
    assert (await work("acme")).passing is None


FILE_VIEW = "CREATE VIEW FILE AS SELECT sha1 FROM METADATA"
DENIST = {  # a list as a database, and whether it is read
    "a view without end": (
        "CREATE VIEW FILE AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT printf('%040x', i) AS sha1 FROM n",
        False,
    ),
    "a column that is computed": (
        "CREATE TABLE FILE (n, sha1 AS (printf('%040x', length(zeroblob(n)))));INSERT INTO FILE VALUES (900000000)",
        False,
    ),
    "a table of another program": ("CREATE VIRTUAL TABLE FILE USING fts5(sha1)", False),
    "long digests": ("CREATE TABLE FILE (sha1); INSERT INTO FILE VALUES (printf('%.60000d', 1))", False),
    "as it is published": (
        f"CREATE TABLE METADATA (sha1 TEXT); INSERT INTO METADATA VALUES (printf('%040x', 1)); {FILE_VIEW}",
        True,
    ),
}


@pytest.mark.parametrize(("script", "is_read"), DENIST.values(), ids=DENIST)
def test_a_list_of_known_files_is_read_from_stored_rows_alone(tmp_path: Path, script: str, is_read: bool) -> None:  # noqa: FBT001
    """What computes its rows gives none, and nothing of it is left on the disk."""
    connection = sqlite3.connect(tmp_path / "rds.db")
    connection.executescript(script)
    connection.close()
    (tmp_path / "matter").mkdir()
    lists = (str(tmp_path / "rds.db"),)
    if is_read:
        assert gather(lists, tmp_path / "matter")
        return
    with pytest.raises(InputProblem) as refused:
        gather(lists, tmp_path / "matter")
    assert refused.value.code == "field_invalid"
    assert list((tmp_path / "matter").iterdir()) == []


def test_a_list_that_gives_more_rows_than_it_can_hold_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that many places of a tree name would give rows without end."""
    monkeypatch.setattr(denist, "_ROW_MIN_BYTES", 1 << 20)
    connection = sqlite3.connect(tmp_path / "rds.db")
    connection.execute("CREATE TABLE FILE (sha1 TEXT)")
    connection.execute("INSERT INTO FILE VALUES (?)", (f"{1:040x}",))
    connection.commit()
    connection.close()
    with pytest.raises(InputProblem, match="more, or other"):
        gather((str(tmp_path / "rds.db"),), tmp_path)


def test_a_pipe_is_no_list_of_known_files(tmp_path: Path) -> None:
    """It is not waited for."""
    os.mkfifo(tmp_path / "list.txt")
    with pytest.raises(InputProblem) as refused:
        gather((str(tmp_path / "list.txt"),), tmp_path)
    assert refused.value.code == "file_not_found"


def test_an_import_that_needs_too_much_memory_ends_with_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so itself, as it does with any other fault of what is imported, and is not taken for a dead worker."""
    limits: list[int] = []

    def greedy(*_: object) -> None:
        raise MemoryError

    order = ImportOrder(matter="m", kind="collection", paths=(str(tmp_path),), custodian="c")
    task = import_process.ImportTask(folder=tmp_path, job="j", order=order)
    monkeypatch.setattr(import_process, "_run", greedy)
    monkeypatch.setattr(import_process, "limit_process", limits.append)
    monkeypatch.setattr(import_process, "_end_with_parent", lambda: None)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(task.model_dump_json().encode())))
    import_process.main()
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "too_large"
    assert limits[0] >= 1 << 30


def test_a_process_that_is_told_its_memory_has_no_more() -> None:
    """The limit counts from what the process has, and a fault of memory is an ordinary one in it."""
    code = (
        "from thresher.service.readers.worker_process import limit_process\n"
        "limit_process(64 << 20)\n"
        "try:\n    bytearray(100 << 20)\nexcept MemoryError:\n    print('too much')\nbytearray(16 << 20)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "too much\n"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_a_pipe_in_a_production_is_named_and_never_waited_for(tmp_path: Path) -> None:
    """A volume of a stranger's with a pipe in the place of a text held its import for ever."""
    (tmp_path / "TEXT").mkdir()
    os.mkfifo(tmp_path / "TEXT" / "A1.txt")
    (tmp_path / "load.csv").write_text("DOCID,TEXTPATH\nA1,TEXT\\A1.txt\n")
    production = find_production(tmp_path)
    assert (list(production.files), production.files.others) == (["load.csv"], ["TEXT/A1.txt"])
    found = validate(production, LoadOptions(), Listeners(on_file=lambda _: None)).report.findings
    codes = {group.code for group in found}
    assert codes >= {"missing_file", "unsupported_type"}
