"""A tiny OpenAI-compatible HTTP server on loopback, for tests and benches: it answers what its script says.

python -m bench.server --port 8123 --latency 0.2
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One HTTP answer."""

    content: str = "{}"
    status: int = 200
    finish: str = "stop"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    error: dict[str, Any] | None = None  # body of a failure
    usage: dict[str, Any] | None = None


Script = Callable[[dict[str, Any]], Said]


class Server:
    """`async with Server(script) as server: ... server.base`. Keeps every request body in `requests`."""

    def __init__(self, script: Script, port: int = 0) -> None:
        """`port` 0: any free one."""
        self._script = script
        self._port = port
        self.requests: list[dict[str, Any]] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    @property
    def base(self) -> str:
        """What to give as `api_base`."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _request(reader)) is not None:
                self.requests.append(request)
                said = self._script(request)
                await asyncio.sleep(said.seconds)
                writer.write(_response(request, said))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The JSON body of the next request on a connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return dict(json.loads(body))


def _response(request: dict[str, Any], said: Said) -> bytes:
    """The bytes of an HTTP response."""
    body = json.dumps(_completion(request, said) if said.status == 200 else {"error": said.error or {}}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **said.headers}
    lines = [f"HTTP/1.1 {said.status} OK", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def _completion(request: dict[str, Any], said: Said) -> dict[str, Any]:
    """A chat completion; a call of the tool where the request has one."""
    message: dict[str, Any] = {"role": "assistant", "content": said.content}
    if tools := request.get("tools"):
        call = {"name": tools[0]["function"]["name"], "arguments": said.content}
        message = {"role": "assistant", "content": None}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
    prompt, answer = len(json.dumps(request["messages"])) // 4, len(said.content) // 4
    usage = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
    choice = {"index": 0, "message": message, "finish_reason": said.finish}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": request["model"]}
    return {**whole, "choices": [choice], "usage": said.usage or usage}


def _orders(request: dict[str, Any]) -> str:
    """What is true of the mail that is asked about."""
    from bench.mails import answer  # noqa: PLC0415 - which imports the whole house

    return json.dumps(answer(json.dumps(request["messages"])))


async def _main(port: int, latency: float, *, orders: bool) -> None:
    def script(request: dict[str, Any]) -> Said:
        return Said(content=_orders(request) if orders else '{"total": "12.50"}', seconds=latency)

    async with Server(script, port) as server:
        print(server.base, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--orders", action="store_true", help="answer the questions of bench.mails")
    asked = parser.parse_args()
    asyncio.run(_main(asked.port, asked.latency, orders=asked.orders))
