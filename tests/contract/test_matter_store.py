"""A Matter's folder: records in order, events that follow each other, bytes that are kept once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import SetupProblem
from thresher.service.discovery.matter import store
from thresher.service.discovery.matter.audit_log import faults
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.originals import hashes_of
from thresher.service.discovery.matter.rows import Records, inner_place, source_place


def _document(name: str) -> MatterDocument:
    return MatterDocument(id=name, family_id=name, source=1)


def _write(matter: Matter, *positions: int) -> None:
    records = Records()
    for position in positions:
        records.document(_document(f"d{position}"), inner_place(source_place(1), position))
    matter.store.write(records, matter.event("unit", documents=len(positions)))


def test_documents_come_in_the_order_of_their_places(tmp_path: Path) -> None:
    """However they were written; more than one page of them."""
    with Matter(tmp_path) as matter:
        _write(matter, *range(900, 1300), 2)
        _write(matter, *range(3, 900), 1)
        assert [d.id for d in matter.store.documents()] == [f"d{n}" for n in range(1, 1300)]


def test_a_page_ends_behind_long_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load file may give records of millions of characters: a page of many of them must not fill the memory."""
    monkeypatch.setattr(store, "PAGE_CHARS", 100)
    with Matter(tmp_path) as matter:
        _write(matter, *range(1, 6))
        seen, after, more = list[str](), None, True
        while more:
            found, more = matter.store.page("documents", after, 4)
            assert len(found) < 4
            seen, after = [*seen, *(name for name, _ in found)], found[-1][0] if found else None
    assert seen == [f"d{n}" for n in range(1, 6)]


def test_log_is_chained_and_tells_a_changed_byte(tmp_path: Path) -> None:
    """Events are appended once, also when the process died before it wrote them; a changed byte shows."""
    matter = Matter(tmp_path)
    _write(matter, 1)
    matter.store.close()  # as a kill leaves it: the records are there, the line is not
    Path(tmp_path / "audit.jsonl").write_bytes(b'{"torn')
    os.close(matter._lock or 0)
    with Matter(tmp_path) as again:
        _write(again, 2)
    path = tmp_path / "audit.jsonl"
    assert path.read_bytes().count(b"\n") == 3  # the last one seals the matter
    assert list(faults(path)) == []
    path.write_bytes(path.read_bytes().replace(b'"documents":1', b'"documents":7', 1))
    assert list(faults(path)) == ["line 2 does not follow from the line before"]


def test_only_one_process_writes(tmp_path: Path) -> None:
    """A second writer is refused; a reader is not."""
    with Matter(tmp_path):
        with pytest.raises(SetupProblem, match="store_locked"):
            Matter(tmp_path)
        Matter(tmp_path, writes=False).close()


def test_bytes_are_kept_once_under_their_hash(tmp_path: Path) -> None:
    """Bytes given whole or in pieces are the same file, and nothing half written stays."""
    with Matter(tmp_path) as matter:
        found = matter.originals.put_pieces([b"he", b"llo"])
        assert found == hashes_of(b"hello")
        assert matter.originals.put(b"hello", found.sha256).read_bytes() == b"hello"
        assert not list(tmp_path.glob("originals/**/*.part"))


def test_a_new_matter_is_its_owners_alone(tmp_path: Path) -> None:
    """Originals, the privilege log and reports of personal data lie there; a folder that a team has made keeps its rights."""
    before = os.umask(0o022)
    try:
        (tmp_path / "team").mkdir(mode=0o750)
        for name in ("own", "team"):
            Matter(tmp_path / name).close()
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("own", "team")] == [0o700, 0o750]
