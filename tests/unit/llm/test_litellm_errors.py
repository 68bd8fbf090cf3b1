"""litellm's exceptions as ours."""

from __future__ import annotations

import pytest

from thresher.schemas.errors import InputProblem, ModelProblem, SetupProblem
from thresher.service.llm.providers.litellm_errors import kind_of, retry_after, translated
from thresher.service.llm.transport import TransientError


def made(name: str, message: str = "said", bases: tuple[type, ...] = (Exception,)) -> Exception:
    """An exception of a class with that name."""
    error: Exception = type(name, bases, {})(message)
    return error


def test_an_unknown_one_goes_by_its_bases() -> None:
    """A class that a later litellm adds is treated as its nearest known base, and else as passing."""
    base = type("AuthenticationError", (Exception,), {})
    assert kind_of(made("NovelError", bases=(base,))) == "key"
    assert kind_of(made("NovelError")) == "passing"


def test_a_missing_key_is_named() -> None:
    """The message says which setting is missing."""
    problem = translated(made("AuthenticationError", "no"), "openai/gpt-4o", ("OPENAI_API_KEY",))
    assert isinstance(problem, SetupProblem)
    assert problem.code == "key_missing"
    assert "set OPENAI_API_KEY" in problem.message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ContentPolicyViolationError", "model_refused"),
        ("BadRequestError", "question_rejected"),
        ("NotFoundError", "model_unknown"),
    ],
)
def test_codes(name: str, code: str) -> None:
    """Lasting failures keep their kind."""
    problem = translated(made(name), "m")
    assert isinstance(problem, (ModelProblem, SetupProblem))
    assert problem.code == code


def test_too_long_a_question_is_the_callers() -> None:
    """The planner can do something about it."""
    problem = translated(made("ContextWindowExceededError"), "m")
    assert isinstance(problem, InputProblem)
    assert problem.code == "context_overflow"


def test_a_rate_limit_passes_and_an_empty_purse_does_not() -> None:
    """Both come with status 429."""
    error = made("RateLimitError", "slow down")
    error.response = type("Response", (), {"headers": {"Retry-After": "12"}})()  # type: ignore[attr-defined]
    fault = translated(error, "m")
    assert isinstance(fault, TransientError)
    assert (fault.retry_after, fault.charged) == (12.0, False)
    assert isinstance(translated(made("RateLimitError", "Error: insufficient_quota"), "m"), ModelProblem)


def test_a_timeout_may_have_been_charged() -> None:
    """The provider may have worked for it."""
    fault = translated(made("Timeout"), "m")
    assert isinstance(fault, TransientError)
    assert fault.charged


@pytest.mark.parametrize("said", ["soon", "-1", "inf", "nan", ""])
def test_nonsense_is_no_wait(said: str) -> None:
    """A Retry-After that is no time is ignored."""
    assert retry_after({"retry-after": said}) is None
