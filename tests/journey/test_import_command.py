"""The command that imports: killed in the middle and run again, it gives the records of an import without a kill."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.collection_imports import dumped, imported
from tests.simulation.discovery.mailboxes import Mailboxes
from thresher.schemas.errors import SetupProblem
from thresher.service.cli.matters.relations import dedup, threads
from thresher.service.discovery.duplicates.deduplication import Grouping, deduplicate
from thresher.service.discovery.matter.audit_log import faults
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.threads.thread_run import thread_matter

_COMMAND = [sys.executable, "-m", "thresher.service.cli.main"]
_WAIT_SECONDS = 120


def _arguments(source: Path, matter: Path) -> list[str]:
    return [*_COMMAND, "import", str(source), "--matter", str(matter), "--custodian", "A", "--workers", "1"]


def _units_done(matter: Path) -> int:
    if not (matter / "matter.db").exists():
        return 0
    connection = sqlite3.connect(f"file:{matter / 'matter.db'}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT COUNT(*) FROM units WHERE done = 1").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


@pytest.mark.slow
def test_killed_import_goes_on_where_it_was(tmp_path: Path) -> None:
    """SIGKILL after the first units; the second run finishes, and its records and log are whole."""
    source = Mailboxes(500, attached_bytes=300, custodians=1).write(tmp_path / "in")[0]
    process = subprocess.Popen(
        _arguments(source, tmp_path / "killed"), stdout=subprocess.DEVNULL, start_new_session=True
    )
    until = time.monotonic() + _WAIT_SECONDS
    while not _units_done(tmp_path / "killed") and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < _units_done(tmp_path / "killed") < 6
    ended = subprocess.run(_arguments(source, tmp_path / "killed"), check=True, capture_output=True, text=True)
    assert "documents" in ended.stdout
    imported(tmp_path / "whole", [source])
    with Matter(tmp_path / "whole") as matter:
        deduplicate(matter, Grouping())
        thread_matter(matter)
    assert dumped(tmp_path / "killed") == dumped(tmp_path / "whole")
    assert list(faults(tmp_path / "killed" / "audit.jsonl")) == []
    shown = subprocess.run(
        [*_COMMAND, "matter", "status", str(tmp_path / "killed"), "--json"], check=True, capture_output=True
    )
    assert json.loads(shown.stdout)["documents by kind"]["email"] == 500


def test_commands_for_duplicates_and_threads_fit_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts by custodian that add up, in lines of 80 characters, and as JSON; a folder without a matter is refused."""
    source = Mailboxes(12, attached_bytes=50, custodians=1, quoted=True).write(tmp_path / "in")[0]
    for name in ("A" * 90, "B"):
        imported(tmp_path / "m", [source], custodian=name)
    assert dedup(tmp_path / "m", None, productions=False, again=False, as_json=False) == 0
    assert threads(tmp_path / "m", as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[4].split() == ["in", "all", "32", "16", "16"]
    dedup(tmp_path / "m", None, productions=False, again=False, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == {"documents": 32, "unique": 16, "duplicates": 16}
    threads(tmp_path / "m", as_json=True)
    counts = json.loads(capsys.readouterr().out)
    assert counts["mails"] == counts["inclusive"] + counts["not_inclusive"] == 24
    with pytest.raises(SetupProblem, match="no matter"):
        threads(tmp_path / "nothing", as_json=False)
