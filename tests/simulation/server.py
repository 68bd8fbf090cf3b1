"""A tiny OpenAI-compatible HTTP server on loopback, for tests and benches: it answers what its script says.

python -m tests.simulation.server --port 8123 --latency 0.2
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tests.simulation.loopback import Answer, Loopback, Request


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


async def _main(port: int, latency: float, module: str | None) -> None:
    answer = import_module(module).answer if module else None

    def script(request: dict[str, Any]) -> Said:
        content = json.dumps(answer(json.dumps(request["messages"]))) if answer else '{"total": "12.50"}'
        return Said(content=content, seconds=latency)

    async with Server(script, port) as server:
        print(server.base, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--answers", help="module whose answer(text of the messages) is the reply")
    asked = parser.parse_args()
    asyncio.run(_main(asked.port, asked.latency, asked.answers))
