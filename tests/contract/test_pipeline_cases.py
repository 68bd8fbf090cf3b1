"""A capable model's right answers must not become a worse Result: input, target, answers, and what must come out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.case_judge import faults
from tests.case_server import CaseServer, right_of
from thresher.service.cli.main import app

FIXTURES = Path(__file__).parents[1] / "fixtures"
CASES = sorted(FIXTURES.glob("pipeline_cases/[0-9]*")) + sorted(
    p.parent for p in FIXTURES.glob("read_cases/*/right.md")
)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_case(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Result is what the case's `right.md` says."""
    server = CaseServer(case)
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    monkeypatch.setenv("THRESHER_API_BASE", server.address)
    target = next(t for t in (case / "target.py", case / "target.json") if t.is_file())
    arguments = ["extract", str(next(case.glob("input.*"))), "--target", str(target), "--out", str(tmp_path)]
    arguments += ["--model", "openai/x"]
    arguments += ["--policy", str(case / "policy.toml")] if (case / "policy.toml").is_file() else []
    try:
        done = CliRunner().invoke(app, arguments)
    finally:
        server.close()
    results = [json.loads(f.read_text("utf-8")) for f in sorted(tmp_path.glob("*.json")) if f.name != "run.json"]
    assert len(results) <= 1
    short = faults(right_of(case), results[0] if results else {}, done.exit_code, done.output)
    assert not short, f"{short}; asked {server.asked}"
