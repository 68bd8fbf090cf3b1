"""Attacks by what is imported into a matter: names in a ZIP of which no file can be made, and the like."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from thresher.schemas.errors import InputProblem
from thresher.service.backend.matters.received_files import unpacked

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
