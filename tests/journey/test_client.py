"""The typed client against a real service."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.client import Client, ServiceProblem
from tests.journey.serving import SCHEMA, order, served


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
            assert [(r.draft or {})["number"] for r in results] == ["PO-1", "PO-2"]
            assert results[0].evidence[0].quote
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
