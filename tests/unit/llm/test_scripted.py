"""The shipped fake."""

from __future__ import annotations

import pytest

from tests.unit.llm.wires import question
from thresher.schemas.errors import ModelProblem
from thresher.service.llm.providers.scripted import Said, ScriptedTransport, scripted


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
    assert isinstance(model.wire, ScriptedTransport)
    assert model.wire.calls == 2
