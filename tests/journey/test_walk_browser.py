"""Two new users in a real browser: an accountant with 30 mixed invoices, and a platform engineer whose two tenants review.

What they stumbled over, and what was mended: docs/measurements/walks.md.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.browser import Seen, chromium, until, violations
from tests.journey.serving import SCHEMA, TARGET, Served, order, served
from tests.pdf_maker import Page, Pdf, lines
from tests.simulation.two_reviewers import make_keys
from tests.zygote import Command, ran

INVOICES = 30
INVENTED, MISSED = 5, 7  # invoices of which the model makes a total up, and says nothing of it
MINE = """
from datetime import date
from decimal import Decimal
from pydantic import BaseModel, Field

class Position(BaseModel):
    item: str
    amount: Decimal

class Invoice(BaseModel):
    number: str = Field(description="Invoice number as printed")
    issued: date | None = Field(description="Date of the invoice")
    total: Decimal = Field(description="Total to pay, tax included")
    lines: list[Position]
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A key for each person; two are of one tenant. Made before the browser, which has a loop in this thread."""
    folder = tmp_path_factory.mktemp("walk")
    return folder, make_keys(folder / "data", {"Ada": "acme", "Bo": "acme", "Eve": "bolt"})


@pytest.fixture(scope="module")
def browser(keys: tuple[Path, dict[str, str]]) -> Iterator[Any]:
    """One browser for all walks."""
    assert keys
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def house(browser: Any, keys: tuple[Path, dict[str, str]]) -> Iterator[tuple[Served, dict[str, str]]]:
    """A service that needs a key."""
    assert browser
    folder, made = keys
    with served(folder, "--host", "0.0.0.0") as running:
        yield running, made


@contextmanager
def tab_of(browser: Any, base: str) -> Iterator[Any]:
    """A tab of a person of its own, which is watched."""
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    tab, seen = context.new_page(), Seen(base)
    seen.watch(tab)
    yield tab
    context.close()
    assert (seen.foreign, seen.reports, seen.faults) == ([], [], [])


def told(n: int) -> dict[str, Any]:
    """What invoice n says, in the writing of the model: `total` 1,234.56 and so on."""
    return {
        "number": f"RE-{n:03}",
        "issued": f"{1 + n % 28} March 2024",
        "total": f"1,2{n:02}.50",
        "lines": [{"item": f"Oars, batch {n}", "amount": f"1,2{n:02}.50"}],
    }


def invoice(n: int) -> tuple[str, bytes]:
    """An invoice as text, PDF, or a mail with the PDF attached: its name and bytes."""
    said = told(n)
    rows = [f"Invoice number: {said['number']}", f"Date: {said['issued']}", "Item   Amount"]
    rows += [f"{said['lines'][0]['item']}   {said['total']}", f"Total to pay {said['total']}"]
    if n % 3 == 0:
        return f"invoice-{n}.txt", "\n".join(rows).encode()
    pdf = Pdf().write([Page(lines(72, 720, rows))])
    if n % 3 == 1:
        return f"invoice-{n}.pdf", pdf
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "billing@example.org", "desk@example.com", f"Our invoice of {n} March"
    mail.set_content("Please find our invoice attached.\n")
    mail.add_attachment(pdf, maintype="application", subtype="pdf", filename="invoice.pdf")
    return f"invoice-{n}.eml", mail.as_bytes()


def thresher(*words: object) -> str:
    """Run a command that may leave Results partial; its standard error."""
    done = ran(*words)
    assert done.returncode in {0, 1}, done.stderr
    return done.stderr


@contextmanager
def reviewing(results: Path) -> Iterator[str]:
    """`thresher review` over a folder, as Ann; the address that it prints."""
    words = ("review", results, "--port", 0, "--as", "Ann")
    process = Command[str](*words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr is not None
        line = next(said for said in process.stderr if " at http" in said)
        yield line.partition(" at ")[2].partition(",")[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def extracted(folder: Path) -> Path:
    """30 invoices, read with the accountant's own target; the folder of Results."""
    said = [{"when": f"RE-{n:03}", "say": told(n)} for n in range(INVOICES)]
    said[INVENTED]["say"]["total"], said[MISSED]["say"]["total"] = "9,999.99", None  # type: ignore[index]
    nothing: dict[str, Any] = {"number": None, "issued": None, "total": None, "lines": []}  # of a covering letter
    (folder / "script.json").write_text(json.dumps({"answers": [*said, {"when": "", "say": nothing}]}))
    (folder / "mine.py").write_text(MINE)
    (folder / "policy.toml").write_text("quotes = false\n")  # the model is not asked whether it made something up
    (folder / "invoices").mkdir()
    for name, content in map(invoice, range(INVOICES)):
        (folder / "invoices" / name).write_bytes(content)
    chosen = ["--target", f"{folder / 'mine.py'}:Invoice", "--policy", folder / "policy.toml"]
    chosen += ["--model", f"scripted:{folder / 'script.json'}"]
    words = thresher("extract", folder / "invoices", *chosen, "--out", folder / "results")
    assert f"{INVOICES} results" in words
    assert words.count("partial: ") <= 5
    return folder / "results"


def test_an_accountant_goes_from_30_invoices_to_a_corrected_workbook(browser: Any, tmp_path: Path) -> None:
    """An own target, a folder, the review by keys alone, and the corrected values as numbers in the workbook."""
    results = extracted(tmp_path)
    with reviewing(results) as address, tab_of(browser, base := address.partition("/?")[0]) as tab:
        tab.goto(address)
        tab.wait_for_selector(".documents")
        assert "0 of 30 documents reviewed" in tab.locator("main").inner_text()
        names = tab.locator(".documents th a").all_inner_texts()
        assert names.index("invoice-9.txt") < names.index("invoice-10.pdf")
        tab.get_by_role("link", name=f"invoice-{MISSED}.pdf").click()
        tab.wait_for_selector(".card.selected .body")
        assert tab.locator(".selected .head .name").inner_text() == "Total"
        tab.keyboard.press("e")
        tab.keyboard.type("1.207,50")
        tab.keyboard.press("Enter")
        tab.wait_for_selector("#accept-document:focus")
        tab.goto(f"{base}/review/folder/{names.index(f'invoice-{INVENTED}.eml')}")
        tab.wait_for_selector(".candidates")
        assert "taken out" in tab.locator(".selected").inner_text()
        tab.keyboard.press("1")  # what the model had given can be taken by one key
        until(tab, "review.done.length === 1 && !Object.values(review.sending).some(Boolean)")
        tab.keyboard.press("Shift+A")
        until(tab, f"review.number !== {names.index(f'invoice-{INVENTED}.eml')}")
    assert f"{INVOICES} Results" in thresher("export", results)
    book = openpyxl.load_workbook(results / "results.xlsx")
    head, *rows = book["results"].iter_rows(values_only=True)
    found = {row[0]: dict(zip(map(str, head), row, strict=True)) for row in rows}
    assert [found[f"invoice-{MISSED}.pdf"][c] for c in ("total", "doubtful")] == [1207.5, None]
    assert [found[f"invoice-{INVENTED}.eml"][c] for c in ("total", "review")] == [9999.99, "accepted"]
    right = [r for name, r in found.items() if name not in {f"invoice-{MISSED}.pdf", f"invoice-{INVENTED}.eml"}]
    assert all(str(r["number"])[3:] == f"{round(r['total'] - 1200.5):03}" for r in right)
    assert (len(found), book["lines"].max_row) == (INVOICES, INVOICES + 1)
    thresher("report", results)
    page = (results / "report.html").read_text("utf-8")
    assert all(part in page for part in ("1207.5", "by a person", 'href="data:image/webp;base64,', "<rect ", "RE-005"))


def log_in(tab: Any, base: str, key: str) -> None:
    """Begin at the upload page, which leads to the login and back."""
    tab.goto(base)
    tab.wait_for_selector("#key:focus")
    tab.locator("#key").fill(key)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#target optgroup", state="attached")


def upload(tab: Any, folder: Path) -> str:
    """Drop two orders with a pasted schema, and open the first in the review; its address."""
    for n in (1, 2):
        (folder / f"order-{n}.txt").write_bytes(order(n))
    tab.locator("#files").set_input_files([folder / "order-1.txt", folder / "order-2.txt"])
    tab.get_by_label("My own JSON Schema").check()
    tab.locator("#schema").fill(json.dumps(SCHEMA))
    tab.get_by_role("button", name="Extract").click()
    newest = tab.locator("#job-list > li").first  # jobs of other tests may stand below
    newest.locator("a.button.primary").wait_for(timeout=60_000)
    assert violations(tab) == []
    newest.get_by_role("link", name="Open the review").click()
    tab.locator("#start").click()
    tab.wait_for_selector("mark.chosen")
    assert tab.locator("mark.chosen").inner_text() == "PO-1"
    return str(tab.url)


def test_an_engineer_serves_two_tenants_who_review(
    browser: Any, house: tuple[Served, dict[str, str]], tmp_path: Path
) -> None:
    """Ada uploads and corrects; Bo of the same tenant is told who has the document; Eve of another finds nothing; logged out is out."""
    running, keys = house
    with tab_of(browser, running.url) as ada, tab_of(browser, running.url) as bo, tab_of(browser, running.url) as eve:
        log_in(ada, running.url, keys["Ada"])
        address = upload(ada, tmp_path)
        log_in(bo, running.url, keys["Bo"])
        bo.goto(address)
        until(bo, "document.body.innerText.includes('Ada is reviewing this document')")
        ada.keyboard.press("j")
        ada.keyboard.press("e")
        ada.keyboard.type("Acme & Sons <Ltd>")
        ada.keyboard.press("Enter")
        ada.keyboard.press("Shift+A")
        until(ada, "review.number === 1")
        log_in(eve, running.url, keys["Eve"])
        eve.goto(address)
        eve.wait_for_selector("main [role=alert]")
        assert "PO-" not in eve.locator("main").inner_text()
        ada.get_by_role("button", name="Log out").click()
        ada.wait_for_url("**/login")
        ada.goto(address)
        ada.wait_for_selector("#key:focus")
    job = address.split("/")[-2]
    with running.client(keys["Bo"]) as client:
        events = client.get(f"/v1/reviews/{job}/0/events").json()
        table = client.get(f"/v1/extractions/{job}/export.csv").text
    assert next((e["by"], e["action"], e["new"]) for e in events["events"]) == ("Ada", "edit", "Acme & Sons <Ltd>")
    assert events["right"]
    first, second = csv.DictReader(io.StringIO(table))
    assert (first["buyer"], first["review"], second["buyer"]) == ("Acme & Sons <Ltd>", "accepted", "Acme Works 2 Ltd")


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


def test_a_quota_and_a_slip_are_told_by_name(house: tuple[Served, dict[str, str]]) -> None:
    """Over HTTP: a part and a target that are nearly right get the likely name, and another tenant's job is not there."""
    running, keys = house
    files = {"file": ("1.txt", order(1))}
    with running.client(keys["Ada"]) as ada, running.client(keys["Eve"]) as eve:
        wrong = ada.post("/v1/extractions", data={"targt": "invoice"}, files=files)
        assert (wrong.status_code, "did you mean target?" in wrong.text) == (400, True)
        wrong = ada.post("/v1/extractions", data={"target": "invoce"}, files=files)
        assert (wrong.json()["code"], "did you mean invoice?" in wrong.text) == ("target_invalid", True)
        made = ada.post("/v1/extractions", params={"wait": 60}, data={"target": TARGET}, files=files).json()["id"]
        assert eve.get(f"/v1/extractions/{made}/export.xlsx").json()["code"] == "job_not_found"
