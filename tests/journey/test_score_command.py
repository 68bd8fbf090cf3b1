"""`thresher score` as a person runs it: case folders, a scripted model, two runs compared, a gate."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.zygote import ran
from thresher.service.cli.main import app

ROOT = Path(__file__).parents[2]
TARGET = """
from pydantic import BaseModel

class Line(BaseModel):
    item: str
    price: float

class Order(BaseModel):
    number: str
    buyer: str | None = None
    due: str | None = None
    lines: list[Line] = []
"""


def text(n: int) -> str:
    """A small order."""
    return f"Order number: PO-{n}\nBuyer: Acme Works {n} Ltd\nItem\tPrice\nLamp\t{n}.50\nDesk\t{n + 100}.00\n"


def truth(n: int) -> dict[str, Any]:
    """What it says."""
    lines = [{"item": "Lamp", "price": n + 0.5}, {"item": "Desk", "price": n + 100}]
    return {"number": f"PO-{n}", "buyer": f"Acme Works {n} Ltd", "due": None, "lines": lines}


def make_cases(folder: Path, count: int) -> Path:
    """Case folders with one target file beside each."""
    for n in range(1, count + 1):
        case = folder / f"case-{n}"
        case.mkdir(parents=True)
        (case / "source.txt").write_text(text(n))
        (case / "target.py").write_text(TARGET)
        (case / "expected.json").write_text(json.dumps(truth(n)))
        (case / "note.md").write_text("A small order.")
    return folder


def script(file: Path, answers: dict[int, Any]) -> str:
    """A model that says these, whatever else it is asked."""
    said = [{"when": f"PO-{n}\n", "say": answer} for n, answer in answers.items()]
    file.write_text(json.dumps({"answers": said}))
    return f"scripted:{file}"


def thresher(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run to the end."""
    return ran("score", *arguments)


def kept(out: Path) -> dict[str, Any]:
    """The newest run."""
    run: dict[str, Any] = json.loads(max(out.glob("run-*.json")).read_text())
    return run


def test_two_cases_are_scored_stored_and_reported(tmp_path: Path) -> None:
    """One case is right, one has a wrong price, a missed row and nothing invented; a second person stands beside."""
    cases = make_cases(tmp_path / "cases", 2)
    wrong = truth(2) | {"lines": [{"item": "Lamp", "price": 102}]}
    (cases / "case-1" / "human.json").write_text(json.dumps(truth(1) | {"number": "PO-7"}))
    (cases / "case-1" / "evidence.json").write_text(json.dumps([{"path": "/number", "quote": "PO-1"}]))
    model = script(tmp_path / "script.json", {1: truth(1), 2: wrong})
    done = thresher(cases, "--model", model, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    run = kept(tmp_path / "out")
    first, second = run["cases"]
    assert first["errors"] == []
    assert first["evidence"]["score"]["characters"] == 1.0
    assert second["fields"]["/lines/*/price"] == {
        "right": 0, "wrong": 1, "missed": 1, "invented": 0, "absent": 0, "lost": 0,
    }  # fmt: skip
    assert second["fields"]["/due"]["absent"] == 1
    assert run["prompts"]["extract.v3"]
    assert run["answers"]["made"] >= 2
    report = next((tmp_path / "out").glob("run-*.html")).read_text()
    assert "second person" in report
    assert "| /lines/*/item |" in next((tmp_path / "out").glob("run-*.md")).read_text()
    again = thresher(cases, "--model", model, "--out", tmp_path / "out", "--fail-under", "lines.price=0.9")
    assert again.returncode == 1
    assert "/lines/*/price: F1 0.571 is under 0.9" in again.stderr
    assert kept(tmp_path / "out")["answers"]["made"] == 0


def test_a_gate_fails_when_f1_falls_and_two_runs_are_compared(tmp_path: Path) -> None:
    """Eight documents that all became worse are no chance; the same run against itself is no fall."""
    cases, out = make_cases(tmp_path / "cases", 8), tmp_path / "out"
    good = script(tmp_path / "good.json", {n: truth(n) for n in range(1, 9)})
    bad = script(tmp_path / "bad.json", {n: truth(n) | {"buyer": None} for n in range(1, 9)})
    assert thresher(cases, "--model", good, "--out", out / "a").returncode == 0
    fell = thresher(cases, "--model", bad, "--out", out / "b", "--gate", out / "a")
    assert fell.returncode == 1
    assert "gate: /buyer: F1 fell from 1.000 to 0.000" in fell.stderr
    rose = thresher("--compare", out / "b", out / "a", "--out", out)
    assert rose.returncode == 0
    assert "| /buyer | 0.000 | 1.000 | +1.000 |" in rose.stdout
    assert list(out.glob("compare-*.html"))


def test_a_document_that_can_not_be_read_scores_zero_and_the_rest_goes_on(tmp_path: Path) -> None:
    """The failure is named; the mean counts it."""
    cases = make_cases(tmp_path / "cases", 2)
    (cases / "case-2" / "source.txt").unlink()
    (cases / "case-2" / "source.pdf").write_bytes(b"%PDF-1.7 nothing")
    model = script(tmp_path / "script.json", {1: truth(1)})
    done = thresher(cases, "--model", model, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    run = kept(tmp_path / "out")
    assert [c["failed"] for c in run["cases"]] == [False, True]
    assert run["cases"][1]["reason"]
    assert "document F1            0.500 " in done.stdout


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda case: (case / "expected.json").write_text("{"), "case_invalid"),
        (lambda case: (case / "expected.json").write_text('{"sum": 5}'), "case_invalid"),
        (lambda case: (case / "target.py").unlink(), "case_invalid"),
        (lambda case: (case / "source.txt").unlink(), "case_invalid"),
        (lambda case: (case / "evidence.json").write_text('[{"path": "/due"}]'), "case_invalid"),
    ],
)
def test_a_case_that_can_not_be_scored_is_named(tmp_path: Path, spoil: Any, code: str) -> None:
    """Before anything is asked, in one line."""
    cases = make_cases(tmp_path / "cases", 1)
    spoil(cases / "case-1")
    done = CliRunner().invoke(app, ["score", str(cases), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2, done.stderr
    assert code in done.stderr
    assert "case-1" in done.stderr
    assert isinstance(done.exception, SystemExit)
