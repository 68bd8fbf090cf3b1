"""A document whose processing kills its process is set aside; nobody else notices, and a person may try it again."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.serving import Served, order, served
from tests.journey.test_processing_apart import document
from thresher.schemas.errors import Problem
from thresher.schemas.policy import Policy
from thresher.service.backend.processing.process_pool import ProcessingPool
from thresher.service.extraction.engine import Engine, engine_of
from thresher.service.llm.providers.scripted import scripted
from thresher.service.targets.loading import load_target


@pytest.fixture
def target(tmp_path: Path) -> str:
    """A target that kills, and counts its deaths in a file beside it."""
    shutil.copy(Path(__file__).parent / "poison.py", tmp_path)
    return f"{tmp_path / 'poison.py'}:Order"


def engine(target: str, number: str) -> Engine:
    """Parts of a run whose model finds this number."""
    answer = {"number": number, "buyer": "Acme Works Ltd"}
    return engine_of(scripted(lambda _: answer), load_target(target), Policy(quotes=False, ungrounded="keep"))


@pytest.mark.parametrize("kills", [1, 2])
async def test_one_death_is_no_proof(kills: int, target: str, tmp_path: Path) -> None:
    """A process that dies once is followed by another; at the second death the document is poisoned."""
    processors = ProcessingPool()
    try:
        found = await processors.process(engine(target, "PO-6" if kills == 1 else "PO-7"), [document(1_000)])
        code: str = found.status
    except Problem as problem:
        code = problem.code
    finally:
        await processors.aclose()
    assert (code, (tmp_path / "deaths").stat().st_size) == ("partial" if kills == 1 else "poisoned", kills)


def send(client: httpx.Client, *numbers: int) -> str:
    """A job of some orders."""
    files = [("file", (f"{n}.txt", order(n))) for n in numbers]
    told = client.post("/v1/extractions", files=files, data={"target": "orders"})
    assert told.status_code == 202, told.text
    return str(told.json()["id"])


def told(client: httpx.Client, job: str, state: str = "finished", seconds: float = 90.0) -> dict[str, Any]:
    """The job's Results once it is finished."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if client.get(f"/v1/extractions/{job}").json()["state"] == state:
            break
        time.sleep(0.1)
    return dict(client.get(f"/v1/extractions/{job}/result").json())


def dies(service: Served, seconds: float = 60.0) -> int:
    """The exit code of a service that is killed from within."""
    return service.process.wait(timeout=seconds)


def test_a_document_that_kills_its_worker_is_set_aside(target: str, tmp_path: Path) -> None:
    """It kills its worker once; the next time it dies alone, and its neighbours get their Results.

    Retried by hand it is worked on apart at once, and kills nobody else.
    """
    options = ["--target", f"orders={target}"]
    with served(tmp_path, *options) as service, service.client() as client:
        job = send(client, 1, 7, 2)
        assert dies(service) == -11
    with served(tmp_path, *options) as service, service.client() as client:
        found = told(client, job)
        assert sorted(r["source"]["path"] for r in found["results"]) == ["1.txt", "2.txt"]
        (failed,) = found["failed"]
        assert (failed["file"], failed["problem"]["code"]) == ("7.txt", "poisoned")
        assert "killed" in failed["problem"]["message"] or "-11" in failed["problem"]["message"]
        counted = client.get("/metrics").text
        assert 'thresher_documents_total{outcome="poisoned"} 1' in counted
        assert client.post(f"/v1/extractions/{job}/retry").status_code < 300
        assert told(client, job)["failed"][0]["problem"]["code"] == "poisoned"
        assert service.process.poll() is None
