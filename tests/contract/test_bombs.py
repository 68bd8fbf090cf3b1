"""Bombs end within seconds, with a code or with what they say, and without the memory of the machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.bombs import write
from thresher.schemas.errors import Problem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.service.readers.container_walk import read_tree
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source

SECONDS = 60.0  # on a busy machine; each takes a few on a quiet one
OPTIONS = ReadOptions(ocr="off", limits=Limits(memory=512 << 20, seconds=SECONDS))
ENDS = [  # bomb, the codes of which it gives at least one; none where it is read as it stands
    ("mebibytes.xz", {"expansion_limit"}),
    ("nested.zip", {"expansion_limit"}),
    ("deep.zip", {"depth_limit"}),
    ("layers.gz", {"expansion_limit"}),
    ("form.pdf", {"too_large", "corrupt"}),
    ("packed.pdf", {"too_large", "corrupt"}),
    ("pages.pdf", {"corrupt"}),
    ("mime.eml", {"depth_limit"}),
    ("headers.eml", {"too_large"}),
    ("addresses.eml", {"too_large"}),
    ("laughs.xml", {"expansion_limit"}),
    ("depth.html", set()),
    ("attributes.html", set()),
    ("quotes.md", set()),
    ("stars.md", set()),
    ("links.md", set()),
    ("quote.csv", set()),
    ("far.xlsx", set()),
    ("groups.rtf", set()),
    ("pixels.png", {"too_large"}),
]


@pytest.mark.parametrize(("name", "codes"), ENDS)
async def test_a_bomb_ends_with_a_code(tmp_path: Path, name: str, codes: set[str]) -> None:
    """What wants to take for ever, or all memory, ends in time; the next file is read."""
    async with ReaderPool(tmp_path / "spool", workers=1) as pool, asyncio.timeout(SECONDS):
        assert bool(await _codes(pool, write(name, tmp_path)) & codes) == bool(codes)
        (tmp_path / "good.txt").write_text("Order number: PO-1")
        assert await _codes(pool, tmp_path / "good.txt") == set()


async def _codes(pool: ReaderPool, path: Path) -> set[str]:
    try:
        readings = await read_tree(make_source(path), pool, OPTIONS)
    except Problem as problem:
        return {problem.code}
    return {note.code for r in readings for note in r.document.notes}


async def test_the_whole_tree_has_one_limit_of_time(tmp_path: Path) -> None:
    """What is left when the time of the whole file is used up is in the list, with its reason."""
    options = OPTIONS.model_copy(update={"limits": Limits(tree_seconds=0.0)})
    async with ReaderPool(tmp_path / "spool", workers=1) as pool:
        readings = await read_tree(make_source(write("deep.zip", tmp_path)), pool, options)
    assert [[n.code for n in r.document.notes] for r in readings[1:]] == [["timeout"]]
