"""The zygote of the tests: its commands are processes as Python's own are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.zygote import ROOT, Command, ran

SAY = """
import os, sys
print(sys.argv[1:], os.getcwd(), os.environ["WORD"], os.getsid(0) == os.getpid(), __name__, flush=True)
sys.stderr.write(sys.stdin.readline())
if sys.argv[1] == "wait":
    sys.stdin.read()
sys.exit(int(sys.argv[2]))
"""


def said(tmp_path: Path, *, forked: bool) -> tuple[object, ...]:
    """What a program says and how it ends, in a fork or in a process of Python's own."""
    (tmp_path / "saying.py").write_text(SAY)
    options: dict[str, Any] = {"cwd": tmp_path, "env": os.environ | {"WORD": "ä"}, "start_new_session": True}
    options |= {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    words = [sys.executable, "-m", "saying", "go", "7"]
    with Command[str]("go", 7, module="saying", **options) if forked else subprocess.Popen(words, **options) as process:
        out, error = process.communicate("a line\n", timeout=60)
    return out, error, process.returncode


def test_a_fork_is_what_a_process_is(tmp_path: Path) -> None:
    """Arguments, folder, environment, session, streams, the name of the module and the exit code are the same."""
    forked = said(tmp_path, forked=True)
    assert forked == said(tmp_path, forked=False)
    assert forked == (f"['go', '7'] {tmp_path} ä True __main__\n", "a line\n", 7)


def test_a_fork_dies_as_a_process_does(tmp_path: Path) -> None:
    """It runs until it is killed; the signal is its end, and its files are closed then."""
    (tmp_path / "saying.py").write_text(SAY)
    options: dict[str, Any] = {"cwd": tmp_path, "env": os.environ | {"WORD": ""}, "text": True}
    with Command[str]("wait", 0, module="saying", stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("['wait', '0']")
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        assert process.stdout.read() == ""
        assert process.wait(60) == process.poll() == -signal.SIGKILL


def test_a_fork_tells_usage_as_the_module_does() -> None:
    """The name of the program and the exit code are those of `python -m`, and nothing is warned of."""
    done = ran("extract")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: python -m thresher.service.cli.main extract")
    assert str(ROOT) not in done.stderr
