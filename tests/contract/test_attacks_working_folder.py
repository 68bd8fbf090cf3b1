"""Attacks by files in the working folder that are called like modules of Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thresher.service.base.child_python import child_environment, safe_children

ROOT = Path(__file__).parents[2]
STARTS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from thresher.service.readers import process_start
from thresher.service.readers.worker_process import ready
made = process_start.context()
made.RLock()  # has Python start a process of its own, that sweeps up
one = made.Process(target=ready)
one.start()
one.join()
sys.exit(one.exitcode)
"""


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A folder of documents, some of which are called like what the standard library imports; each tells that it was run."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    for name in ("selectors", "signal", "pickle", "thresher", "multiprocessing", "pip"):
        (folder / f"{name}.py").write_text(
            f"open({str(tmp_path / 'was_run')!r}, 'a').write({name!r})\nraise SystemExit(7)\n"
        )
    return folder


def test_reading_processes_run_nothing_that_lies_among_documents(tmp_path: Path, evidence: Path) -> None:
    """A command that is given in the folder of the documents reads them in processes of its own, and runs none of them."""
    script = tmp_path / "command.py"
    script.write_text(STARTS)
    done = subprocess.run(
        [sys.executable, script], cwd=evidence, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr, (tmp_path / "was_run").exists()) == (0, "", False)


@pytest.mark.parametrize("module", ["pip", "thresher.service.base.file_names"])
def test_modules_that_are_run_as_programs_are_ours(tmp_path: Path, evidence: Path, module: str) -> None:
    """So it is with imports into matters and with pip, which are run by the names of their modules."""
    command = [sys.executable, "-m", module, *(["--version"] if module == "pip" else [])]
    done = subprocess.run(command, cwd=evidence, env=child_environment(), capture_output=True, timeout=60, check=False)
    assert (done.returncode, (tmp_path / "was_run").exists()) == (0, False)


def test_the_environment_is_as_before_where_a_process_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of others that are started later find their modules where they did."""
    monkeypatch.setenv("PYTHONPATH", "mine")
    before = dict(os.environ)
    with safe_children():
        assert os.environ["PYTHONSAFEPATH"] == "1"
    assert dict(os.environ) == before
