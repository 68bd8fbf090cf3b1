"""The answer store's key: everything that can change an answer, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from thresher.schemas.question import Message, Question
from thresher.service.llm.client import key_of

ASKED = Question(
    prompt="ask.v1",
    fingerprint="f",
    messages=(Message(role="system", content="s"), Message(role="user", content="u", images=(b"png",))),
    schema={"type": "object", "properties": {"a": {}, "b": {}}},
    answer_tokens=10,
)


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "g"},
        {"messages": ASKED.messages[:1]},
        {"messages": (ASKED.messages[0], replace(ASKED.messages[1], images=(b"other",)))},
        {"messages": (ASKED.messages[0], replace(ASKED.messages[1], role="assistant"))},
        {"schema": None},
        {"schema": {"type": "object", "properties": {"b": {}, "a": {}}}},
        {"answer_tokens": 11},
        {"temperature": 0.1},
        {"sample": 1},
    ],
)
def test_what_can_change_an_answer_changes_the_key(change: dict[str, Any]) -> None:
    """Each part of a question by itself, the order of properties included: models answer in that order."""
    assert key_of(replace(ASKED, **change), "m") != key_of(ASKED, "m")


@pytest.mark.parametrize("change", [{"prompt": "ask.v2"}, {"purpose": "repair"}])
def test_what_only_names_a_question_does_not(change: dict[str, Any]) -> None:
    """The prompt's name and the purpose are not sent."""
    assert key_of(replace(ASKED, **change), "m") == key_of(ASKED, "m")


def test_the_model_changes_the_key() -> None:
    """Two models never share an answer."""
    assert key_of(ASKED, "m") != key_of(ASKED, "n")


def test_the_key_is_the_same_for_ever() -> None:
    """A change of this value throws away every answer that users have paid for."""
    assert key_of(ASKED, "m") == "9107edde8d51bfe39812f6d11b2400935725da16da007ceb7af2c6fd7d90e237"
