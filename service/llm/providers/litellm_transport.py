"""Any hosted model, and any local server, through litellm."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from thresher.schemas.errors import ModelProblem
from thresher.schemas.question import Question
from thresher.service.llm.model_catalog import OLLAMA, needs_cache_marks, provider_of
from thresher.service.llm.providers import instructor_forms
from thresher.service.llm.providers.bounded_body import bounded
from thresher.service.llm.providers.litellm_errors import about_key, problem_of, translated
from thresher.service.llm.providers.remote import Remote, turn
from thresher.service.llm.reachability import check_reachable
from thresher.service.llm.transport import Answer, Call, TransientError

if TYPE_CHECKING:
    import httpx

ASKS_THE_NETWORK = ("LITELLM_LOCAL_MODEL_COST_MAP", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS")  # for lists that it brings
_importing = threading.Lock()  # two threads that import it at once would see halves of it
OLLAMA_ADDRESS = (
    "http://localhost:11434"  # where litellm looks for Ollama if its own variable OLLAMA_API_BASE names no other
)
OWN_HANDLERS = ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router")  # loggers to which litellm gives handlers of its own


Speak = Callable[[Any, Remote, Question, dict[str, Any]], Awaitable[dict[str, Any]]]
"""With litellm, to a Remote, of a Question, with arguments for litellm's client: the response, as chat completions are."""


_CONNECTED: WeakSet[LitellmTransport] = WeakSet()  # those that may hold some of litellm's connections


class LitellmTransport:
    """Sends Calls to a Remote. litellm is imported at the first of them."""

    def __init__(
        self, remote: Remote, transport: httpx.AsyncBaseTransport | None = None, speak: Speak | None = None
    ) -> None:
        """Take the Remote; nothing is imported and nothing is asked yet.

        `transport`: where requests go instead; `speak`: how it is spoken to, where not in chat.
        """
        self._remote = remote
        self._speak = speak or completion
        self._litellm: Any = None
        self._transport = transport
        self._client: Any = None  # litellm's, over the transport
        self._knocking = asyncio.Lock()
        self._address = address_of(remote)
        self._is_there = self._address is None or transport is not None  # nothing that a knock could tell

    async def send(self, call: Call) -> Answer:
        """Send a Call through litellm. Raises SetupProblem(key_missing, key_rejected, model_unknown, model_unreachable) too."""
        await self._reached()
        litellm = self._litellm or await asyncio.to_thread(ready, self._remote.model)
        self._litellm = litellm
        _CONNECTED.add(self)
        unwatched(litellm)
        client = {**await self._through(), **window_of(self._remote, call.window)}
        call.sent.set()
        try:
            async with asyncio.timeout(self._remote.timeout):
                whole = await self._speak(litellm, self._remote, call.question, client)
        except TimeoutError as error:
            raise problem_of("timeout", self._remote.model, "no answer in time") from error
        except Exception as error:
            raise translated(error, self._remote.model, self._missing(litellm, error)) from error
        if not whole.get("choices"):
            raise TransientError(ModelProblem("model_unavailable", f"{self._remote.model}: an answer without choices"))
        return Answer(response=whole)

    async def _reached(self) -> None:
        """Knock at the address until it was there once."""
        async with self._knocking:
            if not self._is_there:
                await check_reachable(self._address or "")
                self._is_there = True

    async def aclose(self) -> None:
        """Close litellm's connections with the last model of the process that used them; a later call opens new ones."""
        _CONNECTED.discard(self)
        if self._litellm is not None and not _CONNECTED:
            await self._litellm.close_litellm_async_clients()
            self._litellm.in_memory_llm_clients_cache.flush_cache()

    async def _through(self) -> dict[str, Any]:
        """The argument that sends a call over a transport of one's own."""
        if self._transport is None:
            return {}
        if self._client is None:
            import httpx  # noqa: PLC0415 - only for batches
            from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler  # noqa: PLC0415 - 2 to 3 seconds

            self._client = AsyncHTTPHandler()
            await self._client.client.aclose()
            self._client.client = httpx.AsyncClient(transport=self._transport)
        return {"client": self._client}

    def _missing(self, litellm: Any, error: Exception) -> tuple[str, ...]:
        """Names of the settings that litellm wants for this model, where a failure is for want of a key."""
        if self._remote.api_key is not None or not about_key(error):
            return ()
        return unset(litellm, self._remote.model)


async def completion(litellm: Any, remote: Remote, question: Question, client: dict[str, Any]) -> dict[str, Any]:
    """A chat completion as plain JSON."""
    response = await litellm.acompletion(**body(remote, question), **client)
    whole: dict[str, Any] = response.model_dump(mode="json", exclude_none=True, warnings=False)
    return whole


def body(remote: Remote, question: Question) -> dict[str, Any]:
    """The arguments of `litellm.acompletion`; all retries but ours are off."""
    messages = [turn(m) for m in question.messages]
    if needs_cache_marks(remote.model):
        messages = marked(messages)
    return {
        "messages": messages,
        **instructor_forms.request(remote.mode, question),
        "model": remote.model,
        "max_tokens": question.answer_tokens,
        "temperature": question.temperature,
        "timeout": remote.timeout,
        "num_retries": 0,
        "max_retries": 0,
        "drop_params": True,
        "_skip_mcp_handler": True,  # or any tool makes litellm import `mcp`, which its base install lacks
        **({"api_base": remote.api_base} if remote.api_base else {}),
        **({"api_key": remote.api_key} if remote.api_key else {}),
        **remote.options,
    }


def address_of(remote: Remote) -> str | None:
    """Return where a server is that may not be running; None for a provider of litellm's table."""
    if remote.api_base is None and provider_of(remote.model) in OLLAMA:
        return os.environ.get("OLLAMA_API_BASE") or OLLAMA_ADDRESS
    return remote.api_base


def window_of(remote: Remote, window: int) -> dict[str, Any]:
    """Return the argument that makes Ollama's window as large as the plan needs it: else it cuts prompts in silence."""
    is_ollama = provider_of(remote.model) in OLLAMA and "num_ctx" not in remote.options
    return {"num_ctx": window} if window and is_ollama else {}


def marked(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages, with the instructions marked as worth caching: they come first and are the same for every Chunk.

    A provider counts what it sends before them, such as the asked schema, to the marked prefix.
    """
    first, *rest = messages
    if not rest or not isinstance(first["content"], str):
        return messages
    shared = {"type": "text", "text": first["content"], "cache_control": {"type": "ephemeral"}}
    return [{**first, "content": [shared]}, *rest]


def ready(model: str) -> Any:
    """litellm, quiet, offline for its prices, and told of a model it has no prices for. Blocks for 2 to 3 seconds once."""
    with _importing:
        litellm = _litellm()
        _introduce(model)
        instructor_forms.parts()
    return litellm


def unset(litellm: Any, model: str) -> tuple[str, ...]:
    """Names of the variables that litellm knows a model's key by, where none is set."""
    return tuple(litellm.validate_environment(model)["missing_keys"])


def unwatched(litellm: Any) -> None:
    """Spare the calls of this task litellm's own log of successes and failures: a sixth of its time, and ours is kept."""
    context = getattr(litellm, "_internal_context", None)
    if context is not None:
        context.is_internal_call.set(True)


@cache
def _litellm() -> Any:
    for name in ASKS_THE_NETWORK:
        os.environ[name] = "True"
    import litellm  # noqa: PLC0415 - 2 to 3 seconds

    for name in OWN_HANDLERS:
        logging.getLogger(name).handlers.clear()  # they would print whole prompts; what passes goes to our own
    from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport  # noqa: PLC0415 - as above

    LiteLLMAiohttpTransport.handle_async_request = bounded(LiteLLMAiohttpTransport.handle_async_request)  # type: ignore[method-assign, assignment]
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.callbacks, litellm.success_callback, litellm.failure_callback = [], [], []
    return litellm


@cache
def _introduce(model: str) -> None:
    """Register a model that litellm has never heard of: else it looks for its price seven times a call."""
    litellm = _litellm()
    try:
        litellm.get_model_info(model)
    except Exception:  # noqa: BLE001 - it raises a bare Exception for a model it does not know
        unpriced = {"cache_creation_input_token_cost": 0.0, "cache_read_input_token_cost": 0.0}
        unpriced |= {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
        litellm.register_model({model: {"litellm_provider": model.partition("/")[0], "mode": "chat", **unpriced}})
