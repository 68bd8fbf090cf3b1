"""A worker that is killed while it extracts from a matter: another goes on, and nothing is asked twice."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel

from tests.collection_imports import imported
from tests.killed_process import killed_after
from tests.one_process import OneProcess
from tests.simulation.discovery.broken_items import mail
from thresher.schemas.job import LoggedCall
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.work import AskedTarget, Claim, MatterExtractionOrder, Submission
from thresher.service.backend.matters import extraction_task
from thresher.service.backend.matters.extraction_task import Asking, extract_from_matter
from thresher.service.discovery.custody.verification import verify
from thresher.service.discovery.matter.folder import Matter
from thresher.service.llm.providers.scripted import FACTS, Said, ScriptedTransport
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.stack import Endpoint, SharedServices, build_model
from thresher.service.llm.transport import Answer, Call
from thresher.service.storage.answers.base import DurableStore
from thresher.service.targets.loading import load_target
from thresher.service.wiring.effects import opened_store

MAILS, KILLS, NEVER = 7, (4, 2), 600.0  # kills at the fourth question, then at the second of those that are left


class Fact(BaseModel):
    """What is asked of each mail."""

    number: int | None = None


class Provider(ScriptedTransport):
    """Answers with the number in a mail; writes down each answer that it gave; kills who asks at one of the questions."""

    def __init__(self, folder: Path, store: DurableStore, kill_at: int | None) -> None:
        """Kill at the question with this number, before it is answered."""
        super().__init__(self.said)
        self.paid, self.left, self.given = folder / "paid", kill_at, 0
        self.store, self.kept = store, 0

    async def send(self, call: Call) -> Answer:
        """Answer a Call; who asks is killed once all that was answered is kept."""
        if self.left is not None:
            self.left -= 1
            if not self.left:
                while self.kept < self.given:  # noqa: ASYNC110 - whoever waits is killed
                    await asyncio.sleep(0)
                os.kill(os.getpid(), signal.SIGKILL)
        return await super().send(call)

    def said(self, question: Question) -> Said:
        """Say the number in the mail that a question shows."""
        found = re.search(r"text of mail (\d+)", question.messages[-1].content)
        self.given += 1
        with self.paid.open("a") as lines:
            lines.write(f"{found[1] if found else None}\n")
        return Said(text=f'{{"number": {found[1] if found else "null"}, "not_of_this_kind": null}}')

    async def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Keep an answer in the store, and count it."""
        await self.store.keep(key, answer)
        self.kept += 1

    async def answer(self, key: str) -> dict[str, Any] | None:
        """Return an answer of the store."""
        return await self.store.answer(key)

    async def log(self, call: LoggedCall) -> None:
        """Log a call in the store."""
        await self.store.log(call)


def extract(folder: Path, matter: Path, kill_at: int | None) -> str:
    """Do the Task in a worker; return the status of what came out."""
    return asyncio.run(_extract(folder, matter, kill_at))


async def _extract(folder: Path, matter: Path, kill_at: int | None) -> str:
    @asynccontextmanager
    async def reader(_: Any) -> AsyncIterator[OneProcess]:
        yield OneProcess(folder / "spool")

    extraction_task._reader_pool = cast("Any", reader)  # in this process alone, which ends with the Task
    target, policy = load_target(Fact), Policy(model="scripted:x", concurrency=1)
    order = MatterExtractionOrder(matter="m", targets=(AskedTarget(name="Fact", fingerprint="", json_schema={}),))
    asked = Submission(tenant="a", target=order.targets[0], files=(), extraction_order=order)
    claim = Claim(job="1", tenant="a", number=0, files=(), attempt=1, token=1)
    resources = cast("Any", SimpleNamespace(matters=SimpleNamespace(folder=lambda *_: matter), scratch=folder))
    async with opened_store(folder / "answers") as store:
        wire = Provider(folder, store, kill_at)
        end = Endpoint(name="scripted:x", wire=wire, identity="scripted", facts=FACTS, tariff=None)
        model = build_model(end, ProviderLimiter(1), SharedServices(records=wire))
        asking = Asking(model=model, policy=policy, targets=(target,), stage=lambda _: None)
        outcome = await extract_from_matter(resources, claim, asked, asking)
        await model.aclose(0.0)
    return outcome.outcomes[0].status


def records(matter: Path) -> list[str]:
    """Everything that an extraction leaves but times: documents, outcomes, Results."""
    with Matter(matter, writes=False) as opened:
        rows = opened.store.connection.execute("SELECT * FROM outcomes ORDER BY 1, 2").fetchall()
        documents = [d.to_json() for d in opened.store.documents()]
    results = sorted((matter / "results").rglob("*.json"))
    return [*documents, *map(str, rows), *(f"{p.relative_to(matter)} {p.read_text()}" for p in results)]


def test_another_worker_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    """Killed twice: each mail is answered once in all, and the records are those without a kill."""
    (tmp_path / "in").mkdir()
    for number in range(MAILS):
        (tmp_path / "in" / f"{number:02d}.eml").write_bytes(bytes(mail(number)))
    found = []
    for name, kills in (("whole", ()), ("killed", KILLS)):
        folder, matter = tmp_path / name, tmp_path / name / "matter"
        folder.mkdir()
        imported(matter, [tmp_path / "in"])
        (matter / "matter.json").write_text("{}")
        for kill_at in kills:
            assert killed_after(NEVER, lambda f=folder, m=matter, k=kill_at: extract(f, m, k))  # type: ignore[misc]
        assert not killed_after(NEVER, lambda f=folder, m=matter: extract(f, m, None))  # type: ignore[misc]
        assert not killed_after(NEVER, lambda f=folder, m=matter: extract(f, m, 1))  # type: ignore[misc]
        paid = Counter((folder / "paid").read_text().split())
        assert (set(paid.values()), len(paid)) == ({1}, MAILS), paid
        found.append(records(matter))
    assert found[0] == found[1]


def test_a_kill_before_the_first_answer_is_no_change_of_the_matter(tmp_path: Path) -> None:
    """What was written until then is not taken for something that a stranger changed."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.eml").write_bytes(bytes(mail(1)))
    imported(tmp_path / "matter", [tmp_path / "in"])
    (tmp_path / "matter" / "matter.json").write_text("{}")
    assert killed_after(NEVER, lambda: extract(tmp_path, tmp_path / "matter", 1))
    with Matter(tmp_path / "matter"):
        pass
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert [one.what for one in verify(matter)] == []
