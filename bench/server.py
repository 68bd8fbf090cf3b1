"""A tiny OpenAI-compatible HTTP server on loopback, for tests and benches: it answers what its script says.

python -m bench.server --port 8123 --latency 0.2
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.loopback import Answer, Loopback, Request


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


class Server(Loopback):
    """`async with Server(script) as server: ... server.base`. Keeps every request body in `requests`."""

    def __init__(self, script: Script, port: int = 0) -> None:
        """`port` 0: any free one."""
        super().__init__(port)
        self._script = script

    async def answer(self, request: Request) -> Answer:
        """What the script says, whatever the path."""
        asked = dict(json.loads(request.body))
        self.requests.append(asked)
        said = self._script(asked)
        await asyncio.sleep(said.seconds)
        body = _completion(asked, said) if said.status == 200 else {"error": said.error or {}}
        return Answer(body=body, status=said.status, headers=said.headers)


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
