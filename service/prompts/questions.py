"""Build a Question from a prompt, its values and a requested schema: the only place that does so.

The kind of a Question is the name of its schema in the request; it is no part of the answer store's key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from thresher.schemas.question import Kind, Message, Purpose, Question
from thresher.service.prompts import Prompt, load_prompt

PURPOSES: dict[Kind, Purpose] = {
    "extract": "ask",
    "reask": "reask",
    "look": "evaluate",
    "mend": "repair",
    "repair": "repair",
    "decide": "decide",
    "boundary": "ask",
    "derive": "ask",
    "choose": "ask",
    "transcribe": "transcribe",
}
"""For each kind, what the call is counted as in the log of calls."""


def question_of(
    kind: Kind,
    prompt: str,
    values: Mapping[str, str],
    schema: dict[str, Any] | None,
    answer_tokens: int,
    temperature: float = 0.0,
) -> Question:
    """Return the Question that a prompt makes with its placeholders filled.

    `prompt` is a name ("extract": the newest version) or a name with its version ("extract.v1"); `schema` the asked JSON
    Schema, None for free text; `answer_tokens` the most that the answer may take. Raises KeyError for a prompt that is
    not there, or for a placeholder without a value.
    """
    known = load_prompt(prompt)
    return Question(
        prompt=known.name,
        fingerprint=known.fingerprint,
        messages=_messages(known, values),
        schema=schema,
        answer_tokens=answer_tokens,
        temperature=temperature,
        purpose=PURPOSES[kind],
        kind=kind,
    )


def with_picture(question: Question, picture: bytes) -> Question:
    """Return the Question with a picture (PNG) in its last turn."""
    *before, last = question.messages
    return replace(question, messages=(*before, replace(last, images=(*last.images, picture))))


def _messages(prompt: Prompt, values: Mapping[str, str]) -> tuple[Message, ...]:
    """Return the system's and the user's turn; a prompt without the line `---` is the user's alone."""
    if "\n---\n" not in prompt.text:
        return (Message(role="user", content=prompt.render(**values)),)
    system, user = prompt.turns(**values)
    return (Message(role="system", content=system), Message(role="user", content=user))
