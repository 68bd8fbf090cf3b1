"""The shipped fake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.errors import InputProblem, ModelProblem
from service.llm.scripted import Said, ScriptedWire, load_script, scripted
from service.llm.wire import Passing
from tests.unit.llm.wires import question


async def test_a_table() -> None:
    """The first part that the prompt holds answers: text as it is, a dictionary as JSON."""
    model = scripted({"alpha": "one", "beta": {"n": 2}, "": Said(text="cut", finish="length")})
    replies = [await model.ask(question(text)) for text in ("alpha beta", "beta", "gamma")]
    assert [(r.text, r.finish) for r in replies] == [("one", "stop"), ('{"n": 2}', "stop"), ("cut", "length")]


async def test_one_after_the_other() -> None:
    """A list is said entry by entry, its last one for ever; an exception is raised."""
    model = scripted({"": ["bad", ModelProblem("model_refused"), "good"]})
    assert (await model.ask(question())).text == "bad"
    with pytest.raises(ModelProblem):
        await model.ask(question())
    assert [(await model.ask(question())).text for _ in range(2)] == ["good", "good"]


async def test_a_function() -> None:
    """A function of the question may answer; None rejects it. The questions are kept."""
    model = scripted(lambda q: {"chars": len(q.messages[0].content)} if q.messages[0].content else None)
    assert (await model.ask(question("abc"))).text == '{"chars": 3}'
    with pytest.raises(ModelProblem) as rejected:
        await model.ask(question(""))
    assert rejected.value.code == "question_rejected"
    assert isinstance(model.wire, ScriptedWire)
    assert model.wire.calls == 2


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
    with pytest.raises(Passing):
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
