"""A file of several documents through the command line: a Result each, counts that add up, nothing done twice."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests.zygote import ran

ROOT = Path(__file__).parents[2]
FILES = ("invoice-azure.pdf", "invoice-discounts.pdf", "invoice-scanned.pdf")
TARGET = "from pydantic import BaseModel\n\n\nclass Paper(BaseModel):\n    number: str | None\n    buyer: str | None\n"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """`in/packet.pdf`, a target and a script that answers each invoice and names buyers that one of them alone has."""
    (tmp_path / "in").mkdir()
    with pypdfium2.PdfDocument.new() as whole:
        for name in FILES:
            with pypdfium2.PdfDocument(ROOT / "samples" / "inbox" / name) as one:
                whole.import_pages(one)
        whole.save(tmp_path / "in" / "packet.pdf")
    (tmp_path / "paper.py").write_text(TARGET)
    said: list[dict[str, Any]] = [
        {"when": "begin a new document?", "say": {"new_document": False}},
        {"when": "INV/2023/03/0008", "say": {"number": "INV/2023/03/0008", "buyer": "YourCompany"}},
        {"when": "", "say": {"number": "471102", "buyer": "YourCompany"}},
    ]
    (tmp_path / "script.json").write_text(json.dumps({"answers": said}))
    return tmp_path


def thresher(case: Path, out: str, *more: str) -> subprocess.CompletedProcess[str]:
    """One run over the case."""
    options = ["--target", f"{case / 'paper.py'}:Paper", "--model", f"scripted:{case / 'script.json'}"]
    return ran("extract", case / "in", *options, "--out", case / out, *more)


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """Results by file name."""
    return {p.name: json.loads(p.read_text()) for p in sorted(folder.glob("packet*.json"))}


@pytest.mark.slow
def test_three_invoices_in_one_file_give_three_results(case: Path) -> None:
    """Each with its own pages, evidence on the pages of the file, and what another invoice states is named as not shown."""
    done = thresher(case, "out")
    found = results(case / "out")
    assert list(found) == ["packet.pdf!p1.json", "packet.pdf!p2-4.json", "packet.pdf!p5.json"], done.stderr
    one, two, three = found.values()
    assert [r["source"]["page_range"] for r in found.values()] == [[1, 1], [2, 4], [5, 5]]
    assert [r["coverage"]["pages"] for r in found.values()] == [1, 3, 1]
    assert one["data"] == {"number": "INV/2023/03/0008", "buyer": "YourCompany"}
    assert {e["page"] for e in two["evidence"] if e["start"] is not None} <= {2, 3, 4}
    assert {e["page"] for e in three["evidence"] if e["start"] is not None} == {5}
    for later in (two, three):
        assert later["data"]["number"] == "471102"
        assert [(r["code"], r["path"]) for r in later["reasons"]] == [("unsupported", "/buyer")]
    report = json.loads((case / "out" / "run.json").read_text())
    assert report["files"]["finished"] == report["files"]["found"] == 1
    assert report["results"]["total"] == 3
    assert report["documents"] == 3


@pytest.mark.slow
def test_a_packet_is_kept_and_another_split_is_other_work(case: Path) -> None:
    """A rerun asks nothing; --split is part of what a Result is kept by; a dry run counts the parts."""
    first = thresher(case, "out", "--ocr", "off", "--split", "pages:2")
    assert list(results(case / "out")) == ["packet.pdf!p1-2.json", "packet.pdf!p3-4.json", "packet.pdf!p5.json"], (
        first.stderr
    )
    again = thresher(case, "out", "--ocr", "off", "--split", "pages:2")
    assert again.stderr.count("(kept)") == 3
    thresher(case, "whole", "--ocr", "off", "--split", "off")
    (whole,) = results(case / "whole").values()
    assert (whole["source"]["path"], whole["source"]["page_range"]) == ("packet.pdf", None)
    assert "about 4 calls" in thresher(case, "dry", "--ocr", "off", "--split", "pages:1", "--dry-run").stdout
    assert "option_invalid" in thresher(case, "bad", "--split", "sometimes").stderr
