"""What a service does with a matter besides importing, extracting and exporting: one order in, one summary out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.collection_imports import InlineUnits
from tests.matter_results import answer
from tests.simulation.discovery.broken_items import PASSWORD, mail, seven_zip
from thresher.schemas.discovery.matter_actions import ActionSummary, MatterAction
from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.work import ActionOrder
from thresher.service.backend.matters import action_work
from thresher.service.backend.matters.action_work import ActionJob
from thresher.service.backend.matters.folders import MatterFolders
from thresher.service.discovery.collection.import_run import import_collections
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.privilege.screen import apply_holding


class House:
    """A matter of a service, and the folder that is open for imports."""

    def __init__(self, folder: Path) -> None:
        """Import four mails, a locked 7z and an empty file."""
        self.root = folder / "evidence"
        self.root.mkdir()
        for number in range(4):
            (self.root / f"{number}.eml").write_bytes(bytes(mail(number)))
        (self.root / "locked.7z").write_bytes(seven_zip({"one.txt": b"one"}, PASSWORD))
        (self.root / "empty.txt").write_bytes(b"")
        folders = MatterFolders(folder / "matters")
        self.folder = folders.folder("acme", folders.create("acme", "m").id)
        with Matter(self.folder) as matter:
            import_collections(matter, [self.root], "A", CollectionOptions(), pool=InlineUnits())
            answer(matter)

    def do(self, action: str, passwords: tuple[str, ...] = (), **more: Any) -> ActionSummary:
        """Do an action; the roots are those of the evidence."""
        asked = TypeAdapter[MatterAction](MatterAction).validate_python({"action": action, **more})
        order = ActionOrder(matter=self.folder.name, action=asked)
        stages: list[str] = []
        job = ActionJob(id="0192", passwords=passwords, roots=(self.root.resolve(),))
        done = action_work.run_action(self.folder, order, job, stages.append)
        assert (done.action, stages) == (action, [action])
        return done


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A matter of a service; items are read again in this process."""
    monkeypatch.setattr(action_work, "UnitPool", lambda _: InlineUnits())
    return House(tmp_path)


def test_exceptions_are_tried_again_and_waived(house: House) -> None:
    """A password opens what was locked; the rest is waived, with who and why; reports say it at once; a closed root ends it."""
    assert (house.do("retry").status, house.do("retry").counts["gone"]) == ("exceptions", 0)
    opened = house.do("retry", (PASSWORD,))
    assert (opened.status, opened.counts) == ("complete", {"tried": 1, "gone": 1, "asked_again": 0, "left": 0})
    waived = house.do("resolve", code="ZERO_BYTE", resolution="waived", by="Ann", why="empty there, too")
    assert (waived.status, waived.counts) == ("complete", {"waived": 1})
    with (house.folder / "reports" / "exceptions.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["resolution"] for row in csv.DictReader(file)} == {"resolved", "waived"}
    with pytest.raises(InputProblem, match="--why"):
        house.do("resolve", code="zero_byte", by="Ann")
    house.root = house.root / "elsewhere"
    with pytest.raises(InputProblem, match="source_refused"):
        house.do("retry")


def test_a_file_that_became_a_link_is_not_read_again(house: House, tmp_path: Path) -> None:
    """A link out of its source leads nowhere: it is told as left."""
    (tmp_path / "secret.7z").write_bytes(seven_zip({"secret.txt": b"secret"}))
    (house.root / "locked.7z").unlink()
    (house.root / "locked.7z").symlink_to(tmp_path / "secret.7z")
    with Matter(house.folder) as matter:
        for kept in house.folder.glob("originals/*/*"):
            kept.unlink()
        assert matter.store.counts("documents")
    tried = house.do("retry")
    assert (tried.counts["gone"], tried.found) == (0, ("locked.7z",))


def test_a_changed_byte_is_found_and_stays_to_be_found(house: House) -> None:
    """Verification writes nothing; it waits for whoever writes."""
    whole = house.do("verify")
    assert (whole.status, whole.counts["changed"]) == ("complete", 0)
    assert house.do("verify", head=whole.head).status == "complete"
    (house.root / "3.eml").write_bytes(b"another")
    for _ in range(2):
        changed = house.do("verify")
        assert (changed.status, changed.found[0]) == ("changed", "changed: input 3.eml of SOURCE 1")
    with Matter(house.folder), pytest.raises(SetupProblem, match="store_locked"):
        house.do("verify")


def test_a_held_document_is_released_and_reported(house: House) -> None:
    """By its id, with a reason; the reports are written anew; one that is not held is refused."""
    with Matter(house.folder) as matter:
        first = next(matter.store.documents())
        row = (first.id, "lists", '["term:privileged"]')
        matter.store.connection.execute("INSERT INTO screened VALUES (?, ?, ?)", row)
        apply_holding(matter)
    said: dict[str, Any] = {"documents": [first.id], "by": "Ann", "why": "a press release"}
    assert house.do("release", **said).counts == {"released": 1}
    assert '"state": "reconciled"' in (house.folder / "reports" / "reconciliation.json").read_text()
    assert house.do("report").status == "complete"
    with pytest.raises(InputProblem, match="not held"):
        house.do("release", **said)


def test_a_sample_is_drawn_coded_and_measured(house: House) -> None:
    """The sheet is filled in and sent; a wrong one is refused and not kept; the measures are those of the command."""
    drawn = house.do("sample", seed=4, size=3, frame="kind:email")
    assert (drawn.counts, [f.name for f in drawn.files]) == ({"drawn": 3, "frame": 4}, ["coding.csv", "frame.txt"])
    folder = house.folder / "samples" / str(drawn.sample)
    sheet = (folder / "coding.csv").read_text("utf-8-sig")
    with pytest.raises(InputProblem, match="must be yes or no"):
        house.do("validate", coding=sheet.replace(".eml,", ".eml,perhaps,"))
    head, *rows = list(csv.reader(sheet.splitlines()))
    filled = "\n".join(",".join(f'"{cell}"' for cell in [*row[:-1], "no"]) for row in rows)
    measured = house.do("validate", sample=drawn.sample, coding=f"{','.join(head)}\n{filled}\n")
    assert (measured.counts["coded"], (measured.report or {})["confusion"]["tn"]) == (3, 3)
    assert [path.name for path in folder.glob("coding-*.csv")] == ["coding-0192.csv"]
