"""The simulated reader: a model that reads perfectly what a prompt shows, and fails in known ways.

It sees nothing but the request. What it can read are the layouts of `tests.simulation.generator`; which layout, which records and
which faults a bench has chosen it is not told.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.simulation.reader.damage import damaged, malformed
from tests.simulation.reader.faults import PERFECT, Draw, Faults, prompt_hash
from tests.simulation.reader.fill import extractions, filled, kind_asked
from tests.simulation.reader.frames import Frame, Messages, framed, text_of
from tests.simulation.reader.read import Seen, kind_of, read, records_in
from tests.simulation.reader.tokens import Prefixes, cut, ids

FIRST, EACH = 0.2, 0.002  # seconds of latency: of any answer, of each token of one
MOST = 128_000  # tokens of an answer where nobody says less
ROUND_MESSAGE = 4  # tokens that a provider adds to each message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request, whatever its wire format."""

    messages: Messages
    schema: dict[str, Any] | None = None  # asked by the wire
    most: int | None = None  # tokens of the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer, or a refusal to give one."""

    text: str = ""
    finish: str = "stop"  # or "length"
    status: int = 200
    retry_after: float | None = None
    error: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0  # that the answer takes


class Reader:
    """One model. The same asks in the same order are answered the same."""

    def __init__(self, faults: Faults = PERFECT, seed: int = 0, speed: float = 1.0) -> None:
        """`speed` divides every wait."""
        self.faults, self.seed, self.speed = faults, seed, speed
        self.asked: Counter[str] = Counter()
        self.calls, self.cpu = 0, 0.0  # answers and failures; seconds that the reader itself took
        self.prompt_tokens = self.answer_tokens = self.cached_tokens = 0
        self.caching = True  # of prefixes: what an answer is said to cost then depends on what was asked before
        self._prefixes = Prefixes()

    def answer(self, ask: Ask) -> Said:
        """What is said to a request."""
        began = time.process_time()
        said = self._answer(ask)
        self.cpu += time.process_time() - began
        self.calls += 1
        self.prompt_tokens += said.prompt_tokens
        self.answer_tokens += said.answer_tokens
        self.cached_tokens += said.cached_tokens
        return said

    def _answer(self, ask: Ask) -> Said:
        whole = "\n".join(text_of(m) for m in ask.messages)
        asked = whole + (json.dumps(ask.schema, ensure_ascii=False) if ask.schema else "")
        name = prompt_hash(asked)
        draw = Draw(self.seed, name, self.asked[name])
        self.asked[name] += 1
        if (failure := self._failure(draw)) is not None:
            return failure
        tokens = ids(asked)
        prompt = len(tokens) + ROUND_MESSAGE * len(ask.messages)
        most = min(ask.most or MOST, self.faults.cap or MOST)
        if self.faults.window and prompt > self.faults.window:
            error = f"This model's maximum context length is {self.faults.window} tokens, your prompt has {prompt}."
            return Said(status=400, error=error)
        text, told, short = cut(self._text(ask, draw), most)
        wait = (FIRST + EACH * told + self._stall(draw)) / self.speed
        return Said(
            text=text,
            finish="length" if short else "stop",
            prompt_tokens=prompt,
            cached_tokens=self._prefixes.cached(tokens) if self.caching else 0,
            answer_tokens=told,
            seconds=wait,
        )

    def _failure(self, draw: Draw) -> Said | None:
        if draw.hits("busy", self.faults.busy):
            wait = self.faults.retry_after / self.speed
            return Said(status=429, error="Rate limit reached for requests", retry_after=wait)
        if draw.hits("broken", self.faults.broken):
            return Said(
                status=500, error="The server had an error while processing your request", seconds=0.05 / self.speed
            )
        return None

    def _stall(self, draw: Draw) -> float:
        return self.faults.stall if draw.hits("stalled", self.faults.stalled) else 0.0

    def _text(self, ask: Ask, draw: Draw) -> str:
        """The JSON of an answer, faults and all."""
        frame = framed(ask.messages)
        schema = ask.schema or frame.schema
        kind = kind_asked(schema) or kind_of(frame.text)
        seen = read(frame.text, kind, frame.context)
        beside = records_in(frame.context, kind) if self.faults.neighbours and frame.context else []
        records = damaged(seen.records, beside, self.faults, draw)
        text = _json(_shaped(frame, schema, seen, records))
        return malformed(text, draw.of("malformation")) if draw.hits("malformed", self.faults.malformed) else text


def _shaped(frame: Frame, schema: dict[str, Any] | None, seen: Seen, records: list[Any]) -> Any:
    if frame.extractions:
        return extractions(frame.extractions, seen, records)
    answer = filled(schema, seen, records)
    if frame.numbered and isinstance(answer, dict):
        known = {line for record in seen.records for line in record.lines}
        answer["no_record"] = [n for n, line in frame.numbered.items() if line not in known]
    return answer


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
