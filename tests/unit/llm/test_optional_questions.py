"""Questions whose answer the caller can do without."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.schemas.errors import InputProblem, ModelProblem, SetupProblem
from thresher.schemas.extraction import Calls
from thresher.schemas.question import ModelFacts, Question, Reply
from thresher.service.prompts.optional_questions import try_ask

QUESTION = Question(prompt="look.v1", fingerprint="f", messages=(), schema=None, answer_tokens=1, purpose="evaluate")


class Answering:
    """A model that answers with what it is given, or raises it."""

    name = "m"
    facts = ModelFacts(window=1, most_answer=1)

    def __init__(self, said: Any) -> None:
        """Take a Reply or an exception."""
        self._said = said

    async def ask(self, question: Question) -> Reply:
        """Give the Reply or raise the exception."""
        del question
        if isinstance(self._said, Reply):
            return self._said
        raise self._said


async def test_an_answer_comes_with_its_attempt() -> None:
    """The call that was answered is among the attempts, and nothing failed."""
    said = Reply(text="{}", finish="stop", model="m", key="k")
    reply, calls = await try_ask(Answering(said), QUESTION)
    assert reply is said
    assert ([a.key for a in calls.attempts], calls.failed) == (["k"], ())


@pytest.mark.parametrize("problem", [ModelProblem("model_unavailable", "429"), InputProblem("policy_invalid", "x")])
async def test_a_question_without_an_answer_is_data(problem: Exception) -> None:
    """A Problem of the model or of the input is no exception for the caller, but a code."""
    assert await try_ask(Answering(problem), QUESTION) == (None, Calls(failed=(getattr(problem, "code", ""),)))


async def test_what_ends_a_run_is_raised() -> None:
    """A Problem of the machine is no answer that one can do without."""
    with pytest.raises(SetupProblem):
        await try_ask(Answering(SetupProblem("store_locked", "x")), QUESTION)
