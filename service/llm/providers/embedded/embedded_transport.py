"""The embedded model's end of the wire."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem, ModelProblem
from thresher.schemas.question import ModelFacts, Question
from thresher.service.llm.providers.embedded.engine import Engine, Setup, engine
from thresher.service.llm.providers.embedded.model_weights import KNOWN, Weights, find
from thresher.service.llm.transport import Answer, Call

SAMPLE = 1 << 20  # bytes at either end of a file that stand for it


class EmbeddedTransport:
    """Answers Calls with the model of a Setup, loaded at the first Call."""

    def __init__(self, setup: Callable[[], Setup]) -> None:
        """`setup` is called once, in a thread: it may check weights, and raise SetupProblem."""
        self._setup = setup
        self._engine: Engine | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._loading = asyncio.Lock()

    async def send(self, call: Call) -> Answer:
        """The model's answer. It costs nothing, so it may be cancelled at any time, and then stops at once.

        Raises InputProblem(context_overflow), ModelProblem, SetupProblem.
        """
        loaded, threads = await self._loaded()
        stop, loop = threading.Event(), asyncio.get_running_loop()
        try:
            response = await loop.run_in_executor(threads, loaded.chat, body(call.question), stop)
        except asyncio.CancelledError:
            stop.set()  # a thread inside llama.cpp when Python ends would crash it
            raise
        if "error" in response:
            raise problem(response["error"])
        return Answer(response=response)

    async def engine(self) -> Engine:
        """The loaded Engine, for calls below chat."""
        return (await self._loaded())[0]

    async def _loaded(self) -> tuple[Engine, ThreadPoolExecutor]:
        async with self._loading:
            if self._engine is None or self._threads is None:
                self._engine = await asyncio.to_thread(lambda: engine(self._setup()))
                self._threads = ThreadPoolExecutor(self._engine.setup.slots, thread_name_prefix="embedded")
            return self._engine, self._threads


def body(question: Question) -> dict[str, Any]:
    """A chat request for llama.cpp. Greedy unless a temperature is asked for; draws differ by their number."""
    asked: dict[str, Any] = {
        "messages": [{"role": m.role, "content": m.content} for m in question.messages],
        "max_tokens": question.answer_tokens,
        "temperature": question.temperature,
        "seed": question.sample,
        "cache_prompt": True,
    }
    if question.schema is not None:
        form = {"name": "answer", "strict": True, "schema": question.schema}
        asked["response_format"] = {"type": "json_schema", "json_schema": form}
    return asked


def problem(error: dict[str, Any]) -> InputProblem | ModelProblem:
    """llama.cpp's error as a Problem."""
    message = str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error":
        return InputProblem("context_overflow", message)
    return ModelProblem("question_rejected", message)


def known_setup(name: str, folder: Path, *, window: int = 4096, threads: int = 2, slots: int = 1) -> Setup:
    """Setup for weights that `pull` fetched. Raises SetupProblem; KeyError for an unknown name."""
    weights = KNOWN[name]
    path = find(weights, folder)
    return Setup(weights=path, chat_template=weights.chat_template, window=window, threads=threads, slots=slots)


def facts(window: int = 4096) -> ModelFacts:
    """What the planner must know of an embedded model."""
    return ModelFacts(
        window=window, most_answer=window // 2, tokenizer="smollm2", style="candidates", usd_prompt=0.0, usd_answer=0.0
    )


def identity(weights: Weights | Path) -> str:
    """What stands for the weights in the answer store's key: their content, not their place."""
    if isinstance(weights, Weights):
        return f"embedded:{weights.sha256}"
    size = weights.stat().st_size
    with weights.open("rb") as file:
        seen = hashlib.sha256(file.read(SAMPLE))
        file.seek(max(0, size - SAMPLE))
        seen.update(file.read(SAMPLE))
    return f"local:{size}:{seen.hexdigest()}"
