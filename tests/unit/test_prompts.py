"""The prompt loader."""

from __future__ import annotations

import pytest

from thresher.service import prompts
from thresher.service.prompts import Prompt, load_prompt
from thresher.service.prompts.questions import question_of, with_picture


def prompt(name: str, version: int) -> Prompt:
    """A prompt that says its own name."""
    return Prompt(name=f"{name}.v{version}", version=version, text=f"{name} $value", fingerprint="")


@pytest.fixture
def _files(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {p.name: p for p in (prompt("ask", 2), prompt("ask", 10), prompt("asking", 1))}
    monkeypatch.setattr(prompts, "prompts", lambda: found)


@pytest.mark.usefixtures("_files")
def test_by_version_or_the_newest() -> None:
    """A name with its version is that one; without, the highest number, not the highest text."""
    assert load_prompt("ask.v2").version == 2
    assert load_prompt("ask").version == 10


@pytest.mark.usefixtures("_files")
def test_an_unknown_prompt_lists_the_known() -> None:
    """The message helps."""
    with pytest.raises(KeyError, match=r"asking\.v1"):
        load_prompt("nothing")


def test_a_missing_value_is_an_error() -> None:
    """No prompt goes out with a hole in it."""
    with pytest.raises(KeyError):
        prompt("ask", 1).render(other="x")


def test_shipped_prompts_are_sound() -> None:
    """Every prompt that ships has a name, a version and a fingerprint that differ from the others'."""
    shipped = prompts.prompts()
    assert len({p.fingerprint for p in shipped.values()}) == len(shipped)


def test_questions_are_made_in_one_place() -> None:
    """System and user turn from the prompt, purpose and name on the wire from the kind; a hole is an error."""
    made = question_of("boundary", "boundary.v1", {"before": "x", "after": "y"}, {"type": "object"}, 40)
    assert [m.role for m in made.messages] == ["system", "user"]
    assert (made.prompt, made.kind, made.purpose, made.answer_tokens) == ("boundary.v1", "boundary", "ask", 40)
    with pytest.raises(KeyError):
        question_of("boundary", "boundary.v1", {"before": "x"}, None, 40)


def test_a_prompt_without_a_line_of_dashes_is_the_user_s_alone() -> None:
    """A page to transcribe: one turn, with its picture."""
    (turn,) = with_picture(question_of("transcribe", "transcribe", {}, None, 100), b"png").messages
    assert (turn.role, turn.images) == ("user", (b"png",))
