"""Examples in docstrings of public names and in the guides of the two doors are run as they stand, with a scripted model."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import thresher
from tests.documented import SHELL
from tests.pdf_maker import Page, Pdf, lines
from tests.zygote import ran
from thresher.schemas import pages, progress, source

ROOT = Path(thresher.__file__).parents[1]
INVOICE = {"number": "4711", "total": 12.5}
LINES = {**INVOICE, "issued": None, "lines": [{"item": "Pen", "amount": 12.5}]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the examples: an invoice, an inbox, a target, and a model that answers for them."""
    said = [
        {"when": "PO-1", "say": {"number": "PO-1", "total": 11.5}},
        {"when": "PO-2", "say": {"number": "PO-2", "total": None}},
        {"when": "Pen", "say": LINES},
        {"when": "4711", "say": INVOICE},
    ]
    (tmp_path / "script.json").write_text(json.dumps({"answers": said}))
    monkeypatch.setenv("THRESHER_MODEL", f"scripted:{tmp_path / 'script.json'}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "module", [thresher, pages, progress, source, importlib.import_module("thresher.schemas.result")]
)
def test_examples_in_docstrings(module: Any) -> None:
    """Each public name's example gives what it says."""
    assert doctest.testmod(module).failed == 0


def test_every_public_function_has_an_example() -> None:
    """And every public name has a docstring."""
    for name in thresher.__all__:
        assert getattr(thresher, name).__doc__, name
    functions = [getattr(thresher, n) for n in thresher.__all__ if n[0].islower()]
    assert all(">>> " in f.__doc__ for f in functions)


def blocks(page: str) -> list[tuple[str, str]]:
    """The code blocks of a guide: what stands after the three ticks, and the text."""
    text = (ROOT / "docs" / "guides" / page).read_text("utf-8")
    return [(found[1].strip(), found[2]) for found in re.finditer(r"^```(.*)\n((?s:.*?))^```$", text, re.MULTILINE)]


def test_the_guide_of_the_python_door(folder: Path) -> None:
    """Its blocks run one after the other; what they print is what stands below them."""
    (folder / "inbox").mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / "inbox" / name).write_text("Invoice 4711\nPen  12.50\nTotal: 12.50\n")
    (folder / "invoice.pdf").write_bytes(
        Pdf().write([Page(lines(72, 700, ["Invoice 4711", "Pen  12.50", "Total: 12.50"]))])
    )
    space: dict[str, Any] = {"__name__": "guide"}
    found = blocks("python.md")
    for (kind, code), (after, expected) in zip(found, [*found[1:], ("", "")], strict=True):
        if kind != "python":
            continue
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, "python.md", "exec", dont_inherit=True), space)
        order = sorted if "any order" in after else list
        told = expected if after.startswith("text") else ""
        assert order(printed.getvalue().splitlines()) == order(told.splitlines()), code


def test_the_guide_of_the_command_line(folder: Path) -> None:
    """Its commands end with 0, with 1 where a Result is not complete, or as the block says."""
    (folder / "inbox").mkdir()
    for n, total in ((1, "Total: 11.50\n"), (2, "")):
        (folder / "inbox" / f"{n}.txt").write_text(f"Order number: PO-{n}\n{total}")
    (folder / "mine.py").write_text(
        "from pydantic import BaseModel\n\n\nclass Order(BaseModel):\n    number: str\n    total: float\n"
    )
    (folder / "bin").mkdir()
    (folder / "bin" / "thresher").write_text(f'#!/bin/sh\nexec {sys.executable} -m thresher.service.cli.main "$@"\n')
    (folder / "bin" / "thresher").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "80",
    }
    for kind, code in blocks("command-line.md"):
        if not kind.startswith("bash"):
            continue
        for line in code.strip().splitlines():
            if line.startswith("thresher ") and not SHELL.search(line):
                done = ran(*shlex.split(line, comments=True)[1:], cwd=folder, env=environment)
            else:
                done = subprocess.run(line, shell=True, check=False, capture_output=True, text=True, env=environment)
            wanted = {2} if "exit=2" in kind else {0, 1} if "extract" in line else {0}
            assert done.returncode in wanted, (line, done.stdout, done.stderr)
            if "json.load" in line:
                assert done.stdout == "PO-1\n"
            if line.endswith("--out results") and wanted == {0, 1}:
                table = re.search(
                    r"^status.*?^2 results \(1 complete, 1 partial\)", done.stderr, re.DOTALL | re.MULTILINE
                )
                assert table is not None, done.stderr
                assert re.sub(r" +", " ", table[0]) in re.sub(
                    r" +", " ", "\n".join(b for k, b in blocks("command-line.md"))
                )
                assert max(map(len, table[0].splitlines())) <= 80
