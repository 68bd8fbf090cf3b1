"""A file that is changed while it is read gives no Result: the hash in it would be that of other bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem
from thresher.service.readers.base import Reading
from thresher.service.readers.sources import make_source
from thresher.service.runs.unchanged_files import of_unchanged


@pytest.mark.parametrize("when", [0, 2])
async def test_a_changed_file_is_refused(tmp_path: Path, when: int) -> None:
    """Before its first document is given, and where that happened later, at its end; one that is gone, too."""
    file = tmp_path / "box.mbox"
    file.write_bytes(b"total 42.00")
    source = make_source(file)

    async def readings() -> AsyncIterator[Reading]:
        for number in range(3):
            if number == when:
                file.write_bytes(b"total 43.00") if when else file.unlink()
            yield Reading(document=Document(source=source, text="", kind="text"))

    seen: list[Reading] = []

    async def read() -> None:
        async for reading in of_unchanged(source, readings()):
            seen.append(reading)  # noqa: PERF401 - those before the fault count

    with pytest.raises(InputProblem, match="source_changed"):
        await read()
    assert len(seen) == (3 if when else 0)


async def test_a_file_that_stays_is_read(tmp_path: Path) -> None:
    """All of it is given."""
    (tmp_path / "a.txt").write_bytes(b"total 42.00")
    source = make_source(tmp_path / "a.txt")

    async def readings() -> AsyncIterator[Reading]:
        for _ in range(3):
            yield Reading(document=Document(source=source, text="", kind="text"))

    assert len([reading async for reading in of_unchanged(source, readings())]) == 3
