"""The shipped fake, with its script in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.llm.wires import question
from thresher.schemas.errors import InputProblem
from thresher.service.llm.providers.scripted import load_script, scripted
from thresher.service.llm.transport import TransientError


async def test_a_file(tmp_path: Path) -> None:
    """A script file says the same things."""
    path = tmp_path / "script.json"
    answers = [
        {"when": "alpha", "say": {"n": 1}},
        {"when": "beta", "say": ["no JSON", {"n": 2}]},
        {"when": "gamma", "error": "busy"},
        {"when": "", "error": "context_overflow"},
    ]
    path.write_text(json.dumps({"latency": 0.0, "answers": answers}), "utf-8")
    table, latency = load_script(path)
    model = scripted(table, latency=latency)
    assert [(await model.ask(question(t))).text for t in ("alpha", "beta", "beta")] == [
        '{"n": 1}',
        "no JSON",
        '{"n": 2}',
    ]
    with pytest.raises(TransientError):
        await model.ask(question("gamma"))
    with pytest.raises(InputProblem):
        await model.ask(question("delta"))


@pytest.mark.parametrize("text", ["", "[]", '{"answers": [{}]}', '{"answers": [{"when": "a", "error": "none such"}]}'])
def test_a_bad_file_is_one_clear_error(tmp_path: Path, text: str) -> None:
    """Whatever is wrong with a script, the message names the file."""
    path = tmp_path / "script.json"
    path.write_text(text, "utf-8")
    with pytest.raises(InputProblem, match=r"script\.json"):
        load_script(path)
