"""What asking costs beyond the model's own time: 2,000 one-chunk questions, each waited on for 200 ms, 16 in flight.

    python -m bench.engine [--calls 2000] [--latency 0.2]

Prints wall time over the ideal, and CPU milliseconds a call in this process, for the scripted model and for litellm and
instructor against a loopback server; then, in the same run, litellm alone and httpx with the same requests.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from thresher.schemas.policy import Prices
from thresher.service.llm.base import Message, Question
from thresher.service.llm.model_catalog import facts_of
from thresher.service.llm.prices import FREE, Budget, Tariff
from thresher.service.llm.providers.litellm_transport import LitellmWire, body, ready
from thresher.service.llm.providers.remote import Remote
from thresher.service.llm.providers.scripted import FACTS, ScriptedWire
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.stack import Endpoint, SharedServices, stacked
from thresher.service.storage.answers.sqlite import SqliteStore

IN_FLIGHT = 16
MAIL = (
    "From: a@example.org\nSubject: Order {0}\n\nDear all,\n\nplease find order {0} attached.\n"
    + "Kind regards, A. " * 60
)
FIELDS = {
    name: {"type": ["string", "null"], "description": f"The {name} of the mail."} for name in ("total", "date", "from")
}
SCHEMA = {"type": "object", "properties": FIELDS, "required": list(FIELDS), "additionalProperties": False}
ANSWER = '{"total": "12.50", "date": null, "from": "a@example.org"}'
One = Callable[[Question], Awaitable[object]]


def question(number: int) -> Question:
    """One mail's question."""
    messages = (
        Message(role="system", content="Find the fields in the mail. " * 20),
        Message(role="user", content=MAIL.format(number)),
    )
    return Question(prompt="bench.v1", fingerprint="0", messages=messages, schema=SCHEMA, answer_tokens=500)


async def measure(name: str, one: One, calls: int, latency: float) -> None:
    """Ask all questions and print one row."""
    places = asyncio.Semaphore(IN_FLIGHT)

    async def asked(number: int) -> None:
        async with places:
            await one(question(number))

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(asked, range(calls)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    ideal = calls * latency / IN_FLIGHT
    print(f"{name:36} {calls:6} {ideal:7.1f} {wall:7.1f} {wall / ideal:7.3f} {cpu / calls * 1000:9.2f}", flush=True)


async def with_store(end: Endpoint, name: str, calls: int, latency: float) -> None:
    """Measure a Model with every wrapper over a fresh store, then the same again from the store."""
    with tempfile.TemporaryDirectory() as folder:
        store = await SqliteStore.open(Path(folder) / "run.sqlite")
        model = stacked(end, ProviderLimiter(IN_FLIGHT), SharedServices(records=store, budget=Budget(1_000.0)))
        await model.ask(question(-1))
        await measure(name, model.ask, calls, latency)
        await measure(f"{name}, stored", model.ask, calls, latency)
        await model.aclose()
        await store.aclose()


@contextmanager
def server(latency: float) -> Iterator[str]:
    """A server in its own process; gives its base address."""
    command = [sys.executable, "-m", "bench.server", "--latency", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def main(calls: int, latency: float) -> None:
    """Print the table."""
    print(f"{'':36} {'calls':>6} {'ideal s':>7} {'wall s':>7} {'ratio':>7} {'CPU ms/call':>11}")
    wire = ScriptedWire(lambda _: ANSWER, latency)
    await with_store(
        Endpoint(name="scripted", wire=wire, identity="s", facts=FACTS, tariff=FREE), "scripted", calls, latency
    )
    with server(latency) as base:
        remote = Remote(model="openai/gpt-4o-mini", api_base=base, api_key="none")
        tariff = Tariff.of(Prices(prompt=0.15, answer=0.6))
        end = Endpoint(
            name=remote.model,
            wire=LitellmWire(remote),
            identity=remote.identity,
            facts=facts_of(remote.model),
            tariff=tariff,
    
        )
        await with_store(end, "litellm + instructor + ours", calls, latency)
        litellm = ready(remote.model)

        async def alone(asked: Question) -> object:
            return await litellm.acompletion(**body(remote, asked))

        await measure("litellm alone, by its own handler", alone, calls, latency)
        os.environ[DIRECT] = "False"
        await measure("litellm alone, by OpenAI's client", alone, calls, latency)
        await litellm.close_litellm_async_clients()
        await bare(base, calls, latency, body(remote, question(0)))


async def bare(base: str, calls: int, latency: float, whole: dict[str, Any]) -> None:
    """The same requests through httpx, with nothing read but their JSON."""
    known = {k: v for k, v in whole.items() if k in {"model", "max_tokens", "temperature", "response_format"}}
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=IN_FLIGHT)) as client:

        async def posted(asked: Question) -> object:
            messages = [{"role": m.role, "content": m.content} for m in asked.messages]
            answer = await client.post(f"{base}/chat/completions", json={**known, "messages": messages})
            return answer.json()

        await measure("httpx", posted, calls, latency)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--latency", type=float, default=0.2)
    given = parser.parse_args()
    asyncio.run(main(given.calls, given.latency))
