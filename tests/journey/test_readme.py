"""What the README says is so: its code runs, its commands and flags exist, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from thresher.schemas.errors import CODES
from thresher.schemas.library import library_names
from thresher.service.cli.exits import EXIT_CODES
from thresher.service.cli.main import app
from thresher.service.llm.providers.embedded.model_weights import KNOWN
from thresher.service.settings import load
from thresher.service.wiring.endpoints import weights_folder

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def blocks(language: str) -> list[str]:
    """The README's code blocks in one language."""
    return [body for found, body in BLOCKS if found == language]


@pytest.mark.slow
def test_the_python_example_runs(tmp_path: Path) -> None:
    """The model and the call of the README give a typed value with evidence, with the embedded model."""
    if not (weights_folder(load()) / KNOWN["smollm2"].file).exists():
        pytest.skip("the embedded model's weights are not here")
    mine, call = blocks("python")[:2]
    (tmp_path / "mine.py").write_text(mine)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    (tmp_path / "run.py").write_text(call)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "number='INV/2023/03/0008'" in done.stdout
    assert "/total '279.84' page 1" in done.stdout


def test_every_command_and_flag_exists() -> None:
    """Each `thresher COMMAND --flag` that the README shows is in that command's help."""
    lines = "\n".join(blocks("bash")) + "\n" + "\n".join(re.findall(r"`(thresher [^`]+)`", README))
    for line in re.findall(r"thresher ([^\n]+)", lines):
        words = line.split("#")[0].split()
        group = [w for w in words[:2] if re.fullmatch(r"[a-z]+", w)]
        group = group if group[0] in {"schema", "models", "keys", "matter"} else group[:1]
        shown = CliRunner().invoke(app, [*group, "--help"], terminal_width=200)
        assert shown.exit_code == 0, line
        for flag in (w for w in words if w.startswith("--")):
            assert flag in shown.output, f"{group} has no {flag}"


def test_every_link_leads_somewhere() -> None:
    """Links of the README and of the docs point at files that are there."""
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_ready_made_target_is_named() -> None:
    """The README's list is the library's."""
    assert all(f"`{name}`" in README for name in library_names())


def test_every_code_has_an_exit_code_and_no_other() -> None:
    """The command line knows each code of the vocabulary."""
    assert EXIT_CODES.keys() == CODES.keys()
