"""Two people who correct the same documents at once, through a service that is killed under them.

Each does a task of their own on every document: one corrects `/number`, the other `/buyer`, and the first accepts the
whole at the end. A request without an answer is sent again as it was; a document that the other has claimed is put off.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from thresher.service.server.serve import opened_accounts

RETRY_SECONDS = 0.05
PATIENCE_SECONDS = 240.0  # for one request, restarts of the service included


@dataclass
class Person:
    """One reviewer with a key, and what they did."""

    name: str
    key: str
    path: str  # of the field that they correct
    value: Callable[[int], str]  # by the document's number
    url: Callable[[], str]  # of the service now
    decides: bool = False
    answered: int = 0  # requests
    resent: int = 0
    refused: int = 0  # claims that the other held
    faults: list[str] = field(default_factory=list)
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20, trust_env=False))

    def review(self, job: str, numbers: list[int]) -> None:
        """Work on all documents, in turn, until each is done."""
        left = deque(numbers)
        while left:
            number = left.popleft()
            if not self._document(f"/v1/reviews/{job}/{number}", number):
                left.append(number)
                time.sleep(RETRY_SECONDS)
        self._client.close()

    def _document(self, here: str, number: int) -> bool:
        """Whether the document could be done."""
        if self._ask("POST", f"{here}/claim").status_code == 409:
            self.refused += 1
            return False
        head = self._ask("GET", here).json()["head"]
        asked = {"path": self.path, "action": "edit", "value": self.value(number), "note": self.name, "head": head}
        done = self._ask("POST", f"{here}/corrections", asked)
        if done.status_code == 409:  # the lease had ended in a restart, and the other was quicker
            self.refused += 1
            return False
        self._check(done)
        if self.decides:
            self._check(self._ask("POST", f"{here}/decision", {"state": "accepted"}))
        self._ask("DELETE", f"{here}/claim")
        return True

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code != 200:
            self.faults.append(f"{answer.status_code} {answer.text[:200]}")

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request until it is answered: while the service is down, or takes nothing, again."""
        until, headers = time.monotonic() + PATIENCE_SECONDS, {"Authorization": f"Bearer {self.key}"}
        while time.monotonic() < until:
            try:
                answer = self._client.request(method, self.url() + path, json=body, headers=headers)
            except httpx.TransportError:
                self.resent += 1
                time.sleep(RETRY_SECONDS)
                continue
            if answer.status_code != 503:
                self.answered += 1
                return answer
            time.sleep(RETRY_SECONDS)
        raise AssertionError(f"{self.name}: no answer to {method} {path}")


def make_keys(data: Path, tenants: dict[str, str]) -> dict[str, str]:
    """Make a key for each person, by name; `tenants` says whose each is."""

    async def made() -> dict[str, str]:
        async with opened_accounts(data, None) as accounts:
            return {name: (await accounts.create_key(tenant, note=name))[0] for name, tenant in tenants.items()}

    return asyncio.run(made())


def at_once(people: list[Person], job: str, numbers: list[int]) -> list[threading.Thread]:
    """Start all people, each from another end."""
    orders = [numbers, numbers[::-1]]
    working = [threading.Thread(target=p.review, args=(job, o)) for p, o in zip(people, orders, strict=True)]
    for thread in working:
        thread.start()
    return working


def wrong(client: httpx.Client, job: str, numbers: list[int], people: list[Person]) -> list[str]:
    """Return what was lost, what is there twice, and what is not as the people said."""
    found = [fault for person in people for fault in person.faults]
    for number in numbers:
        here = f"/v1/reviews/{job}/{number}"
        chain, shown = client.get(f"{here}/events").json(), client.get(here).json()
        if not chain["right"]:
            found.append(f"{number}: the chain is broken")
        said = [(e["by"], e["path"], e["action"], e["new"]) for e in chain["events"]]
        wanted: list[tuple[Any, ...]] = [(p.name, p.path, "edit", p.value(number)) for p in people]
        wanted += [(p.name, "", "accepted", None) for p in people if p.decides]
        if sorted(map(str, said)) != sorted(map(str, wanted)):
            found.append(f"{number}: {said}")
        values = {f["path"]: f["value"] for f in shown["fields"]}
        found += [f"{number}: {p.path} is {values[p.path]}" for p in people if values[p.path] != p.value(number)]
    return found
