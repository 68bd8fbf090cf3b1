"""A walk of two tenants in real browsers: log in, drop files, follow, review, correct, log out; neither sees the other's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Seen, chromium, until, violations
from tests.journey.serving import SCHEMA, Served, order, served
from thresher.service.server.serve import opened_accounts


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def house(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    """A service that needs a key, and two tenants' keys."""
    assert browser
    folder = tmp_path_factory.mktemp("pages")
    with ThreadPoolExecutor(1) as apart:  # the browser has a loop in this thread
        keys = apart.submit(lambda: asyncio.run(_keys(folder / "data"))).result()
    with served(folder, "--host", "0.0.0.0") as running:
        yield running, keys


async def _keys(data: Path) -> dict[str, str]:
    """A key each, as `thresher keys create` makes them."""
    async with opened_accounts(data, None) as accounts:
        return {name: (await accounts.create_key(name, note=f"{name}'s desk"))[0] for name in ("acme", "bolt")}


@contextmanager
def tab_of(browser: Any, base: str) -> Iterator[Any]:
    """A tab of a person of its own, which is watched."""
    context = browser.new_context()
    tab, seen = context.new_page(), Seen(base)
    seen.watch(tab)
    yield tab
    context.close()
    assert (seen.foreign, seen.reports, seen.faults) == ([], [], [])


def log_in(tab: Any, base: str, key: str) -> None:
    """Begin at the upload page, which leads to the login and back."""
    tab.goto(base)
    tab.wait_for_url("**/login?next=*")
    tab.locator("#key").fill(key)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#target optgroup", state="attached")


def test_from_two_orders_to_a_reviewed_value(
    browser: Any, house: tuple[Served, dict[str, str]], tmp_path: Path
) -> None:
    """One tenant uploads and corrects with a pasted schema; the other is told that nothing is there; logged out is out."""
    running, keys = house
    for n in (1, 2):
        (tmp_path / f"order-{n}.txt").write_bytes(order(n))
    with tab_of(browser, running.url) as acme, tab_of(browser, running.url) as bolt:
        log_in(acme, running.url, keys["acme"])
        acme.locator("#files").set_input_files([tmp_path / "order-1.txt", tmp_path / "order-2.txt"])
        acme.get_by_label("My own JSON Schema").check()
        acme.locator("#schema").fill(json.dumps(SCHEMA))
        acme.get_by_role("button", name="Extract").click()
        acme.wait_for_selector("a.button.primary", timeout=60_000)
        assert violations(acme) == []
        acme.get_by_role("link", name="Open the review").click()
        acme.locator("#start").click()
        acme.wait_for_selector("mark.chosen")
        assert acme.locator("mark.chosen").inner_text() == "PO-1"
        acme.keyboard.press("j")
        acme.keyboard.press("e")
        acme.keyboard.type("Acme & Sons <Ltd>")
        acme.keyboard.press("Enter")
        acme.keyboard.press("Shift+A")
        until(acme, "review.number === 1")
        address = acme.url
        log_in(bolt, running.url, keys["bolt"])
        bolt.goto(address)
        bolt.wait_for_selector("main [role=alert]")
        assert "PO-" not in bolt.locator("main").inner_text()
        acme.get_by_role("button", name="Log out").click()
        acme.wait_for_url("**/login")
        acme.goto(address)
        acme.wait_for_url("**/login?next=*")
    with running.client(keys["acme"]) as client:
        events = client.get(f"/v1/reviews/{address.split('/')[-2]}/0/events").json()
    assert next((e["by"], e["action"], e["new"]) for e in events["events"]) == (
        "acme's desk",
        "edit",
        "Acme & Sons <Ltd>",
    )
    assert events["right"]


def test_the_reference_works_without_a_network(browser: Any, house: tuple[Served, dict[str, str]]) -> None:
    """Every operation of the contract is on the page; nothing comes from another host."""
    running, _ = house
    with tab_of(browser, running.url) as tab, running.client() as client:
        tab.goto(f"{running.url}/docs")
        tab.wait_for_selector(".operation")
        contract = client.get("/openapi.json").json()
        assert tab.locator(".operation").count() == sum(map(len, contract["paths"].values()))
        tab.locator(".operation details").first.click()
        tab.goto(f"{running.url}/login")
        tab.wait_for_selector("#key:focus")
        assert violations(tab) == []
