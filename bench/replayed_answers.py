"""A model that says its first answers again with some leaves replaced, and whose second looks are answered by a rule."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from bench.invented import folded, stands
from thresher.schemas import json_pointer
from thresher.schemas.question import Model, Question, Reply
from thresher.service.prompts.answer_repair import parse_answer

NEIGHBOURS = 3  # lines beside each other that may hold the words of a value together
_VALUE = re.compile(r"^(\d+): (/\S+) = (.*)$", re.MULTILINE)
_LINE = re.compile(r"^(\d+)\| (.*)$", re.MULTILINE)

Place = tuple[str, str]  # key of a reply and the path in it


@dataclass(slots=True)
class Reading:
    """A model that keeps its first answers, says them again with some leaves replaced, and answers looks by a rule."""

    inner: Model
    evaluator: str
    kept: dict[str, Reply] = field(default_factory=dict)  # replies of the first run, by question
    said: dict[tuple[str, str], tuple[str, frozenset[str]]] = field(default_factory=dict)  # findings, lines by text
    planted: dict[Place, Any] = field(default_factory=dict)
    is_first: bool = True

    @property
    def name(self) -> str:
        """See Model."""
        return self.inner.name

    @property
    def facts(self) -> Any:
        """See Model."""
        return self.inner.facts

    async def ask(self, question: Question) -> Reply:
        """Answer from the first run where it asked the same, else by a rule."""
        key = _key(question)
        if self.is_first or key in self.kept or question.kind == "derive":
            reply = self.kept.get(key) or await self.inner.ask(question)
            self.kept[key] = reply
            if question.kind == "look":
                self._learn(question, parse_answer(reply) or {})
            return self._with_planted(key, reply) if question.kind == "extract" else reply
        if question.kind == "look" and self.evaluator == "model":
            return await self.inner.ask(question)
        answer = self._looked(question) if question.kind == "look" else nothing(question.schema or {})
        return Reply(text=json.dumps(answer), finish="stop", model=self.name, key=key)

    def _with_planted(self, key: str, reply: Reply) -> Reply:
        mine = {path: value for (of, path), value in self.planted.items() if of == key}
        answer = parse_answer(reply) if mine else None
        for path, value in mine.items():
            json_pointer.put(answer, path, value)
        return replace(reply, text=json.dumps(answer), key=f"{key}-planted") if mine else reply

    def _learn(self, question: Question, answer: dict[str, Any]) -> None:
        text, lines = question.messages[-1].content, _lines(question)
        for number, path, value in _VALUE.findall(text):
            found = answer.get(number) or {}
            named = frozenset(lines[n] for n in found.get("lines", ()) if n in lines)
            self.said[path, value] = (found.get("finding", ""), named)

    def _looked(self, question: Question) -> dict[str, Any]:
        text, lines = question.messages[-1].content, _lines(question)
        return {n: self._finding(path, value, lines) for n, path, value in _VALUE.findall(text)}

    def _finding(self, path: str, value: str, lines: dict[int, str]) -> dict[str, Any]:
        if (path, value) in self.said:
            finding, named = self.said[path, value]
            return {"finding": finding, "lines": [n for n, text in lines.items() if text in named]}
        if self.evaluator == "any":
            return {"finding": "supported", "lines": []}
        named_lines = holding(value, lines)
        return {"finding": "supported" if named_lines else "not_found", "lines": named_lines}


def _key(question: Question) -> str:
    return json.dumps([question.kind, [m.content for m in question.messages], question.schema], default=str)


def _lines(question: Question) -> dict[int, str]:
    return {int(n): text for n, text in _LINE.findall(question.messages[-1].content)}


def holding(value: str, lines: dict[int, str]) -> list[int]:
    """Return the numbers of lines that hold a value: one that has it, else neighbours that have all its words."""
    number = re.fullmatch(r"-?\d+(?:\.\d+)?", value)
    known: Any = float(value) if number else value
    for n, text in lines.items():
        if stands(known, text, folded(text)) and folded(value):
            return [n]
    wanted = {folded(w) for w in value.split()} - {""}
    numbers = sorted(lines)
    for i in range(len(numbers)):
        near = numbers[i : i + NEIGHBOURS]
        if wanted and wanted <= {folded(w) for n in near for w in lines[n].split()}:
            return near
    return []


def nothing(schema: dict[str, Any]) -> Any:
    """Return the emptiest answer that a schema allows."""
    options = schema.get("anyOf") or schema.get("oneOf")
    kind = schema.get("type")
    if options:
        return None if any(o.get("type") == "null" for o in options) else nothing(options[0])
    if isinstance(kind, list):
        return None if "null" in kind else nothing({**schema, "type": kind[0]})
    if kind == "object":
        return {k: nothing(v) for k, v in (schema.get("properties") or {}).items() if k in schema.get("required", ())}
    if "enum" in schema:
        return schema["enum"][-1]
    return {"array": [], "string": "", "integer": 0, "number": 0, "boolean": False}.get(str(kind))
