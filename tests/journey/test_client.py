"""The typed client against a real service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.journey.serving import SCHEMA, order, served
from thresher.service.client import CallFilter, Client, ServiceProblem


async def test_the_client_uploads_follows_and_fetches(tmp_path: Path) -> None:
    """Files to typed Results; events on the way; a problem with its code; a cancelled job; no key in its repr."""
    paths = [tmp_path / f"{n}.txt" for n in (1, 2)]
    for n, path in enumerate(paths, 1):
        path.write_bytes(order(n))
    with served(tmp_path) as running:
        async with Client(running.url) as client:
            await client.register("order", SCHEMA)
            job = await client.extract(paths, "order", {"stance": "recall"}, idempotency_key="one")
            seen = [e async for e in client.events(job.id)]
            assert [e.kind for e in seen if e.number] == ["submitted", "done", "done", "finished"]
            ended = await client.wait(job.id)
            results = [r async for r in client.results(ended)]
            assert [r.values["number"] for r in results] == ["PO-1", "PO-2"]
            assert results[0].evidence[0].quote
            assert [(f.name, f.results) async for f in client.files(job.id)] == [(p.name, ["complete"]) for p in paths]
            assert {e.file for e in seen if e.kind == "done"} == {p.name for p in paths}
            await client.original(job.id, 1, tmp_path / "original")
            assert (tmp_path / "original").read_bytes() == order(2)
            await client.table(job.id, tmp_path / "table.csv")
            assert "2.txt,order,complete" in (tmp_path / "table.csv").read_text()
            with pytest.raises(
                ServiceProblem, match="unsupported_type"
            ):  # a text has no pages; the drawing process says so
                await client.page(job.id, 0, 1, tmp_path / "page.png")
            again = await client.extract(paths, "order", {"stance": "recall"}, idempotency_key="one")
            assert (again.id, [j.id async for j in client.jobs()]) == (job.id, [job.id])
            assert (await client.cancel(job.id)).state == "finished"
            with pytest.raises(ServiceProblem, match="target_invalid") as caught:
                await client.extract(paths, "nothing")
            assert caught.value.status == 422
        async with Client(running.url, "thr_secret") as client:
            assert "secret" not in repr(client)
            with pytest.raises(ServiceProblem, match="key_invalid"):
                await client.job(job.id)


async def test_the_client_tells_costs_targets_and_health(tmp_path: Path, nowhere: str) -> None:
    """Calls and sums of a job, budgets, targets, the secret, metrics and health, typed, of a real service."""
    path = tmp_path / "1.txt"
    path.write_bytes(order(1))
    with served(tmp_path) as running:
        async with Client(running.url) as client:
            assert (await client.alive(), await client.ready()) == (True, True)
            made = await client.register("order", SCHEMA)
            assert (made.name, made.origin) == ("order", "registered")
            assert (await client.target("order")) == made
            assert {"order", "invoice"} <= {t.name for t in await client.targets()}
            job = await client.wait((await client.extract([path], "order", priority=3)).id)
            (call,) = [c async for c in client.calls(CallFilter(job=job.id), order="newest")]
            assert (call.job, call.unit, call.attempt.error) == (job.id, "1.txt", None)
            (sums,) = await client.sums("model", CallFilter(job=job.id))
            assert (sums.calls, sums.made, sums.failed) == (1, 1, 0)
            assert await client.budgets() == []
            assert (await client.webhook_secret()).startswith("whsec_")
            assert 'thresher_documents_total{outcome="done"} 1' in await client.metrics()
            assert [j.id async for j in client.jobs("finished")] == [job.id]
            assert [j async for j in client.jobs("cancelled")] == []
            await client.forget("order")
            with pytest.raises(ServiceProblem, match="not_found"):
                await client.target("order")
        async with Client(nowhere) as client:
            assert (await client.alive(), await client.ready()) == (False, False)


class Cutting(httpx.AsyncBaseTransport):
    """A network that cuts connections: some before the service hears, some after, and streams in their middle."""

    def __init__(self, cuts: list[str]) -> None:
        """`cuts`: "before", "after", "within" or "" for each request in turn; then none."""
        self._inner = httpx.AsyncHTTPTransport()
        self._cuts = cuts
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, cut or not."""
        cut = self._cuts.pop(0) if self._cuts else ""
        self.asked.append(request)
        if cut == "before":
            raise httpx.ConnectError("cut")
        response = await self._inner.handle_async_request(request)
        if cut == "after":
            await response.aread()
            raise httpx.ReadError("cut")
        return httpx.Response(response.status_code, headers=response.headers, stream=Cut(response)) if cut else response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class Cut(httpx.AsyncByteStream):
    """A body that breaks off after its first piece."""

    def __init__(self, response: httpx.Response) -> None:
        """Of a response."""
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The first event, and no more."""
        async for piece in self._response.stream:  # type: ignore[union-attr]
            yield piece[: piece.index(b"\n\n") + 2]
            break
        raise httpx.ReadError("cut")

    async def aclose(self) -> None:
        """Let go."""
        await self._response.aclose()


async def test_the_client_survives_cut_connections(tmp_path: Path) -> None:
    """An upload whose answer is lost makes one job; every event is told once; what can not pass is raised at once."""
    path = tmp_path / "1.txt"
    path.write_bytes(order(1))
    with served(tmp_path) as running:
        network = Cutting(["before", "after", "", "within", "before"])
        async with Client(running.url, transport=network) as client:
            job = await client.extract([path], SCHEMA)
            assert len({r.headers["idempotency-key"] for r in network.asked}) == 1
            seen = [e async for e in client.events(job.id) if e.number]
            assert [e.kind for e in seen] == ["submitted", "done", "finished"]
            assert [j.id async for j in client.jobs()] == [job.id]
            asked = len(network.asked)
            with pytest.raises(ServiceProblem, match="job_not_found"):
                await client.job("no-such-job")
            assert len(network.asked) == asked + 1
        async with Client(running.url, transport=Cutting(["before"] * 9), retries=1) as client:
            with pytest.raises(httpx.ConnectError):
                await client.job(job.id)
