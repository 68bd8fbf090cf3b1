"""The command line in this process: every help, what a wrong option is told, tables on a narrow screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from thresher.service.cli import screen
from thresher.service.cli.commands.examples import EXAMPLES
from thresher.service.cli.main import app
from thresher.service.cli.screen import Column

ROOT = typer.main.get_command(app)
WIDTH = {"COLUMNS": "80", "TERMINAL_WIDTH": "80"}


def commands(command: Any = ROOT, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it."""
    yield above, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*above, name))


ALL = dict(commands())


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_help_fits_80_columns_and_has_an_example(words: tuple[str, ...]) -> None:
    """And its first line is whole in the list of commands above it."""
    shown = CliRunner().invoke(app, [*words, "--help"], env=WIDTH, terminal_width=80).output
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert "Examples:" in shown
    assert "thresher" in shown.split("Examples:")[1]
    listed = shown.partition("Commands:")[2].partition("Examples:")[0]
    assert "..." not in listed, listed


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_every_example_is_a_command_that_can_be_read(line: str) -> None:
    """Its words name a command, and its options are among those that the command has."""
    words = shlex.split(line)[1:]
    command: Any = ROOT
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    command.make_context("thresher", words)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("extract a.txt -t invoice --stance wild", "--stance"),
        ("extract a.txt -t invoice --split sometimes", "--split sometimes: auto, off or pages:N"),
        ("extract a.txt -t invoice --jobs 0", "--jobs"),
        ("extract a.txt -t invoice --max-cost -1", "--max-cost"),
        ("extract a.txt -t invoice --modle x", "--model"),
        ("extract a.txt -t invoice --policy none.toml", "--policy none.toml: No such file"),
        ("extract a.txt -t invoice --policy .", "--policy .: Is a directory"),
        (
            "extract a.txt -t invoice --policy wrong.toml",
            "wrong.toml: stanse: there is no such choice; did you mean stance?",
        ),
        ("extract a.txt -t invoice --policy worse.toml", "worse.toml: read.ocr: Input should be"),
        ("extract a.txt -t invoice --passwords none", "--passwords none: No such file"),
        ("extract a.txt -t invoice --out a.txt", "--out a.txt: it cannot be made (File exists)"),
        ("extract a.txt -t invoice --out /proc/none", "--out /proc/none: it cannot be made"),
        ("models pull ocr:klingon", "there are ocr:"),
        ("extract a.txt -t invoise", "did you mean 'invoice'?"),
        ("extract a.txt -t none.toml", "none.toml: No such file"),
        ("extract none.pdf -t invoice", "none.pdf: no file"),
        ("extrac a.txt", "extract"),
        ("read .", ". is a folder; name one file in it"),
        ("chunk a.txt --tokens 0", "--tokens"),
        ("chunk a.txt --chunker x", "--chunker"),
        ("score", "CASES: name a folder"),
        ("calls . --by x", "--by"),
        ("calls . --since x", "--since x"),
        ("budgets set", "--usd, --tokens: a budget is in dollars"),
        ("budgets set --per week --usd 1", "--per"),
        ("keys create --tenant *", "--tenant"),
        ("schema show resum", "'resume'"),
        ("export none", "none"),
    ],
)
def test_a_wrong_use_names_what_was_wrong(
    line: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one message with exit code 2, and never with a trace."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "wrong.toml").write_text('stanse = "recall"\n')
    (tmp_path / "worse.toml").write_text('[read]\nocr = "eyes"\n')
    done = CliRunner().invoke(app, shlex.split(line), env=WIDTH)
    assert done.exit_code == 2, done.output
    assert told in done.output
    assert "Traceback" not in done.output


def test_a_table_fits_its_screen() -> None:
    """Spare columns go first, then long texts are cut or wrapped; numbers stay whole."""
    columns = [Column(name="unit", long="cut"), Column(name="about", spare=1), Column(name="usd", align="right")]
    rows = [["a-very-long-name-of-a-file-that-goes-on.pdf", "of no use", "0.123456"]]
    assert screen.table(columns, rows, 200).splitlines()[0].split() == ["unit", "about", "usd"]
    narrow = screen.table(columns, rows, 40)
    assert max(map(len, narrow.splitlines())) <= 40
    assert "0.123456" in narrow
    assert "of no use" not in narrow


def test_the_targets_that_come_with_thresher_are_listed() -> None:
    """`schema list` names each with its lists."""
    shown = CliRunner().invoke(app, ["schema", "list"], env=WIDTH).output
    assert "/lines" in shown
    assert max(map(len, shown.splitlines())) <= 80
