"""CutPromptGuard: refuse an answer whose prompt did not reach the model whole.

Ollama and other local servers cut a prompt that exceeds their context window, and say nothing. Their counts show it:
a prompt that was cut has fewer tokens than this server showed on shorter prompts of the same script, or just as many as a
window has. Then the same prompt is sent once more with some words added at the end, for its count alone and without room for
an answer: a server that then counts no more tokens than before has cut both, whatever its tokenizer. A server that has counted so many tokens of any prompt has a
window of that size at least: a prompt of which it counts fewer was not cut, and nothing is sent again for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from thresher.schemas.errors import ModelProblem
from thresher.schemas.question import Question
from thresher.service.llm.response_parsing import tokens_of
from thresher.service.llm.transport import Answer, Call, Transport

MIN_WINDOW_TOKENS = 1_500  # tokens, by our own count: no server's window is smaller
USUAL_COUNT_RATIO = 0.85  # of our own count: what servers count at least, until it is known what this one counts
CUT_COUNT_RATIO = 0.95  # of the tokens that are to be expected: with fewer the prompt may have been cut
WINDOW_STEP_TOKENS = 512  # windows are multiples of it
MIN_GROWTH_RATIO = 0.3  # of the words put behind, in our own tokens, that a server counts at least
NON_ASCII_SHARE_STEPS = 5  # steps of the share of characters that are not ASCII: prompts of one step compare
PROBE_ANSWER_TOKENS = 16  # the most that the answer to a longer prompt may take: nobody reads it
PROBE_SUFFIX = "\n" + " ".join(f"(end {n})" for n in range(60))  # some 300 tokens


class CutPromptGuard:
    """A Transport that returns no answer to a prompt that its server has cut."""

    def __init__(self, wire: Transport, count: Callable[[str], int]) -> None:
        """Wrap a Transport; `count` gives the tokens of a text by Thresher's own count."""
        self._wire = wire
        self._count = count
        self._ratio: dict[int, float] = {}  # by script: the least ratio seen on whole prompts
        self._holds = 0  # tokens that the server is known to have taken whole
        self._turn = asyncio.Lock()  # one prompt is in doubt at a time: what is learned from it settles the others

    async def send(self, call: Call) -> Answer:
        """Return the answer. Raises ModelProblem(prompt_cut) too."""
        answer = await self._wire.send(call)
        counted, _, _ = tokens_of(answer.response)
        text = "".join(m.content for m in call.question.messages)
        own = self._count(text)
        if not counted or own < MIN_WINDOW_TOKENS or any(m.images for m in call.question.messages):
            return answer
        if self._is_doubtful(text, counted, own):
            async with self._turn:
                if self._is_doubtful(text, counted, own):
                    await self._settle(call, counted, own)
        self._note(text, counted / own, counted)
        return answer

    def _is_doubtful(self, text: str, counted: int, own: int) -> bool:
        """Whether a prompt may have been cut."""
        if counted <= self._holds:
            return False
        ratio = self._ratio.get(_script(text), USUAL_COUNT_RATIO)
        return (
            counted < CUT_COUNT_RATIO * ratio * own
            or min(counted % WINDOW_STEP_TOKENS, -counted % WINDOW_STEP_TOKENS) <= 1
        )

    async def _settle(self, call: Call, counted: int, own: int) -> None:
        """Send a longer prompt. Raises ModelProblem(prompt_cut) where the server counts no more of it."""
        longer = replace(call, key=f"{call.key}-longer", question=_longer(call.question))
        more, _, _ = tokens_of((await self._wire.send(longer)).response)
        if more - counted < MIN_GROWTH_RATIO * self._count(PROBE_SUFFIX):
            detail = f"{call.model}: the server counted {counted:,} tokens of a prompt of about {own:,}"
            raise ModelProblem("prompt_cut", detail)
        self._holds = max(self._holds, more)

    def _note(self, text: str, ratio: float, counted: int) -> None:
        script = _script(text)
        self._ratio[script] = min(self._ratio.get(script, ratio), ratio)
        self._holds = max(self._holds, counted)


def _longer(question: Question) -> Question:
    """Return the question with some words behind it, and hardly any room for an answer."""
    *before, last = question.messages
    longer = (*before, replace(last, content=last.content + PROBE_SUFFIX))
    return replace(question, messages=longer, answer_tokens=min(question.answer_tokens, PROBE_ANSWER_TOKENS))


def _script(text: str) -> int:
    """Return a step of the share of characters that are not ASCII.

    >>> _script("Total due"), _script("合計金額")
    (0, 5)
    """
    non_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return round(NON_ASCII_SHARE_STEPS * non_ascii / max(len(text), 1))
