"""The overlay of a Matter: one row a document, the same rows when it is read again, every citation right."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collection_imports import imported
from tests.matter_results import HOSTILE, answer
from tests.simulation.discovery.broken_items import mail, write_broken
from tests.simulation.discovery.productions import Recipe, make_production
from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles.delimiters import CONCORDANCE, CSV
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.overlay.overlay_file import read_overlay
from thresher.service.discovery.overlay.writing import Exported, OverlayRequest, export_matter
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.volume import find_production
from thresher.service.reviews.base import NewEvent
from thresher.service.reviews.folder_file import folder_place, opened_folder_reviews


@pytest.fixture(scope="module")
def matter_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Matter of broken items with answers, a duplicate and a document that is held back."""
    place = tmp_path_factory.mktemp("export")
    (place / "source").mkdir()
    write_broken(place / "source")
    (place / "source" / "copy.eml").write_bytes(bytes(mail(2)))
    imported(place / "matter", [place / "source"])
    with Matter(place / "matter") as matter:
        documents = {d.path: d for d in matter.store.documents()}
        copy, held = documents["copy.eml"], documents["wrong.pdf"]
        master = documents["backup.tar.gz!/a/letter.eml"]
        matter.store.update([held.model_copy(update={"held": True, "state": "held"})])
        matter.store.update([copy.model_copy(update={"dup_of": master.id})])
        answer(matter)
        answered = matter.store.document(master.id)
        assert answered is not None
        matter.store.update([copy.model_copy(update={"dup_of": master.id, "state": answered.state})])
    return place / "matter"


def _exported(folder: Path, out: Path, **choices: Any) -> Exported:
    with Matter(folder) as matter:
        return export_matter(matter, OverlayRequest(out=out, **choices))


def _documents(folder: Path) -> list[MatterDocument]:
    with Matter(folder, writes=False) as matter:
        return list(matter.store.documents())


def _rows(path: Path) -> Iterator[dict[str, str]]:
    return read_overlay(path, CSV if path.suffix == ".csv" else CONCORDANCE)


def test_every_document_has_exactly_one_row(matter_folder: Path, tmp_path: Path) -> None:
    """Also exceptions, duplicates and what is held; and the counts say so."""
    exported = _exported(matter_folder, tmp_path)
    rows = list(_rows(tmp_path / "overlay.dat"))
    documents = _documents(matter_folder)
    assert [row["DOCID"] for row in rows] == [d.id for d in documents]
    assert exported.rows == len(documents)
    assert exported.reconciliation.state == "reconciled", [e.numbers for e in exported.reconciliation.failing]
    assert {row["X_STATUS"] for row in rows} == {"OK", "PARTIAL", "EXCEPTION", "HELD", "NOT_PROCESSED"}
    by_path = {d.path: row for d, row in zip(documents, rows, strict=True)}
    assert by_path["empty.txt"]["X_EXCEPTIONS"] == "ZERO_BYTE"
    assert by_path["wrong.pdf"]["X_TITLE_STATUS"] == "HELD"
    copy, master = by_path["copy.eml"], by_path["backup.tar.gz!/a/letter.eml"]
    assert copy["X_DUPOF"] == master["DOCID"]
    assert copy["X_TITLE"] == master["X_TITLE"] != ""
    for name in ("families", "exceptions", "duplicates", "threads"):
        assert (tmp_path / f"{name}.csv").exists()


@pytest.mark.parametrize("form", ["dat", "csv"])
def test_overlay_is_read_again_as_it_was_written(matter_folder: Path, tmp_path: Path, form: Any) -> None:
    """Values with every delimiter in them come back; what a form can not carry is listed, with the original."""
    _exported(matter_folder, tmp_path, form=form)
    _exported(matter_folder, tmp_path / "typed", form="jsonl")
    typed = [json.loads(line) for line in (tmp_path / "typed" / "overlay.jsonl").read_text().splitlines()]
    with (tmp_path / "altered.csv").open(encoding="utf-8-sig", newline="") as file:
        altered = {(row["key"], row["column"]) for row in csv.DictReader(file)}
    same = 0
    for row, true in zip(_rows(tmp_path / f"overlay.{form}"), typed, strict=True):
        for name, cell in row.items():
            wanted = true[name]
            text = ";".join(map(str, wanted)) if isinstance(wanted, list) and "PAYMENTS" not in name else wanted
            if (row["DOCID"], name) in altered or name.endswith("RUNID"):
                continue
            shown = text if isinstance(text, str) else "" if text is None or text == [] else json.dumps(text)
            assert re.sub(r"\s+", " ", cell) == re.sub(r"\s+", " ", shown), (name, cell)
            same += 1
    assert same > 500
    assert any(column == "X_PARTIES" for _, column in altered)
    assert any(column == "X_TITLE" for _, column in altered) == (form == "dat")


def test_each_citation_is_the_text_at_its_place(matter_folder: Path, tmp_path: Path) -> None:
    """Characters that a citation names are the value, in the text that is kept."""
    _exported(matter_folder, tmp_path)
    checked = 0
    for row in _rows(tmp_path / "overlay.dat"):
        if row["X_TOTAL"] and not row["X_DUPOF"]:
            start, end = map(int, row["X_TOTAL_CITE"].rpartition("@")[2].split("-"))
            text = (matter_folder / "texts" / row["DOCID"][:2] / f"{row['DOCID']}.txt").read_text()
            assert text[start:end] == row["X_TOTAL"]
            assert row["X_TOTAL_CONFIDENCE"] == ("LOW" if row["X_TOTAL_STATUS"] == "DOUBTFUL" else "HIGH")
            checked += 1
    assert checked > 5


async def _correct(results: Path, name: str) -> None:
    async with opened_folder_reviews(results) as reviews:
        await reviews.append(folder_place(name), NewEvent(by="ann", path="/total", action="edit", value="77.00"))


def test_values_that_people_corrected_are_exported(matter_folder: Path, tmp_path: Path) -> None:
    """For the document and for its copies, with the status and the citation of a correction."""
    folder = tmp_path / "matter"
    shutil.copytree(matter_folder, folder)
    copy = next(d for d in _documents(folder) if d.dup_of)
    asyncio.run(_correct(folder / "results", f"{copy.dup_of}.json"))
    _exported(folder, tmp_path / "out")
    rows = {row["DOCID"]: row for row in _rows(tmp_path / "out" / "overlay.dat")}
    for document in (copy.id, copy.dup_of or ""):
        told = [rows[document][f"X_TOTAL{end}"] for end in ("", "_CITE", "_CONFIDENCE", "_STATUS")]
        assert told == ["77.00", "by a person", "HIGH", "CORRECTED"]


def test_production_is_keyed_and_cited_by_bates_number(tmp_path: Path) -> None:
    """The key is the produced number, and a citation names the page's."""
    make_production(tmp_path / "ABC001", Recipe(documents=12, seed=5))
    with Matter(tmp_path / "matter") as matter:
        import_production(matter, find_production(tmp_path / "ABC001"), LoadOptions(), "")
        answer(matter)
    exported = _exported(tmp_path / "matter", tmp_path / "out", encoding="cp1252", unencodable="escape", prefix="T_")
    assert exported.reconciliation.state == "reconciled", [e.numbers for e in exported.reconciliation.failing]
    documents = {d.bates_begin: d for d in _documents(tmp_path / "matter")}
    rows = list(read_overlay(tmp_path / "out" / "overlay.dat", CONCORDANCE, "cp1252"))
    assert [row["BEGBATES"] for row in rows] == list(documents)
    cited = [row for row in rows if row["T_TOTAL_CITE"]]
    assert cited
    assert all(row["T_TOTAL_CITE"].startswith(f"{row['BEGBATES']}@") for row in cited)
    assert any("\\u{2603}" in row["T_TITLE"] for row in rows)


def test_what_an_encoding_can_not_write_is_refused_by_name(matter_folder: Path, tmp_path: Path) -> None:
    """Nothing is replaced in silence, and no half of a file is left."""
    assert "☃" in HOSTILE
    with pytest.raises(InputProblem, match="U\\+2603"):
        _exported(matter_folder, tmp_path / "out", encoding="cp1252")
    assert list((tmp_path / "out").iterdir()) == []


def test_parquet_has_the_types_of_the_target(matter_folder: Path, tmp_path: Path) -> None:
    """Decimals are decimals, lists are lists, and there is a row for each document."""
    parquet = pytest.importorskip("pyarrow.parquet")
    exported = _exported(matter_folder, tmp_path, form="parquet")
    table = parquet.read_table(tmp_path / "overlay.parquet")
    assert table.num_rows == exported.rows
    assert str(table.schema.field("X_TOTAL").type).startswith("decimal128")
    assert str(table.schema.field("X_PARTIES").type).startswith("list")


def test_missing_row_fails_the_reconciliation(matter_folder: Path, tmp_path: Path) -> None:
    """A document that vanishes from the store shows in every equation that counts it another way."""
    folder = tmp_path / "matter"
    shutil.copytree(matter_folder, folder)
    with Matter(folder) as matter:
        matter.store.connection.execute("DELETE FROM documents WHERE place = (SELECT MAX(place) FROM documents)")
        exported = export_matter(matter, OverlayRequest(out=tmp_path / "out"))
        assert matter.store.get("state") == "failed_reconciliation"
    failing = {e.rule.left for e in exported.reconciliation.failing}
    assert "items_discovered" in failing
