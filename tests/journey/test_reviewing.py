"""Reviews through a real `thresher serve`: two people at once, a crash, another tenant, a webhook, a case that is scored."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.serving import TARGET, Served, kill, order, script, served
from tests.journey.test_serve_tenants import receiver
from tests.simulation.two_reviewers import Person, at_once, make_keys, wrong
from tests.zygote import ran
from thresher.service.tenants.webhook_signing import signature

DOCUMENTS = 6


@dataclass
class Reviewed:
    """A service after two people reviewed a job, with a crash in between."""

    running: Served
    keys: dict[str, str]
    job: str
    people: list[Person]
    told: list[tuple[dict[str, str], bytes]]

    def client(self, name: str) -> httpx.Client:
        """A client with one person's key."""
        return self.running.client(self.keys[name])


def submitted(client: httpx.Client, count: int, webhook: str) -> str:
    """A finished job of some orders."""
    files = [("file", (f"{n}.txt", order(n))) for n in range(1, count + 1)]
    data = {"target": TARGET, "webhook": webhook}
    made = client.post("/v1/extractions", params={"wait": 120}, files=files, data=data)
    assert made.status_code == 200, made.text
    return str(made.json()["id"])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    """A service with two people of one tenant and one of another; the first two have reviewed a job."""
    folder = tmp_path_factory.mktemp("reviewing")
    keys = make_keys(folder / "data", {"Ada": "acme", "Bo": "acme", "Eve": "evil"})
    with ExitStack() as stack:
        url, told = stack.enter_context(receiver(failures=0))
        now = [stack.enter_context(served(folder, "--private-webhooks"))]
        with now[-1].client(keys["Ada"]) as client:
            job = submitted(client, DOCUMENTS, url)
        people = [
            Person("Ada", keys["Ada"], "/number", lambda n: f"A-{n}", lambda: now[-1].url, decides=True),
            Person("Bo", keys["Bo"], "/buyer", lambda n: f"Buyer {n}", lambda: now[-1].url),
        ]
        working = at_once(people, job, list(range(DOCUMENTS)))
        while any(t.is_alive() for t in working) and sum(p.answered for p in people) < DOCUMENTS * 3:
            time.sleep(0.02)
        kill(now[-1])
        now.append(stack.enter_context(served(folder, "--private-webhooks")))
        for thread in working:
            thread.join(timeout=300)
        yield Reviewed(now[-1], keys, job, people, told)


def test_two_people_at_once_and_a_crash_lose_nothing(house: Reviewed) -> None:
    """Every correction of both is there, none twice, each chain whole; the job's list says accepted."""
    with house.client("Bo") as client:
        assert wrong(client, house.job, list(range(DOCUMENTS)), house.people) == []
        listed = client.get(f"/v1/reviews/{house.job}", params={"limit": 4}).json()
    assert listed["counts"] == {"open": 0, "accepted": DOCUMENTS, "rejected": 0}
    assert ([d["number"] for d in listed["documents"]], listed["next"]) == ([0, 1, 2, 3], "3")


def test_another_tenant_sees_nothing(house: Reviewed) -> None:
    """Every address of the review is a job that does not exist, for reading and for writing."""
    here = f"/v1/reviews/{house.job}"
    body = {"path": "/number", "action": "accept"}
    with house.client("Eve") as client:
        for path in ("", "/0", "/0/picture", "/0/text?start=0&end=1", "/0/events", "/0/case.zip"):
            answer = client.get(f"{here}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found"), path
        for path, sent in (("corrections", body), ("decision", {"state": "rejected"}), ("claim", None), ("case", None)):
            answer = client.post(f"{here}/0/{path}", json=sent)
            assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found"), path
    with house.running.client() as client:
        assert client.get(here).json()["code"] == "job_not_found"


def test_a_decision_is_told_to_the_webhook(house: Reviewed) -> None:
    """Signed with the tenant's secret: which Result, what, by whom; no data of the document."""
    until = time.monotonic() + 120
    while len(decisions(house.told)) < DOCUMENTS and time.monotonic() < until:
        time.sleep(0.1)
    found = decisions(house.told)
    assert sorted(d["data"]["number"] for d in found.values()) == list(range(DOCUMENTS))
    one = next(iter(found.values()))
    assert (one["type"], one["data"]["by"], one["data"]["state"]) == ("review.accepted", "Ada", "accepted")
    with house.client("Ada") as client:
        secret = client.get("/v1/webhooks/secret").json()["secret"]
    headers, body = next((h, b) for h, b in house.told if b"review.accepted" in b)
    low = {k.lower(): v for k, v in headers.items()}
    assert low["webhook-signature"] == signature(secret, low["webhook-id"], int(low["webhook-timestamp"]), body)


def decisions(told: list[tuple[dict[str, str], bytes]]) -> dict[str, dict[str, Any]]:
    """Messages of decisions by their id: one may come twice."""
    low = [({k.lower(): v for k, v in headers.items()}, json.loads(body)) for headers, body in told]
    return {headers["webhook-id"]: body for headers, body in low if body["type"].startswith("review.")}


def test_a_reviewed_result_is_a_case_that_the_scorecard_runs(house: Reviewed, tmp_path: Path) -> None:
    """One action, unpacked into a folder of cases; the person's words are the truth that the model is measured by."""
    with house.client("Ada") as client:
        packed = client.get(f"/v1/reviews/{house.job}/0/case.zip")
        assert packed.status_code == 200, packed.text
    with zipfile.ZipFile(io.BytesIO(packed.content)) as found:
        found.extractall(tmp_path / "cases")
    model = f"scripted:{script(tmp_path)}"
    done = ran("score", tmp_path / "cases", "--model", model, "--out", tmp_path / "score")
    assert done.returncode == 0, done.stderr
    assert "f1" in done.stdout.lower()
    truth = json.loads(next((tmp_path / "cases").glob("*/expected.json")).read_text())
    assert truth == {"number": "A-0", "buyer": "Buyer 0"}


def test_a_text_has_no_pictures_and_a_passage_instead(house: Reviewed) -> None:
    """The upload is read again in a process of its own, and the quote is marked."""
    with house.client("Bo") as client:
        shown = client.get(f"/v1/reviews/{house.job}/0").json()
        place = shown["fields"][0]["evidence"][0]
        span = {"start": place["start"], "end": place["end"], "around": 3}
        passage = client.get(f"/v1/reviews/{house.job}/0/text", params=span).json()
    assert shown["pages"] == []
    assert passage["text"][passage["start"] - passage["from"] :].startswith(place["quote"])
