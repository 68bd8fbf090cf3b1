"""The shipped fake: a model that says what its script says. For tests and demos; free, and the same every time."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem, ModelProblem, Problem
from thresher.schemas.extraction import Finish
from thresher.schemas.question import ModelFacts, Question
from thresher.service.llm.client import ModelClient
from thresher.service.llm.transport import Answer, Call, TransientError

FACTS = ModelFacts(window=128_000, most_answer=16_000, usd_prompt=0.0, usd_answer=0.0)
WORDS: dict[Finish, str] = {"stop": "stop", "length": "length", "refusal": "content_filter", "error": "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer, with what only a fake can choose."""

    text: str = field(default="", repr=False)
    finish: Finish = "stop"
    seconds: float | None = None  # None: the script's latency
    prompt_tokens: int | None = None  # None: a quarter of the characters
    answer_tokens: int | None = None


Line = str | dict[str, Any] | list[Any] | Said | Exception | None  # dict: said as JSON; list: one after the other
Script = Callable[[Question], Line] | Mapping[str, Line]


@dataclass(slots=True)
class ScriptedTransport:
    """Answers from a script: a function of the Question, or a table from a part of the prompt to what is said.

    The first part of the table that the prompt holds, in the table's order, answers; "" answers everything. A list is
    said entry by entry, its last one for ever. An exception is raised. `None`, or no line, rejects the question.
    """

    script: Script
    latency: float = 0.0  # seconds
    questions: list[Question] = field(default_factory=list)  # as they came
    _told: dict[str, int] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """How often it was asked."""
        return len(self.questions)

    async def send(self, call: Call) -> Answer:
        """Return the scripted answer to a Call."""
        self.questions.append(call.question)
        line = self._line(call.question)
        said = Said(text=line) if isinstance(line, str) else line
        call.sent.set()
        wait = said.seconds if isinstance(said, Said) else None
        await asyncio.sleep(self.latency if wait is None else wait)
        if isinstance(said, Exception):
            raise said
        return Answer(response=response(call.question, said))

    def _line(self, question: Question) -> Said | str | Exception:
        line = self.script(question) if callable(self.script) else self._found(prompt_of(question))
        if line is None:
            return ModelProblem("question_rejected", "the script has no answer")
        return json.dumps(line, ensure_ascii=False) if isinstance(line, dict | list) else line

    def _found(self, prompt: str) -> Line:
        table: Mapping[str, Line] = {} if callable(self.script) else self.script
        for part, line in table.items():
            if part not in prompt:
                continue
            if not isinstance(line, list):
                return line
            told = self._told.get(part, 0)
            self._told[part] = told + 1
            return line[min(told, len(line) - 1)] if line else None
        return None


def scripted(script: Script, *, latency: float = 0.0, facts: ModelFacts = FACTS) -> ModelClient:
    """A Model that answers from a script, without any wrapper.

    `scripted({"Invoice 17": {"total": "12.50"}})` says that JSON to every prompt that holds "Invoice 17".
    """
    return ModelClient(name="scripted", facts=facts, wire=ScriptedTransport(script, latency), identity="scripted")


def response(question: Question, said: Said) -> dict[str, Any]:
    """What was said, in the shape of a chat completion."""
    prompt = len(prompt_of(question)) // 4 if said.prompt_tokens is None else said.prompt_tokens
    answer = len(said.text) // 4 if said.answer_tokens is None else said.answer_tokens
    message = {"role": "assistant", "content": said.text}
    return {
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": WORDS[said.finish]}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer},
    }


def prompt_of(question: Question) -> str:
    """All that is asked, as one text."""
    return "\n".join(m.content for m in question.messages)


def load_script(path: Path) -> tuple[Mapping[str, Line], float]:
    """(table, latency in seconds) of a script file:

        {"latency": 0.2, "answers": [{"when": "Invoice 17", "say": {"total": "12.50"}},
                                     {"when": "Invoice 18", "say": ["not JSON", {"total": "3.00"}], "finish": "stop"},
                                     {"when": "", "error": "model_refused"}]}

    `say` is text, JSON, or a list of them, one for each time it is asked. Raises InputProblem(policy_invalid).
    """  # noqa: D415 - ends with an example
    try:
        whole = json.loads(path.read_text("utf-8"))
        table = {entry["when"]: _entry(entry) for entry in whole["answers"]}
        return table, float(whole.get("latency", 0.0))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputProblem("policy_invalid", f"script {path} ({type(error).__name__}: {error})") from error


def script_identity(path: Path) -> str:
    """What stands for a script file in the answer store's key: its content, so that an edited script is asked anew."""
    return f"scripted:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def _entry(entry: Mapping[str, Any]) -> Line:
    if (code := entry.get("error")) is not None:
        return _problem(str(code), str(entry.get("detail", "scripted")))
    said = entry["say"]
    return (
        [_said(s, entry) for s in said]
        if isinstance(said, Sequence) and not isinstance(said, str)
        else _said(said, entry)
    )


def _said(said: Any, entry: Mapping[str, Any]) -> Said:
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return Said(text=text, finish=entry.get("finish", "stop"), seconds=entry.get("seconds"))


def _problem(code: str, detail: str) -> Exception:
    """An error by its code; "busy" is one that passes."""
    if code == "busy":
        return TransientError(ModelProblem("model_unavailable", detail))
    kinds: tuple[type[Problem], ...] = (ModelProblem, InputProblem)
    kind = next((kind for kind in kinds if code in kind.codes), None)
    if kind is None:
        raise ValueError(f"no code {code}")
    return kind(code, detail)
