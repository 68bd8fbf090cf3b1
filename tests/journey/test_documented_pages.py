"""Pages of the documentation are read as a stranger would: block by block, with the built-in model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documented import Reader
from tests.hub_server import hub_server
from tests.pdf_maker import Page, Pdf, lines

LINES = ["Northwind Traders", "Invoice 4711", "Date: 3 March 2024", "Pen  12.50", "Paper  7.50", "Total: 20.00"]
BODY = b"GGUF" + bytes(1000)
MODEL = "Qwen/Qwen2.5-1.5B-Instruct-GGUF/qwen2.5-1.5b-instruct-q4_k_m.gguf"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working folder with an invoice in it, a home of its own, and a hub of models."""
    (tmp_path / "invoice.pdf").write_bytes(Pdf().write([Page(lines(72, 700, LINES))]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("THRESHER_MODEL", raising=False)
    monkeypatch.setenv("THRESHER_CONFIG", "")  # so that what a command sets is forgotten
    with hub_server(name=MODEL, body=BODY, stated=hashlib.sha256(BODY).hexdigest()) as hub:
        monkeypatch.setenv("THRESHER_HUB", hub.address)
        yield


@pytest.mark.parametrize(
    "page",
    [
        "guides/getting-started.md",
        "guides/targets.md",
        "guides/result.md",
        "guides/evidence.md",
        "people/accountant.md",
        "people/python-developer.md",
        "people/platform-engineer.md",
        "people/paralegal.md",
    ],
)
def test_a_page_does_what_it_says(page: str) -> None:
    """Its commands end as they should, and print what stands below them."""
    Reader().read(page)


def test_the_page_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, into a home of its own: it pulls a model."""
    monkeypatch.setenv("THRESHER_HOME", str(tmp_path / "home"))
    Reader().read("guides/models.md")
    assert (tmp_path / "home/models/hub" / MODEL).read_bytes() == BODY
