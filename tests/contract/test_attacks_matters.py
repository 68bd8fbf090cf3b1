"""Attacks by what is imported into a matter: names in a ZIP of which no file can be made, and the like."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.collection_imports import imported
from thresher.schemas.errors import InputProblem
from thresher.service.backend.matters.received_files import unpacked
from thresher.service.discovery.collection.options import LIMITS, CollectionOptions
from thresher.service.discovery.matter.folder import Matter

NAMES = {
    "file and folder": ["a", "a/b"],
    "folder and file": ["a/b", "a"],
    "twice": ["a", "./a"],
    "long": ["x" * 300],
    "deep": ["d/" * 1900 + "f"],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_a_name_that_no_file_can_have_is_a_fault_of_the_file(tmp_path: Path, names: list[str]) -> None:
    """It ends with a code for good, neither as a fault of the disk that is tried again nor as one over another."""
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        for name in names:
            archive.writestr(name, name)
    with pytest.raises(InputProblem) as refused:
        unpacked(tmp_path / "v.zip")
    assert refused.value.code == "corrupt"


def nested(levels: int, fan: int) -> bytes:
    """A ZIP of ZIPs: `fan` to the power of `levels` texts."""
    data = b"text"
    for level in range(levels):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(fan):
                archive.writestr(f"{number}.{'zip' if level else 'txt'}", data)
        data = made.getvalue()
    return data


def test_limits_hold_over_archives_in_archives(tmp_path: Path) -> None:
    """Some kB that unfold to millions of files end early, with a code, and the same way each time."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.zip").write_bytes(nested(5, 6))
    options = CollectionOptions(limits=LIMITS.model_copy(update={"expanded": 200_000}))
    found = []
    for name in ("one", "two"):
        imported(tmp_path / name, [tmp_path / "in"], options=options)
        with Matter(tmp_path / name, writes=False) as matter:
            found.append([e.path for e in matter.store.exceptions() if e.code == "expansion_limit"])
            assert sum(matter.store.counts("documents").values()) < 250
    assert found[0]
    assert found[0] == found[1]


def test_an_archive_in_an_archive_that_is_none_of_a_bomb_is_read(tmp_path: Path) -> None:
    """What lies beside it does not take its room."""
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.txt", "".join(f"{n * 7919 % 65_536} all is well\n" for n in range(50_000)))
        archive.writestr("b.zip", nested(2, 5))
    imported(tmp_path / "matter", [tmp_path / "in"])
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert (sum(matter.store.counts("documents").values()), list(matter.store.exceptions())) == (26, [])
