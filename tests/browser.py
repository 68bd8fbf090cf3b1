"""A real Chromium for tests, and what it saw while a page was open. Without one, tests are skipped aloud; under CI=true they fail."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """Run one browser. Skips where there is none; fails under CI=true."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        why = "no Chromium or no playwright: the pages are NOT TESTED"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def in_thread(application: Any) -> Iterator[str]:
    """Serve an ASGI application on loopback in a thread; yield its address."""
    opened = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", http="h11", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        opened.close()


@dataclass
class Seen:
    """What a page did: requests to other hosts, reports and faults. All should stay empty."""

    base: str
    foreign: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        """Begin to note what a page does."""
        page.on("request", self._request)
        page.on("pageerror", lambda e: self.faults.append(str(e)))
        page.on("console", self._report)
        page.on("dialog", self._dialog)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.base):
            self.foreign.append(request.url)

    def _report(self, message: Any) -> None:
        if "Content Security" in message.text:
            self.reports.append(message.text)

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog {dialog.message}")
        dialog.dismiss()


def until(page: Any, expression: str, seconds: float = 20.0) -> None:
    """Wait until a JavaScript expression holds. Playwright's own way needs eval, which the pages' policy forbids."""
    ends = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < ends, f"not within {seconds:g} s: {expression}"
        page.wait_for_timeout(20)


def violations(page: Any, *rules: str) -> list[str]:
    """What axe finds against WCAG and good practice on the open page; `rules`: by these alone."""
    import axe_playwright_python

    source = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
    page.evaluate(source)  # past the page's policy, which allows no foreign script
    only = {"runOnly": list(rules)} if rules else {}
    found = page.evaluate("more => axe.run(document, {resultTypes: ['violations'], ...more})", only)
    return [
        f"{v['id']}: {n['html'][:120]} {n['failureSummary'][:200]}" for v in found["violations"] for n in v["nodes"]
    ]
