"""Attacks by SQLite files in folders of others: a view in the place of a table can be read without end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from thresher.schemas.errors import SetupProblem
from thresher.service.discovery.matter.folder import Matter
from thresher.service.reviews.folder_file import SharedFile, connected, connected_to_read
from thresher.service.storage.answers.sqlite_opening import connect

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
PROGRAMS = {
    "view": f"CREATE VIEW sources AS {ENDLESS}",
    "trigger": "CREATE TABLE a (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END",
    "computed": "CREATE TABLE sources (number INTEGER, label TEXT AS (hex(zeroblob(100000000))))",
    "virtual": "CREATE VIRTUAL TABLE sources USING rtree(id, a, b)",
}
OPENINGS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "matter": ("matter.db", lambda file: Matter(file.parent, writes=False)),
    "reviews": ("reviews.sqlite", SharedFile),
    "reviews to read": ("reviews.sqlite", lambda file: SharedFile(file, connected_to_read)),
    "answers": ("answers.sqlite", connect),
}


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("opening", OPENINGS)
def test_a_file_with_a_program_in_it_is_not_opened(tmp_path: Path, kind: str, opening: str) -> None:
    """Only tables and indexes are expected; what else is there is named."""
    name, opened = OPENINGS[opening]
    made = sqlite3.connect(tmp_path / name)
    made.executescript(PROGRAMS[kind])
    made.close()
    with pytest.raises(SetupProblem, match="store_failed"):
        opened(tmp_path / name)


def test_a_file_of_ours_is_opened(tmp_path: Path) -> None:
    """What Thresher itself makes holds nothing of the kind."""
    Matter(tmp_path).close()
    Matter(tmp_path, writes=False).close()
    for made in (connected(tmp_path / "r.sqlite"), connected(tmp_path / "r.sqlite"), connect(tmp_path / "a.sqlite")):
        made.close()
    connect(tmp_path / "a.sqlite").close()
