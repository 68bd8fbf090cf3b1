"""From a frame to numbers: drawn, coded by people, compared with the machine."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.collection_imports import imported
from tests.matter_results import answer, text_of_document
from tests.simulation.discovery.broken_items import mail
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.results_of_matter import results_of
from thresher.service.discovery.sampling.drawing import Sample, draw, kept_sample
from thresher.service.discovery.sampling.frames import Judging, frame_of
from thresher.service.discovery.sampling.validating import validate


@pytest.fixture
def matter_folder(tmp_path: Path) -> Path:
    """A Matter of 20 mails with answers."""
    (tmp_path / "source").mkdir()
    for number in range(20):
        (tmp_path / "source" / f"{number:02d}.eml").write_bytes(bytes(mail(number)))
    imported(tmp_path / "matter", [tmp_path / "source"])
    with Matter(tmp_path / "matter") as matter:
        answer(matter)
    return tmp_path / "matter"


def _drawn(folder: Path, name: str, size: int, fields: str = "") -> tuple[Sample, Path]:
    with Matter(folder) as matter:
        results = results_of(matter)
        frame = frame_of(matter, results, name)
        return draw(matter, results, frame, seed=7, size=size, judging=Judging(), fields=fields)


def test_sample_is_kept_with_its_frame_and_is_drawn_again_the_same(matter_folder: Path) -> None:
    """The list of the frame and its hash, the seed and the ids; a second drawing gives the same and spoils no coding."""
    sample, sheet = _drawn(matter_folder, "state:extracted+kind:email", 5)
    assert (sample.size, sample.frame_size) == (5, 8)
    sheet.write_text(sheet.read_text(encoding="utf-8-sig") + "# in work", encoding="utf-8")
    again, _ = _drawn(matter_folder, "state:extracted+kind:email", 5)
    assert again.ids == sample.ids
    assert sheet.read_text().endswith("# in work")
    with Matter(matter_folder, writes=False) as matter:
        assert kept_sample(matter, "").ids == sample.ids
    assert len((sheet.parent / "frame.txt").read_text().split()) == 8


def test_fields_are_compared_value_by_value(matter_folder: Path) -> None:
    """What coders wrote against what the machine found, with absence as a class, in all and by kind."""
    sample, sheet = _drawn(matter_folder, "state:extracted", 8, "total,author_role,parties")
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["TOTAL"] == "" for row in rows)
    for place, row in enumerate(rows):
        row["TOTAL"] = "absent" if place == 0 else f"1{int(row['name'][:2])}.50" if place > 1 else "999"
        row["AUTHOR_ROLE"], row["PARTIES"] = "absent", "Acme; Ann" if place else ""
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    with Matter(matter_folder) as matter:
        found = validate(matter, results_of(matter), sample)
    total = found.fields["TOTAL"]["all"]
    assert (total.equal, total.other, total.extra) == (6, 1, 1)
    assert found.fields["AUTHOR_ROLE"]["email"].absent == 8
    assert found.fields["PARTIES"]["all"].other == 7
    kept = json.loads((sheet.parent / "validation.json").read_text())
    assert kept["fields"]["TOTAL"]["all"]["precision"]["value"] == 0.75
    assert text_of_document(3).count("13.50") == 1


def test_sheet_with_a_wrong_answer_is_refused_by_its_row(matter_folder: Path) -> None:
    """Neither yes nor no; and a document that is not in the sample."""
    sample, sheet = _drawn(matter_folder, "all", 3)
    lines = sheet.read_text(encoding="utf-8-sig").splitlines()
    sheet.write_text("\n".join([lines[0], f"{lines[1]}perhaps", *lines[2:]]))
    with Matter(matter_folder) as matter, pytest.raises(InputProblem, match="row 2"):
        validate(matter, results_of(matter), sample)
    with Matter(matter_folder) as matter, pytest.raises(InputProblem, match="--frame nonsense"):
        frame_of(matter, results_of(matter), "nonsense")
