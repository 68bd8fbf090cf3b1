"""llama.cpp inside this process, loaded once."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from thresher.schemas.errors import SetupProblem

PROMPT_CACHE = 64  # MiB of finished prompts kept outside the slots; llama.cpp's own default is 8 GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a running model is made of."""

    weights: Path
    window: int = 4096  # tokens of prompt and answer together, for each slot
    threads: int = 2
    slots: int = 1  # questions answered at once
    chat_template: str | None = None
    lora: Path | None = None


class Engine:
    """A loaded model. Its methods block: call them from a thread."""

    def __init__(self, setup: Setup) -> None:
        """Load the weights (0.3 to 3 seconds). Waiting threads sleep instead of spinning: on a busy machine that is
        33 to 40 tokens a second instead of 1.4 to 4. Raises SetupProblem(extra_missing).
        """  # noqa: D205 - one thought
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        try:
            import xllamacpp  # noqa: PLC0415 - loads llama.cpp, and reads OMP_WAIT_POLICY
        except ImportError as error:
            raise SetupProblem(
                "extra_missing", f"xllamacpp ({error}); where libgomp is missing: apt install libgomp1"
            ) from error

        self.setup = setup
        self._server = xllamacpp.Server(_parameters(xllamacpp, setup))

    def chat(self, body: dict[str, Any], stop: threading.Event | None = None) -> dict[str, Any]:
        """A chat-completions response, or `{"error": {...}}`; `body` is an OpenAI request, plus `grammar` (GBNF).

        Setting `stop` ends it within a token (or within the reading of the prompt), with what there is by then.
        """
        chunks: list[dict[str, Any]] = []

        def take(chunk: dict[str, Any]) -> bool:
            chunks.append(chunk)
            return stop is not None and stop.is_set()

        streamed = {**body, "stream": True, "stream_options": {"include_usage": True}}
        failed = self._server.handle_chat_completions(streamed, take)
        return whole([failed] if failed else chunks)

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """A text completion with llama.cpp's own parameters: `prompt`, `n_predict`, `n_probs`, `grammar`, ..."""
        response: dict[str, Any] = self._server.handle_completions(body)
        return response

    @property
    def address(self) -> str:
        """Where the model also listens, on loopback: `/tokenize` and the like."""
        return str(self._server.listening_address)


def whole(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """The response that the chunks of a stream make up.

    >>> said = [{"choices": [{"delta": {"content": c}}]} for c in "ab"]
    >>> whole([*said, {"choices": [{"delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": {"n": 1}}])
    {'choices': [{'index': 0, 'message': {'role': 'assistant', 'content': 'ab'}, 'finish_reason': 'stop'}], 'usage': {'n': 1}}
    """
    for chunk in chunks:
        if "error" in chunk:
            return {"error": chunk["error"]}
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
    text = "".join(choice.get("delta", {}).get("content") or "" for choice in choices)
    finish = next((c["finish_reason"] for c in reversed(choices) if c.get("finish_reason")), None)
    usage: dict[str, Any] = next((chunk["usage"] for chunk in reversed(chunks) if chunk.get("usage")), {})
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}


def _parameters(xllamacpp: Any, setup: Setup) -> Any:
    """llama.cpp's parameters for a Setup."""
    p = xllamacpp.CommonParams()
    p.model.path = str(setup.weights)
    p.n_parallel = setup.slots
    p.n_ctx = setup.window * setup.slots
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = setup.threads
    p.cache_ram_mib = PROMPT_CACHE
    p.verbosity = 0
    if setup.chat_template is not None:
        p.chat_template = setup.chat_template
    if setup.lora is not None:
        adapter = xllamacpp.CommonAdapterLoraInfo()
        adapter.path, adapter.scale = str(setup.lora), 1.0
        p.lora_adapters = [adapter]
    return p


_loading = threading.Lock()


def engine(setup: Setup) -> Engine:
    """The one Engine of this process for a Setup, loaded at the first call. Blocks."""
    with _loading:
        return _engine(setup)


_engine = cache(Engine)
