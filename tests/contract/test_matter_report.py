"""The reports of a Matter: one file that needs nothing else, and in which nothing from documents is markup."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from tests.collection_imports import imported
from tests.matter_results import answer
from tests.simulation.discovery.broken_items import mail, write_broken
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.reconciliation.reconciling import reconcile_and_keep
from thresher.service.discovery.reports.writing import write_reports

HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.txt"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of a Matter with hostile names, before and after a document vanished."""
    place = tmp_path_factory.mktemp("reports")
    (place / "source").mkdir()
    write_broken(place / "source")
    (place / "source" / HOSTILE).write_bytes(b"")
    (place / "source" / "=cmd()").write_bytes(b"")
    (place / "source" / "copy.eml").write_bytes(bytes(mail(2)))
    imported(place / "matter", [place / "source"], custodian="</style><b>Lay</b>")
    with Matter(place / "matter") as matter:
        documents = {d.path: d for d in matter.store.documents()}
        master = documents["backup.tar.gz!/a/letter.eml"]
        matter.store.update([documents["copy.eml"].model_copy(update={"dup_of": master.id, "thread_id": master.id})])
        answer(matter)
        write_reports(matter, reconcile_and_keep(matter), place / "good")
        assert matter.store.get("state") == "reconciled"
        matter.store.connection.execute("DELETE FROM documents WHERE id = ?", (documents["apple.emlx"].id,))
        write_reports(matter, reconcile_and_keep(matter), place / "bad")
        assert matter.store.get("state") == "failed_reconciliation"
    return place


def test_report_needs_nothing_and_runs_nothing(reports: Path) -> None:
    """No script, no address, a policy that forbids both; hostile names are text."""
    page = (reports / "good" / "report.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    assert not re.search(r"<script|javascript:|https?://|<img|<b>Lay", page)
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202egnp.txt" in page
    assert "&lt;/style&gt;&lt;b&gt;Lay" in page
    assert "prefers-color-scheme: dark" in page
    for section in ("reconciliation", "exceptions", "duplicates", "threads", "custodians", "volumes_by_type"):
        assert f'id="{section}"' in page
    assert page.count("<svg") == 3


def test_report_says_what_does_not_come_out(reports: Path) -> None:
    """The verdict is at the top, with the numbers of the equation that fails."""
    good, bad = ((reports / name / "report.html").read_text(encoding="utf-8") for name in ("good", "bad"))
    assert "<b>Reconciled.</b>" in good
    assert "<b>Not reconciled.</b>" in bad
    assert re.search(r"items discovered ≠ \d+ documents collected", bad)
    kept = json.loads((reports / "bad" / "reconciliation.json").read_bytes())
    failing = {e["equation"].split(" = ")[0] for e in kept["equations"] if not e["holds"]}
    assert "items_discovered" in failing


def test_tables_say_the_same_as_csv_and_as_json(reports: Path) -> None:
    """Each table in both forms, row by row; what a spreadsheet would run has a quote before it."""
    for name in ("exceptions", "families", "duplicates", "threads", "custodians", "volumes_by_type", "volumes_by_date"):
        with (reports / "good" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        records = json.loads((reports / "good" / f"{name}.json").read_bytes())
        assert len(rows) == len(records) > 0, name
        assert set(rows[0]) == set(records[0])
        for row in rows:
            assert not any(cell.startswith(("=", "@")) for cell in row.values())
    exceptions = json.loads((reports / "good" / "exceptions.json").read_bytes())
    assert {"ZERO_BYTE", "PASSWORD_PROTECTED", "CORRUPT", "DEPTH_LIMIT"} <= {row["code"] for row in exceptions}
