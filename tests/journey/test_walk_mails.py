"""A paralegal's walk: 60 mails, in a mailbox and as files, to a table with evidence and a report to send.

What they stumbled over, and what was mended: docs/measurements/walks.md.
"""

from __future__ import annotations

import csv
import json
import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.zygote import ran

IN_BOX, MAILS = 40, 60
WRONG = 45  # the mail of which the model says an amount that stands nowhere
CLAIM = """
from datetime import date
from decimal import Decimal
from pydantic import BaseModel, Field

class Claim(BaseModel):
    claim: str = Field(description="Number of the claim")
    amount: Decimal | None = Field(None, description="Amount claimed")
    answer_by: date | None = Field(None, description="Day by which an answer is asked for")
"""


def mail(n: int) -> EmailMessage:
    """A mail with a claim; every tenth has a text attached."""
    made = EmailMessage()
    made["From"], made["To"] = "Ines Duarte <ines@example.org>", "Desk <desk@example.com>"
    made["Subject"], made["Message-ID"] = f"Delivery {4700 + n} is late", f"<{n}@example.org>"
    made["Date"] = f"{1 + n % 28} Mar 2025 10:{n:02}:00 +0000"
    body = (
        f"Dear all,\n\nour claim C-{900 + n} of EUR {n + 100}.50 is open.\nPlease answer by {1 + n % 28} April 2025.\n"
    )
    made.set_content(f"{body}\nKind regards\nInes Duarte\n")
    if n % 10 == 0:
        made.add_attachment(b"A note without facts.\n", maintype="text", subtype="plain", filename="note.txt")
    return made


def answers() -> list[dict[str, object]]:
    """What the model says of each mail."""
    said = [
        {"claim": f"C-{900 + n}", "amount": f"{n + 100}.50", "answer_by": f"{1 + n % 28} April 2025"}
        for n in range(MAILS)
    ]
    said[WRONG]["amount"] = "77.00"
    nothing = {"claim": None, "amount": None, "answer_by": None}
    each: list[dict[str, object]] = [{"when": f"C-{900 + n} of", "say": one} for n, one in enumerate(said)]
    return [*each, {"when": "", "say": nothing}]


def thresher(*words: object) -> str:
    """Run a command that may leave Results partial; its standard error."""
    done = ran(*words)
    assert done.returncode in {0, 1}, done.stderr
    return done.stderr


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    """A folder with a mailbox of 40, and 20 files."""
    folder = tmp_path / "mails"
    folder.mkdir()
    box = mailbox.mbox(folder / "old.mbox")
    for n in range(IN_BOX):
        box.add(mail(n))
    box.close()
    for n in range(IN_BOX, MAILS):
        (folder / f"{n}.eml").write_bytes(mail(n).as_bytes())
    (tmp_path / "claim.py").write_text(CLAIM)
    (tmp_path / "script.json").write_text(json.dumps({"answers": answers()}))
    (tmp_path / "policy.toml").write_text("quotes = false\n")
    return folder


def test_a_paralegal_goes_from_60_mails_to_a_table_and_a_report(mails: Path, tmp_path: Path) -> None:
    """A row a mail in counting order, what stands nowhere named and not in the table, and the passages marked in one file."""
    chosen = ["--target", f"{tmp_path / 'claim.py'}:Claim", "--policy", tmp_path / "policy.toml"]
    chosen += ["--model", f"scripted:{tmp_path / 'script.json'}", "--format", "csv"]
    told = thresher("extract", mails, *chosen, "--out", tmp_path / "results")
    assert f"{MAILS} results ({MAILS - 1} complete, 1 partial)" in told
    with next((tmp_path / "results").glob("results.csv")).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = [*range(IN_BOX, MAILS), *range(IN_BOX)]
    assert [row["claim"] for row in rows] == [f"C-{900 + n}" for n in numbers]
    assert [row["amount"] for row in rows] == ["" if n == WRONG else f"{n + 100}.50" for n in numbers]
    assert [row["answer_by"] for row in rows][:2] == ["2025-04-13", "2025-04-14"]
    wrong = rows[numbers.index(WRONG)]
    assert (wrong["status"], wrong["doubtful"], "77.0" in wrong["reasons"]) == ("partial", "amount", True)
    thresher("report", tmp_path / "results", "--out", tmp_path / "claims.html")
    page = (tmp_path / "claims.html").read_text("utf-8")
    assert page.count("<mark") >= 3 * MAILS - 1
    assert "<script" not in page
    (mails / "40.eml").write_bytes(b"another file")
    thresher("report", tmp_path / "results", "--out", tmp_path / "claims.html")
    assert "40.eml</bdi>: its text is not shown: the document is not there any more, or has changed" in (
        tmp_path / "claims.html"
    ).read_text("utf-8")
