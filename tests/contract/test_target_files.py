"""Targets out of files: Python, JSON and maps, whatever state they are in."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from thresher.schemas.errors import InputProblem
from thresher.service.targets.loading import load_target
from thresher.service.targets.target_map import load_map, matches

MODEL = """
from __future__ import annotations
from pydantic import BaseModel

class Line(BaseModel):
    amount: float | None

class Bill(BaseModel):
    number: str | None = None
    lines: list[Line] = []
"""
HEAD = "from pydantic import BaseModel\n"


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def test_a_python_file_gives_its_class(tmp_path: Path) -> None:
    """By name, or by being the one that no other model uses."""
    _write(tmp_path, bill=MODEL)
    assert load_target("bill.py:Bill", base=tmp_path).lists == ("/lines",)
    assert load_target("bill.py", base=tmp_path).name == "Bill"
    assert load_target(f"{tmp_path}/bill.py:Line").fields[0].path == "/amount"


def test_neighbours_can_be_imported_and_do_not_mix(tmp_path: Path) -> None:
    """Relative and plain imports of files in the same folder work, also where two folders use the same name."""
    for name, field in (("one", "first"), ("two", "second")):
        folder = tmp_path / name
        folder.mkdir()
        part = f"{HEAD}class Part(BaseModel):\n    {field}: str | None\n"
        _write(folder, parts=part, a="from parts import Part\nclass Top(Part):\n    x: int\n")
        _write(folder, b="from .parts import Part\nclass Top(Part):\n    x: int\n")
        for file in ("a", "b"):
            fields = load_target(f"{name}/{file}.py:Top", base=tmp_path).fields
            assert [f.path for f in fields] == [f"/{field}", "/x"]
    assert "parts" not in sys.modules


def test_a_ready_made_target_can_be_subclassed(tmp_path: Path) -> None:
    """A user's file may build on the library."""
    text = (
        "from thresher.schemas.library.invoice import Invoice\nclass Mine(Invoice):\n    project: str | None = None\n"
    )
    _write(tmp_path, mine=text)
    assert load_target("mine.py", base=tmp_path).fields[-1].path == "/project"


@pytest.mark.parametrize(
    ("text", "spec", "reason"),
    [
        ("def broken(:\n", "t.py:X", "line 1: SyntaxError"),
        ("\n\nimport no_such_thing\n", "t.py:X", "line 3: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("raise SystemExit(3)\n", "t.py:X", "line 1: SystemExit"),
        ("x = 1 / 0\n", "t.py", "line 1: ZeroDivisionError"),
        (MODEL, "t.py:Nope", "it has no 'Nope'; its models are Line, Bill"),
        (MODEL + "\nclass Other(BaseModel):\n    a: int\n", "t.py", "name one as file.py:Model, of Bill, Other"),
        ("x = 3\n", "t.py", "defines no pydantic model"),
        ("x = 3\n", "t.py:x", "'x' is a int, not a pydantic model"),
        ("class A:\n    pass\n", "t.py:A", "'A' is the class A, not a pydantic model"),
        (f"{HEAD}class A(BaseModel):\n    pass\n", "t.py:A", "no fields"),
        (f"{HEAD}class A(BaseModel):\n    f: 'Missing'\n", "t.py:A", "not fully defined"),
        (f"from typing import Callable\n{HEAD}class A(BaseModel):\n    f: Callable\n", "t.py:A", "Callable"),
        ("\x00", "t.py:A", "null bytes"),
        ("", "missing.py:A", "no such file"),
    ],
)
def test_a_bad_python_file_is_named_by_line_and_reason(tmp_path: Path, text: str, spec: str, reason: str) -> None:
    """One code for all, and a message that leads to the place."""
    _write(tmp_path, t=text)
    with pytest.raises(InputProblem) as problem:
        load_target(spec, base=tmp_path)
    assert problem.value.code == "target_invalid"
    assert reason in problem.value.message


def test_a_file_whose_own_modules_have_our_names_is_told_so(tmp_path: Path) -> None:
    """`import thresher` would find ours; better to say it than to fail oddly."""
    _write(tmp_path, thresher="class X: pass\n", t="import json\nfrom thresher import X\n")
    with pytest.raises(InputProblem, match="line 2: it imports a module called 'thresher', which is also a part"):
        load_target("t.py:A", base=tmp_path)


def test_a_module_is_found_from_the_base_folder(tmp_path: Path) -> None:
    """package.module:Model is imported, the folder of the run included."""
    package = tmp_path / "acme_targets"
    package.mkdir()
    _write(package, __init__="", bills=MODEL)
    assert load_target("acme_targets.bills:Bill", base=tmp_path).name == "Bill"
    assert str(tmp_path) not in sys.path


def test_the_import_path_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the folder is on it already, before what it might hide."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = list(sys.path)
    _write(tmp_path, t=MODEL)
    load_target("t.py:Bill", base=tmp_path)
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name"),
        ("[1]", "a JSON Schema is an object, this is list"),
        ("[" * 100_000, "nested too deep"),
        ('{"type": "object", "properties": {"a": {"type": 3}}}', "not a valid JSON Schema at /properties/a/type"),
    ],
)
def test_a_bad_json_schema_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """Broken JSON and JSON that is no schema give the place or the reason."""
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblem) as problem:
        load_target("t.json", base=tmp_path)
    assert reason in problem.value.message


def test_wrappers_round_a_schema_are_opened(tmp_path: Path) -> None:
    """A provider's response format or a benchmark's file holds the schema under a key."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    wrapped = {"type": "json_schema", "json_schema": {"name": "bill", "strict": True, "schema": schema}}
    (tmp_path / "t.json").write_text(json.dumps(wrapped), encoding="utf-8")
    target = load_target("t.json", base=tmp_path)
    assert (target.name, target.fields[0].path) == ("bill", "/a")


def test_a_map_gives_the_first_match(tmp_path: Path) -> None:
    """Order decides; tables carry options; what nothing matches has no target."""
    _write(tmp_path, mine=MODEL)
    text = '"*.eml" = "mail"\n"in/**" = { target = "mine.py:Bill", unit = "document" }\n"**/*.pdf" = "invoice"\n'
    (tmp_path / "targets.toml").write_text(text, encoding="utf-8")
    found = load_map(tmp_path / "targets.toml")
    names = {p: (t.name if (t := found.match(p)) else None) for p in ("in/a.eml", "in/x/a.pdf", "b.PDF", "notes.txt")}
    assert names == {"in/a.eml": "Mail", "in/x/a.pdf": "Bill", "b.PDF": "Invoice", "notes.txt": None}
    rule = found.rule("in/x/a.pdf")
    assert rule is not None
    assert rule.unit == "document"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the map is empty"),
        ('"*.pdf" = \n"a" = 1', "line 1"),
        ('"*.pdf" = 3', "needs a target"),
        ('"*.pdf" = { unit = "family" }', "needs a target"),
        ('"*.pdf" = { target = "invoice", uint = "family" }', "unknown option 'uint'"),
        ('"*.pdf" = { target = "invoice", unit = "page" }', "has the unit 'page'"),
        ('"*.pdf" = "invoise"', "did you mean 'invoice'"),
    ],
)
def test_a_bad_map_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """Every line is checked when the map is loaded, not when its file is met."""
    (tmp_path / "targets.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblem) as problem:
        load_map(tmp_path / "targets.toml")
    assert reason in problem.value.message


@pytest.mark.parametrize(
    ("glob", "path", "said"),
    [
        ("*.pdf", "a/b/c.pdf", True),
        ("a/*.pdf", "a/b/c.pdf", False),
        ("a/**/c.pdf", "a/c.pdf", True),
        ("**", "x/y", True),
        ("[ab]?.txt", "b1.txt", True),
        ("[!ab]?.txt", "b1.txt", False),
        ("a.c", "abc", False),
        ("in/*", "in\\x.pdf", True),
    ],
)
def test_globs(glob: str, path: str, said: bool) -> None:  # noqa: FBT001 - a table of truths
    """One star stays in its folder, two span folders, a bare name matches anywhere."""
    assert matches(glob, path) is said
