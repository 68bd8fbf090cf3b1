"""Chat over OpenAI's protocol by httpx: OpenAI itself, and any server that speaks as it does.

Requests and errors are those that litellm would make of the same Question (tests/contract/test_openai_transport.py
compares them over its whole table); litellm's import alone takes longer than most first answers. See decision 0083.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from typing import TYPE_CHECKING, Any

from thresher.schemas.errors import ModelProblem, SetupProblem
from thresher.schemas.question import Question
from thresher.service.llm.model_catalog import catalog_row, provider_of
from thresher.service.llm.providers.bounded_body import ACCEPTED, bounded_pieces
from thresher.service.llm.providers.litellm_errors import Kind, problem_of
from thresher.service.llm.providers.remote import Remote, turn
from thresher.service.llm.reachability import check_reachable
from thresher.service.llm.response_parsing import is_readable
from thresher.service.llm.structured_output import schema_request
from thresher.service.llm.transport import Answer, Call, TransientError

if TYPE_CHECKING:
    import httpx

ADDRESS = "https://api.openai.com/v1"
KEY = "OPENAI_API_KEY"
HEADERS = {  # of OpenAI's own client, by the variable that sets each
    "OPENAI_ORG_ID": "OpenAI-Organization",
    "OPENAI_ORGANIZATION": "OpenAI-Organization",
    "OPENAI_PROJECT_ID": "OpenAI-Project",
}
ERROR_BYTES = 1 << 16  # of a failed response, that are read for what it means
CONNECTIONS = 100  # that are kept open between calls; how many are in flight is the limiter's business

_REASONING = re.compile(r"(?:o\d|gpt-[5-9])")  # models whose limit counts what they think, and that take no temperature
_OTHERS = re.compile(
    r"search|audio|gpt-3\.5-turbo-16k"
)  # models that lack arguments which the rest take: litellm knows

STATUS: dict[int, Kind] = {
    400: "question_rejected",
    401: "key",
    403: "key",
    404: "model_unknown",
    408: "timeout",
    422: "question_rejected",
    504: "timeout",
}
"""What a status means where the words say nothing else; any other is a fault that may pass."""

_TOO_LONG = re.compile(
    r"exceed context limit|this model's maximum context length is|string too long. expected a string with maximum length"
    r"|model's maximum context limit|is longer than the model's context length|input tokens exceed the configured limit"
    r"|`inputs` tokens \+ `max_new_tokens` must be|exceeds the available context size|context_length_exceeded"
    r"|exceeds the maximum number of tokens allowed|current length is.*while limit is|maximum input length is.*tokens",
    re.IGNORECASE | re.DOTALL,
)
_NO_LENGTH = re.compile(r"string_above_max_length|invalid 'user'.*string too long", re.IGNORECASE | re.DOTALL)
_BUSY = re.compile(r"rate[\s_-]*limit|request too large", re.IGNORECASE)
_REFUSED = re.compile(
    r"content_policy_violation|invalid prompt.*violating our usage policy"
    r"|request was rejected as a result of the safety system",
    re.IGNORECASE | re.DOTALL,
)


class OpenAiTransport:
    """Sends Calls to a Remote that speaks OpenAI's protocol. httpx is imported at the first of them."""

    def __init__(self, remote: Remote, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Take the Remote; nothing is imported and nothing is asked yet. `transport`: where requests go instead."""
        self._remote = remote
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._lock = asyncio.Lock()
        self._is_there = remote.api_base is None or transport is not None  # no connection could tell

    async def send(self, call: Call) -> Answer:
        """Send a Call over OpenAI's protocol. Raises SetupProblem(key_missing, key_rejected, model_unknown, model_unreachable) too."""
        import httpx  # noqa: PLC0415 - only for hosted models

        headers = headers_of(self._remote)
        client = await self._ready()
        call.sent.set()
        try:
            async with (
                asyncio.timeout(self._remote.timeout),
                client.stream(
                    "POST", address_of(self._remote), json=body(self._remote, call.question), headers=headers
                ) as response,
            ):
                said = b"".join([piece async for piece in bounded_pieces(response)])
        except (httpx.TimeoutException, TimeoutError) as error:
            raise problem_of("timeout", self._remote.model, "no answer in time") from error
        except httpx.HTTPError as error:
            raise problem_of("passing", self._remote.model, str(error) or type(error).__name__) from error
        return Answer(response=self._read(response, said, call.question))

    def _read(self, response: httpx.Response, said: bytes, question: Question) -> dict[str, Any]:
        """Return a chat completion. Raises a Problem, or TransientError, for anything else."""
        if response.status_code != 200:
            text = said[:ERROR_BYTES].decode("utf-8", "replace")
            kind = kind_of(response.status_code, text)
            raise problem_of(kind, self._remote.model, text or response.reason_phrase, response.headers)
        try:
            whole = json.loads(said)
        except (ValueError, RecursionError):
            whole = None
        if not isinstance(whole, dict) or not whole.get("choices") or not is_readable(whole, question):
            raise TransientError(ModelProblem("model_unavailable", f"{self._remote.model}: an answer without choices"))
        return whole

    async def _ready(self) -> httpx.AsyncClient:
        """Return the client; it is made once, after the address was there once."""
        async with self._lock:
            if not self._is_there:
                await check_reachable(self._remote.api_base or "")
                self._is_there = True
            if self._client is None:
                self._client = await asyncio.to_thread(self._made)
        return self._client

    def _made(self) -> httpx.AsyncClient:
        """Return a client. Blocks for some tenths of a second where certificates are loaded."""
        import httpx  # noqa: PLC0415 - only for hosted models

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=CONNECTIONS)
        return httpx.AsyncClient(
            transport=self._transport,
            timeout=self._remote.timeout,
            limits=limits,
            headers={"Accept-Encoding": ACCEPTED},
        )

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def speaks_openai(model: str) -> bool:
    """Whether a model, as litellm names it, is chatted with over OpenAI's protocol, by its name or by its row.

    >>> speaks_openai("openai/gpt-4o-mini"), speaks_openai("gpt-4o-mini"), speaks_openai("openai/my-own-model")
    (True, True, True)
    >>> speaks_openai("anthropic/claude-sonnet-4-5"), speaks_openai("openai/o1-pro"), speaks_openai("openai/responses/x")
    (False, False, False)
    """
    name, row = _bare(model), catalog_row(model)
    is_chat = row.get("mode", "chat") == "chat" and row.get("supports_system_messages", True)
    return bool(provider_of(model) == "openai" and is_chat and "/" not in name and not _OTHERS.search(name))


def address_of(remote: Remote) -> str:
    """Return the URL that chat completions are asked at."""
    known = (remote.api_base, os.environ.get("OPENAI_BASE_URL"), os.environ.get("OPENAI_API_BASE"), ADDRESS)
    return next(address for address in known if address).rstrip("/") + "/chat/completions"


def headers_of(remote: Remote) -> dict[str, str]:
    """Return the headers of a request; a server of one's own may need no key. Raises SetupProblem(key_missing)."""
    key = remote.api_key or os.environ.get(KEY)
    if not key and not remote.api_base:
        raise SetupProblem("key_missing", f"{remote.model}: set {KEY}")
    own = {header: os.environ[name] for name, header in HEADERS.items() if os.environ.get(name)}
    known = {"Authorization": f"Bearer {key}"} if key else {}
    return {**known, **own, **remote.options.get("extra_headers", {})}


def body(remote: Remote, question: Question) -> dict[str, Any]:
    """Return the body of a request: OpenAI's own names, with the user's options last."""
    name, options = _bare(remote.model), dict(remote.options)
    options.pop("extra_headers", None)
    more = options.pop("extra_body", {})
    asked = {
        "model": name,
        "messages": [turn(m) for m in question.messages],
        **schema_request(remote.mode, question),
        **limits_of(remote.model, question, options.get("reasoning_effort")),
    }
    return {**asked, **options, **more}


def limits_of(model: str, question: Question, effort: Any) -> dict[str, Any]:
    """Return the longest answer and the temperature, under the names and as far as a model takes them.

    A reasoning model takes a temperature only where it does not reason: by its `effort`, or else by what its row says.
    """
    if not _REASONING.match(_bare(model)) or _bare(model).startswith("gpt-5-chat"):
        return {"max_tokens": question.answer_tokens, "temperature": question.temperature}
    row = catalog_row(model)
    thinks = (effort or row.get("default_reasoning_effort")) != "none" or not row.get("supports_none_reasoning_effort")
    warm = {} if thinks and question.temperature != 1 else {"temperature": question.temperature}
    return {"max_completion_tokens": question.answer_tokens, **warm}


def kind_of(status: int, text: str) -> Kind:
    """Return what a failed response means, by its words and else by its status.

    >>> kind_of(429, ""), kind_of(400, "This model's maximum context length is 10 tokens"), kind_of(503, "")
    ('passing', 'overflow', 'passing')
    """
    if status == 429 or (_BUSY.search(text) and status not in (401, 403)):
        return "passing"
    if _TOO_LONG.search(text) and not _NO_LENGTH.search(text):
        return "overflow"
    if "model_not_found" in text:
        return "model_unknown"
    if _REFUSED.search(text):
        return "model_refused"
    return STATUS.get(status, "passing")


def _bare(model: str) -> str:
    """Return a model's name without its provider."""
    return model.removeprefix("openai/")
