"""`thresher extract` as a person runs it: a real process, real files, a scripted model."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.zygote import Command, ran
from thresher.service.cli.main import app

ROOT = Path(__file__).parents[2]
TARGET = """
from pydantic import BaseModel

class Line(BaseModel):
    item: str
    price: float

class Order(BaseModel):
    number: str
    buyer: str | None
    lines: list[Line]
"""


def order(n: int) -> str:
    """A small order as text."""
    return f"Order number: PO-{n}\nBuyer: Acme Works {n} Ltd\nItem\tPrice\nLamp\t{n}.50\nDesk\t{n + 100}.00\n"


def script(folder: Path, numbers: range, latency: float = 0.0) -> Path:
    """A model that answers each order rightly, whatever else it is asked."""
    said = [
        {
            "when": f"PO-{n}\n",
            "say": {
                "number": f"PO-{n}",
                "buyer": f"Acme Works {n} Ltd",
                "lines": [{"item": "Lamp", "price": n + 0.5}, {"item": "Desk", "price": n + 100}],
            },
        }
        for n in numbers
    ]
    path = folder / "script.json"
    path.write_text(json.dumps({"latency": latency, "answers": said}))
    return path


def command(*arguments: object) -> list[str]:
    """The command line of a run."""
    return [sys.executable, "-m", "thresher.service.cli.main", *map(str, arguments)]


def thresher(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run to the end."""
    return ran(*arguments)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A folder with `in/`, a target file and a script for six orders."""
    inbox = tmp_path / "in"
    (inbox / "sub").mkdir(parents=True)
    for n in range(1, 4):
        (inbox / f"{n}.txt").write_text(order(n))
    (inbox / "sub" / "4.txt").write_text(order(4))
    (inbox / "empty.pdf").write_bytes(b"")
    with zipfile.ZipFile(inbox / "pack.zip", "w") as archive:
        archive.writestr("5.txt", order(5))
        archive.writestr("6.txt", order(6))
    (tmp_path / "order.py").write_text(TARGET)
    script(tmp_path, range(1, 7))
    return tmp_path


def options(case: Path, out: str = "out") -> list[object]:
    """The usual options of a run over a case."""
    return ["--target", case / "order.py:Order", "--model", f"scripted:{case / 'script.json'}", "--out", case / out]


def read(path: Path) -> dict[str, Any]:
    """A JSON file."""
    body: dict[str, Any] = json.loads(path.read_text())
    return body


def tree(folder: Path) -> dict[str, bytes]:
    """Results of a run by name."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*.json"))
        if p.name != "run.json" and ".thresher" not in p.parts
    }


def test_a_folder_gives_a_result_for_every_file_and_counts_that_add_up(case: Path) -> None:
    """Every file, and every member of an archive, has its Result; what failed is named; the counts are whole."""
    done = thresher("extract", case / "in", *options(case))
    assert done.returncode == 4
    assert "failed: empty.pdf.json: unread: zero_byte" in done.stderr
    report = read(case / "out" / "run.json")
    files, results = report["files"], report["results"]
    assert files["found"] == 6 == files["finished"] + len(files["no_target"]) + len(files["refused"])
    assert results == {"total": 7, "complete": 6, "failed": 1, "kept": 0}
    assert sorted(tree(case / "out")) == [
        "1.txt.json",
        "2.txt.json",
        "3.txt.json",
        "empty.pdf.json",
        "pack.zip/1-5.txt.json",
        "pack.zip/2-6.txt.json",
        "sub/4.txt.json",
    ]
    result = read(case / "out" / "2.txt.json")
    assert result["data"]["lines"][1] == {"item": "Desk", "price": 102.0}
    text = order(2)
    assert all(text[e["start"] : e["end"]] == e["quote"] for e in result["evidence"])
    lines = [json.loads(line) for line in (case / "out" / "exceptions.jsonl").read_text().splitlines()]
    assert [(e["path"], e["code"]) for e in lines] == [("empty.pdf", "zero_byte")]


def test_a_second_run_asks_nothing_and_gives_the_same_bytes(case: Path) -> None:
    """What is finished is kept, also when one of its Results was deleted."""
    thresher("extract", case / "in", *options(case))
    first = tree(case / "out")
    again = thresher("extract", case / "in", *options(case))
    assert "complete (kept)" in again.stderr
    assert read(case / "out" / "run.json")["calls"]["made"] == 0
    (case / "out" / "2.txt.json").unlink()
    thresher("extract", case / "in", *options(case))
    assert tree(case / "out") == first
    assert read(case / "out" / "run.json")["calls"] | {"seconds": 0} == {
        "made": 0,
        "stored": 1,
        "prompt_tokens": 0,
        "answer_tokens": 0,
        "cached_tokens": 0,
        "seconds": 0,
        "usd": 0,
    }


def test_another_question_between_two_runs_changes_nothing(case: Path) -> None:
    """Run A, run B, run A again: A's Results come back from stored answers; a change of the target's code is B too."""
    first = [case / "in" / "1.txt", *options(case)]
    thresher("extract", *first)
    whole = tree(case / "out")
    target = case / "order.py"
    target.write_text(TARGET.replace("buyer: str | None", "buyer: str | None = None") + "\n# another judge\n")
    other = thresher("extract", *first, "--stance", "precision")
    assert "(kept)" not in other.stderr
    target.write_text(TARGET)
    again = thresher("extract", *first)
    assert "(kept)" not in again.stderr
    assert (tree(case / "out"), read(case / "out" / "run.json")["calls"]["made"]) == (whole, 0)
    assert "(kept)" in thresher("extract", *first, "--jobs", 3).stderr
    fresh = thresher("extract", *first, "--fresh")
    assert "(kept)" not in fresh.stderr
    assert (tree(case / "out"), read(case / "out" / "run.json")["calls"]["made"]) == (whole, 1)


def test_a_model_that_can_not_be_reached_ends_the_run_at_once(case: Path) -> None:
    """A dead address is one line and exit 3; no Result is written that would say that each file failed."""
    environment = {**os.environ, "THRESHER_API_BASE": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "k"}
    arguments = [case / "in", "--target", case / "order.py:Order", "--model", "openai/x", "--out", case / "dead"]
    done = ran("extract", *arguments, timeout=60, env=environment)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("model_unreachable") == 1
    assert not [name for name in tree(case / "dead") if name != "empty.pdf.json"]


def test_files_that_are_ignored_are_named(case: Path) -> None:
    """Hidden files, those in hidden folders and the run's own target map: with what was found they are all there is."""
    folder = case / "in"
    (folder / ".git" / "deep").mkdir(parents=True)
    for name in (".hidden.txt", ".git/config", ".git/deep/more", "sub/.DS_Store", "Thumbs.db"):
        (folder / name).write_text("x")
    (folder / "targets.toml").write_text(f'"**" = "{case / "order.py"}:Order"\n')
    choices = options(case)
    choices[1] = folder / "targets.toml"
    done = thresher("extract", folder, *choices)
    files = read(case / "out" / "run.json")["files"]
    ignored = {i["path"]: (i["files"], i["reason"]) for i in files["ignored"]}
    dot = "its name begins with a dot"
    assert ignored == {
        ".git/": (2, dot),
        ".hidden.txt": (1, dot),
        "sub/.DS_Store": (1, dot),
        "Thumbs.db": (1, "made by the operating system"),
        "targets.toml": (1, "the target map, policy or passwords of this run"),
    }
    assert files["found"] + sum(i["files"] for i in files["ignored"]) == sum(p.is_file() for p in folder.rglob("*"))
    assert f"ignored: .git/, .hidden.txt, sub/.DS_Store: {dot}" in done.stderr


def test_results_among_the_files_are_not_read(case: Path) -> None:
    """With --out inside the folder, neither this run nor the next takes Results for documents."""
    choices = options(case, "in/out")
    for _ in range(2):
        done = thresher("extract", case / "in", *choices)
        assert read(case / "in" / "out" / "run.json")["files"]["found"] == 6, done.stderr
    assert "ignored: out/: the Results of a run" in done.stderr


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_goes_on_where_it_was(case: Path, sign: signal.Signals) -> None:
    """Ctrl-C leaves counts and exit code 130, kill -9 leaves nothing half written; no finished call is made again."""
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background job ignores it, and so would its children
    script(case, range(1, 41), latency=0.25)
    for n in range(7, 41):
        (case / "in" / f"n{n:02}.txt").write_text(order(n))
    process = Command[str]("extract", case / "in", *options(case), "--jobs", 2, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(tree(case / "out")) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, sign)
    _, said = process.communicate(timeout=120)
    if sign == signal.SIGINT:
        assert process.returncode == 130, said
        assert read(case / "out" / "run.json")["interrupted"] is True
        assert re.search(r"not finished: \d+ of 40 files are left", said)
        assert f"\n  thresher extract {case / 'in'} --target {case / 'order.py:Order'}" in said
    before = len(tree(case / "out"))
    assert 4 <= before < 41
    thresher("extract", case / "in", *options(case))
    whole = tree(case / "out")
    calls = [json.loads(line) for line in thresher("calls", case / "out", "--format", "jsonl").stdout.splitlines()]
    paid = [c["attempt"]["key"] for c in calls if not c["attempt"]["stored"] and not c["attempt"]["error"]]
    assert len(paid) == len(set(paid))
    thresher("extract", case / "in", *options(case, "fresh"))
    assert tree(case / "fresh") == whole


def test_one_file_goes_to_standard_output(case: Path) -> None:
    """Without --out the JSON is on standard output, and nothing else is."""
    done = thresher("extract", case / "in" / "1.txt", *options(case)[:4])
    assert done.returncode == 0
    assert json.loads(done.stdout)["data"]["number"] == "PO-1"


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "xlsx"])
def test_tables_of_results(case: Path, form: str) -> None:
    """A row for each Unit, and a table for each list of objects that names its Unit."""
    thresher("extract", case / "in", *options(case), "--format", form)
    out = case / "out"
    assert '"price": 1.50' in (out / "1.txt.json").read_text()  # as the document prints it
    if form == "jsonl":
        lines = (out / "results.jsonl").read_text().splitlines()
        assert (len(lines), sum('"price":1.50' in line for line in lines)) == (7, 1)
        return
    rows = {name: _rows(out / f"{name}.{form}", name) for name in ("results", "lines")}
    assert len(rows["results"]) == 7
    assert len(rows["lines"]) == 12
    assert {r["source"] for r in rows["lines"]} == {r["source"] for r in rows["results"]} - {"empty.pdf"}
    assert {(r["reasons"] or "").partition(":")[0] for r in rows["results"]} == {"", "unread"}
    assert "1.50" in {str(r["price"]).rstrip("0") + "0" for r in rows["lines"]}


def _rows(path: Path, name: str) -> list[dict[str, Any]]:
    if path.suffix == ".xlsx":
        import openpyxl

        head, *rows = openpyxl.load_workbook(path.with_name("results.xlsx"))[name].iter_rows(values_only=True)
        return [dict(zip(map(str, head), row, strict=True)) for row in rows]
    if path.suffix == ".csv":
        with path.open(newline="") as stream:
            return list(csv.DictReader(stream))
    from pyarrow import parquet

    found: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return found


def test_a_map_lists_what_it_does_not_match(case: Path) -> None:
    """A file that no glob matches is named, not guessed."""
    (case / "targets.toml").write_text('"sub/*" = "order.py:Order"\n')
    arguments = ["--target", case / "targets.toml", *options(case)[2:]]
    done = thresher("extract", case / "in", *arguments)
    assert done.returncode == 1
    assert "no target: 1.txt" in done.stderr
    assert list(tree(case / "out")) == ["sub/4.txt.json"]


def test_a_folder_as_one_unit(case: Path) -> None:
    """With --unit folder all files are one Result, whose evidence names the file it stands in."""
    for extra in ("empty.pdf", "pack.zip", "2.txt", "3.txt"):
        (case / "in" / extra).unlink()
    done = thresher("extract", case / "in", *options(case), "--unit", "folder")
    assert done.returncode in {0, 1}, done.stderr
    (result,) = (json.loads(b) for b in tree(case / "out").values())
    assert [line["price"] for line in result["data"]["lines"]] == [1.5, 101, 4.5, 104]
    assert {e["source"] for e in result["evidence"] if e["path"].startswith("/lines/")} == {"1.txt", "sub/4.txt"}
    assert {c["path"] for c in result["conflicts"]} == {"/number", "/buyer"}


def test_a_dry_run_asks_nothing(case: Path) -> None:
    """Calls and tokens are told before anything is paid."""
    done = thresher("extract", case / "in", *options(case), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "about 6 calls" in done.stdout
    assert not (case / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["nowhere.pdf", "--target", "invoice"], "file_not_found", 2),
        (["README.md", "--target", "nothing"], "target_invalid", 2),
        (["README.md", "--target", "invoice", "--unit", "page"], "--unit", 2),
        (["README.md", "--target", "invoice", "--format", "xml"], "--format", 2),
        (["README.md", "--target", "invoice", "--model", "openai/gpt-4o-mini"], "key_missing", 3),
        (["README.md", "--target", "invoice", "--model", "openai/nobody-knows", "--max-cost", "1"], "price_unknown", 5),
    ],
)
def test_wrong_use_gives_one_clear_line(
    arguments: list[str], code: str, exit_code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stable code, a remedy, an exit code; never a trace."""
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, ["extract", *arguments])
    assert done.exit_code == exit_code, done.stderr
    assert code in done.stderr
    assert isinstance(done.exception, SystemExit)
