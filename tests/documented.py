"""Runs the code blocks of a page of the documentation, one after the other, as a reader would.

| After the three ticks | What happens |
|---|---|
| `python NAME.py`, `json NAME.json` … | the block is written to that file of the working folder; the page must name it, for nobody sees this |
| `python` | it is run; all such blocks of a page share their names |
| `bash` | each line is run and must end with 0; with 0 or 1 where it extracts; with N where `exit=N` is said |
| `bash unrun` | it is not run: it needs a server, a browser, or waits for ever |
| `text` | what the block before it prints; `lines in any order` may be said |
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

import thresher
from thresher.service.cli.main import app

DOCS = Path(thresher.__file__).parents[1] / "docs"
SHELL = re.compile(r"[|<>$;*&]")  # what only a shell understands


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the code blocks of a page below docs/: what stands after the three ticks, and the text."""
    text = (DOCS / page).read_text("utf-8")
    return [(found[1].strip(), found[2]) for found in re.finditer(r"^```(.*)\n((?s:.*?))^```$", text, re.MULTILINE)]


@dataclass
class Reader:
    """Does what a page says, in the working folder."""

    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})

    def read(self, page: str) -> None:
        """Run every block; what one prints must be the text below it."""
        found, text = blocks(page), (DOCS / page).read_text("utf-8")
        unnamed = [name for kind, _ in found if "." in (name := kind.partition(" ")[2]) and f"`{name}`" not in text]
        assert unnamed == [], f"{page} does not say what these blocks are"
        for (kind, code), (after, expected) in zip(found, [*found[1:], ("", "")], strict=True):
            printed = self.run(kind, code)
            if printed is not None and after.startswith("text") and "." not in after:
                order = sorted if "any order" in after else list
                assert order(printed.splitlines()) == order(expected.splitlines()), (page, code)

    def run(self, kind: str, code: str) -> str | None:
        """Run one block and return what it printed; None where it is not run."""
        language, _, rest = kind.partition(" ")
        if "." in rest:
            Path(rest).parent.mkdir(parents=True, exist_ok=True)
            Path(rest).write_text(code, "utf-8")
            return None
        if language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(code, "page", "exec", dont_inherit=True), self.names)
            return printed.getvalue()
        if language != "bash" or rest == "unrun":
            return None
        lines = code.replace("\\\n", "").strip().splitlines()
        return "".join(_command(line, rest) for line in lines)


def _command(line: str, said: str) -> str:
    """Run one line, without a process of its own where it is Thresher alone; return what it printed."""
    if line.startswith("thresher ") and not SHELL.search(line):
        done = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
        code, printed, faults = done.exit_code, done.stdout, done.output
    else:
        process = subprocess.run(line, shell=True, check=False, capture_output=True, text=True)
        code, printed, faults = process.returncode, process.stdout, process.stderr
    stated = re.search(r"exit=(\d+)", said)
    wanted = {int(stated[1])} if stated else {0, 1} if "thresher extract" in line else {0}
    assert code in wanted, (line, code, printed, faults)
    return printed
