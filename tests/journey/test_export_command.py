"""`thresher export` and `thresher report` on the Results of a run, before and after a person corrected one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from thresher.schemas.errors import InputProblem
from thresher.service.cli.export import Request, main
from thresher.service.reviews.base import NewEvent
from thresher.service.reviews.folder_file import folder_place, opened_folder_reviews

ROOT = Path(__file__).parents[2]
NAME = "invoice-azure.pdf"


def thresher(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "thresher.service.cli.main", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


async def correct(folder: Path) -> None:
    """Say that the total is another, as a reviewer."""
    async with opened_folder_reviews(folder) as reviews:
        event = NewEvent(by="ann", path="/total", action="edit", value=281.5)
        await reviews.append(folder_place(f"{NAME}.json"), event)


@pytest.mark.slow
def test_from_a_run_to_a_corrected_table_and_a_report(tmp_path: Path) -> None:
    """The columns are the target's, corrected values are used, and the report shows the page with its frames."""
    documents, out = tmp_path / "in", tmp_path / "out"
    documents.mkdir()
    (documents / NAME).write_bytes((ROOT / "samples" / "inbox" / NAME).read_bytes())
    assert thresher("extract", documents, "--target", "invoice", "--out", out).returncode in {0, 1}
    asyncio.run(correct(out))
    done = thresher("export", out)
    assert (done.returncode, "schema is not kept" in done.stderr) == (0, False)
    head, row = openpyxl.load_workbook(out / "results.xlsx")["results"].iter_rows(values_only=True)
    told = dict(zip(map(str, head), row, strict=True))
    assert (told["total"], told["iban"], "period_start" in told) == (281.5, "US1234567890", True)
    assert thresher("report", out).returncode == 0
    page = (out / "report.html").read_text()
    assert all(
        part in page for part in ("281.5", "by a person", 'href="data:image/webp;base64,', "<rect ", "INV/2023/03/0008")
    )
    (documents / NAME).write_bytes(b"another file")
    assert thresher("report", out).returncode == 0
    assert "the document is not there any more, or has changed" in (out / "report.html").read_text()


def test_what_can_not_be_exported_is_said(tmp_path: Path) -> None:
    """An empty folder is refused with a code and what to do."""
    with pytest.raises(InputProblem, match="no Results in"):
        main(Request(tmp_path, "csv"))
