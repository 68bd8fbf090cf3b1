"""What a Matter says of itself: equations that must balance, proof against changes, reports, exceptions tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collection_imports import InlineUnits, dumped, imported
from tests.matter_results import answer
from tests.simulation.discovery.broken_items import PASSWORD, mail, seven_zip, write_broken, zip_of
from tests.simulation.discovery.productions import Recipe, make_production
from thresher.schemas.discovery.matter import MatterException
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.custody.resolution import Chosen, resolve
from thresher.service.discovery.custody.retrying import retry
from thresher.service.discovery.custody.verification import verify
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.audit_log import head_of
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import Records, inner_place, source_place
from thresher.service.discovery.overlay.writing import OverlayRequest, export_matter
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.volume import find_production
from thresher.service.discovery.reconciliation.equations import Reconciliation
from thresher.service.discovery.reconciliation.reconciling import reconcile

FAULTS = ("column_count", "missing_native", "native_for_redacted", "orphan", "missing_image", "bad_date")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Matter of items that can not simply be read, and of a production with faults."""
    place = tmp_path_factory.mktemp("accounts")
    (place / "source").mkdir()
    write_broken(place / "source")
    imported(place / "matter", [place / "source"], custodian="Lay, Kenneth")
    make_production(place / "ABC001", Recipe(documents=110, seed=5, faults=FAULTS))
    with Matter(place / "matter") as matter:
        import_production(matter, find_production(place / "ABC001"), LoadOptions(), "Other side")
    return place / "matter"


def _reconciled(folder: Path) -> Reconciliation:
    with Matter(folder, writes=False) as matter:
        return reconcile(matter)


def test_broken_items_balance(broken: Path) -> None:
    """Every item that was found is a document, a container, left out or unreadable; so it is for source and custodian."""
    found = _reconciled(broken)
    assert [f"{e.scope.kind} {e.scope.name}: {e.rule.text}: {e.numbers}" for e in found.failing] == []
    assert found.state == "reconciled"
    whole = {e.rule.text: e for e in found.equations if e.scope.kind == "total"}
    items = next(e for text, e in whole.items() if text.startswith("items_discovered"))
    assert items.right[-1] > 3
    assert any(text.startswith("dat_rows") for text in whole)


# --- nothing changes unseen


def _deviations(folder: Path, head: str = "") -> list[str]:
    with Matter(folder, writes=False) as matter:
        return [f"{d.gravity}: {d.what}" for d in verify(matter, head)]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A Matter with answers and an export, beside its source."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.eml").write_bytes(bytes(mail(1, {"a.bin": b"attached"})))
    (tmp_path / "source" / "b.zip").write_bytes(zip_of({"b.eml": bytes(mail(2))}))
    imported(tmp_path / "matter", [tmp_path / "source"])
    with Matter(tmp_path / "matter") as matter:
        answer(matter)
        export_matter(matter, OverlayRequest(out=tmp_path / "out"))
    assert _deviations(tmp_path / "matter") == []
    return tmp_path / "matter"


def test_any_changed_byte_is_found_and_named(sound: Path) -> None:
    """A byte of any file that is kept, received or exported: the file is named; put back, all is well again."""
    out, source = sound.parent / "out", sound.parent / "source"
    paths = [p for folder in (sound, out, source) for p in sorted(folder.rglob("*")) if p.is_file()]
    left_out = (".lock", ".db", ".db-wal", ".db-shm")
    checked = [p for p in paths if not p.name.endswith(left_out)]
    assert len(checked) > 14
    for path in checked:
        data = path.read_bytes()
        for place in {0, len(data) // 2, len(data) - 1}:
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            found = _deviations(sound)
            assert any(path.name in one for one in found), (path, place, found)
        path.write_bytes(data)
    assert _deviations(sound) == []


def test_changed_records_are_found_and_named(sound: Path) -> None:
    """A record that is changed, added or removed past the program shows by its id."""
    with Matter(sound, writes=False) as matter:
        first = next(iter(matter.store.documents()))
        run = matter.store.connection.execute
        run("UPDATE documents SET record = replace(record, 'Mail 1', 'Mail 9') WHERE id = ?", (first.id,))
        assert [d.what for d in verify(matter)] == [f"documents {first.id}"]
        run("DELETE FROM documents WHERE id = ?", (first.id,))
        assert f"missing: documents {first.id}" in [f"{d.gravity}: {d.what}" for d in verify(matter)]


def test_what_changed_before_the_next_command_is_not_sealed_in_silence(sound: Path) -> None:
    """The command that begins to write names it in the log first; and what a command writes itself is never named."""
    with Matter(sound) as matter:
        first = next(iter(matter.store.documents()))
        matter.store.update([first.model_copy(update={"thread_id": "t"})], matter.event("threaded"))
    assert _deviations(sound) == []
    with Matter(sound, writes=False) as matter:
        matter.store.connection.execute("UPDATE documents SET record = replace(record, 'Mail 1', 'Mail 9')")
    text = next((sound / "texts").rglob("*.txt"))
    text.write_text("another")
    with Matter(sound) as matter:
        matter.record_event("anything")
    found = _deviations(sound)
    for what in (f"documents {first.id}", text.name):
        assert [one for one in found if what in one and "found before line" in one], (what, found)
    with Matter(sound) as matter:
        matter.record_event("anything")
    assert _deviations(sound) == found


def test_text_that_no_question_could_be_about_shows_in_the_counts(sound: Path) -> None:
    """A Result that says so makes the equation of texts fail."""
    path = next(p for p in (sound / "results").rglob("*.json") if '"outside":0' in p.read_text())
    path.write_text(path.read_text().replace('"outside":0', '"outside":7'))
    with Matter(sound) as matter:
        failing = [e.told for e in reconcile(matter).failing if e.scope.kind == "total"]
    assert [told.partition(" ")[2].split("=")[0] for told in failing] == ["texts asked ≠ 1 texts covered by chunks"], (
        failing
    )


def test_rewritten_log_is_found_by_the_hash_noted_elsewhere(sound: Path) -> None:
    """Who changes log and store alike is found by the hash of the last line, if somebody kept it."""
    head = head_of(sound / "audit.jsonl")
    assert _deviations(sound, head) == []
    lines = (sound / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (sound / "audit.jsonl").write_bytes(b"".join(lines[:-1]))
    with Matter(sound, writes=False) as matter:
        matter.store.connection.execute("DELETE FROM events WHERE number = ?", (len(lines),))
    assert any("no line has the hash" in one for one in _deviations(sound, head))


# --- exceptions come to an end


def _exceptions(folder: Path) -> dict[str, list[MatterException]]:
    found: dict[str, list[MatterException]] = {}
    with Matter(folder, writes=False) as matter:
        for one in matter.store.exceptions():
            found.setdefault(one.path, []).append(one)
    return found


def test_exception_is_waived_and_stays_waived(tmp_path: Path) -> None:
    """Who and why are kept, also when the same thing is found again; without a reason nothing is waived."""
    (tmp_path / "empty.txt").write_bytes(b"")
    imported(tmp_path / "matter", [tmp_path / "empty.txt"])
    with Matter(tmp_path / "matter") as matter:
        with pytest.raises(InputProblem, match="--why"):
            resolve(matter, Chosen(code="ZERO_BYTE"), "waived", "Ann", " ")
        assert resolve(matter, Chosen(code="ZERO_BYTE"), "waived", "Ann", "empty at the custodian's, too") == 1
        one = next(matter.store.exceptions())
        again = one.model_copy(update={"resolution": "open", "resolved_by": None, "resolved_why": None})
        records = Records()
        records.exception(again, inner_place(source_place(1), "empty.txt"))
        matter.store.write(records)
        assert next(matter.store.exceptions()) == one
    assert (one.resolution, one.resolved_by) == ("waived", "Ann")
    assert _deviations(tmp_path / "matter") == []


def test_retry_with_a_password_opens_what_was_locked(tmp_path: Path) -> None:
    """The document becomes a container with its members, the exception is resolved, ids and counts stay sound."""
    source = tmp_path / "source"
    source.mkdir()
    locked = seven_zip({"one.txt": b"one", "two.eml": bytes(mail(2))}, PASSWORD)
    (source / "locked.7z").write_bytes(locked)
    (source / "family.eml").write_bytes(bytes(mail(1, {"locked.7z": locked, "gone.bin": b""})))
    (source / "other.zip").write_bytes(zip_of({"inner.7z": locked, "plain.txt": b"plain"}))
    folder = tmp_path / "matter"
    imported(folder, [source])
    with Matter(folder) as matter:
        before = {d.path: d for d in matter.store.documents()}
        matter.store.update([before["other.zip!/plain.txt"].model_copy(update={"thread_id": "kept"})])
        assert retry(matter, CollectionOptions(), InlineUnits()).gone == 0
        assert {e[0].last_attempt is None for p, e in _exceptions(folder).items() if "locked" in p} == {False}
        assert retry(matter, CollectionOptions(passwords=(PASSWORD,)), InlineUnits()).gone == 3
        assert reconcile(matter).state == "reconciled", [(e.scope, e.told) for e in reconcile(matter).failing]
        after = {d.path: d for d in matter.store.documents()}
        assert [e.resolution for e in _exceptions(folder)["locked.7z"]] == ["resolved"]
        assert [e.resolution for e in _exceptions(folder)["family.eml!/2-gone.bin"]] == ["open"]
    assert {"locked.7z!/one.txt", "family.eml!/1-locked.7z!/two.eml", "other.zip!/inner.7z!/one.txt"} <= after.keys()
    assert "locked.7z" not in after
    assert after["family.eml"].id == before["family.eml"].id
    assert after["other.zip!/plain.txt"].thread_id == "kept"
    assert _deviations(folder) == []


def test_retry_gives_what_an_import_with_the_password_gives(tmp_path: Path) -> None:
    """Documents are the same, byte for byte, however they came to be opened."""
    (tmp_path / "locked.7z").write_bytes(seven_zip({"one.txt": b"one", "two.eml": bytes(mail(2))}, PASSWORD))
    imported(tmp_path / "late", [tmp_path / "locked.7z"])
    with Matter(tmp_path / "late") as matter:
        retry(matter, CollectionOptions(passwords=(PASSWORD,)), InlineUnits())
    imported(tmp_path / "soon", [tmp_path / "locked.7z"], options=CollectionOptions(passwords=(PASSWORD,)))
    late, soon = ([r for r in dumped(tmp_path / name) if '"code":' not in r] for name in ("late", "soon"))
    assert late == soon
