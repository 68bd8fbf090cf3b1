"""Trees: a Source and all that it holds, in order, under limits that count over the whole."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Relation, Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.container_walk import read_tree
from thresher.service.readers.pool import InlineReader, ReaderPool
from thresher.service.readers.sources import RefusedPath, find_sources, make_source


def zipped(members: dict[str, bytes]) -> bytes:
    """A ZIP of names and bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def _root(folder: Path, data: bytes, name: str = "root.zip") -> Source:
    (folder / name).write_bytes(data)
    return make_source(folder / name)


def _paths(readings: list[Reading]) -> list[str]:
    return [r.document.source.path for r in readings]


def _codes(reading: Reading) -> list[str]:
    return [n.code for n in reading.document.notes]


NESTED = zipped({"a.txt": b"first", "in.zip": zipped({"b.txt": b"second", "c.txt": b"third"}), "d.txt": b"fourth"})


async def test_depth_first_in_document_order(tmp_path: Path) -> None:
    """Children come right after what holds them, and before its next sibling."""
    async with ReaderPool(tmp_path / "spool", workers=2) as pool:
        readings = await read_tree(_root(tmp_path, NESTED), pool, ReadOptions())
    assert _paths(readings) == [
        "root.zip",
        "root.zip!/1-a.txt",
        "root.zip!/2-in.zip",
        "root.zip!/2-in.zip!/1-b.txt",
        "root.zip!/2-in.zip!/2-c.txt",
        "root.zip!/3-d.txt",
    ]
    assert [r.document.source.depth for r in readings] == [0, 1, 1, 2, 2, 1]
    assert readings[3].document.source.parent == readings[2].document.source.id


async def test_a_child_that_fails_stays_in_the_list(tmp_path: Path) -> None:
    """What can not be read is there with its reason; what stands beside it is read."""
    data = zipped({"a.txt": b"fine", "b.bin": b"\0\1\2\3" * 99, "empty.txt": b"", "z.txt": b"fine too"})
    readings = await read_tree(_root(tmp_path, data), InlineReader(tmp_path / "spool"), ReadOptions())
    assert [r.document.text for r in readings[1:]] == ["fine", "", "", "fine too"]
    assert [_codes(r) for r in readings[1:]] == [[], ["unsupported_type"], ["zero_byte"], []]


async def test_a_root_that_fails_raises(tmp_path: Path) -> None:
    """The caller's own file is the caller's problem."""
    with pytest.raises(InputProblem) as problem:
        await read_tree(_root(tmp_path, b""), InlineReader(tmp_path / "spool"), ReadOptions())
    assert problem.value.code == "zero_byte"


async def test_nesting_stops_at_the_limit(tmp_path: Path) -> None:
    """A ZIP in a ZIP in a ZIP … is followed as deep as allowed, and the next one is named."""
    data = b"the core"
    for i in range(12):
        data = zipped({f"{i}.zip" if i else "core.txt": data})
    options = ReadOptions(limits=Limits(depth=5))
    readings = await read_tree(_root(tmp_path, data), InlineReader(tmp_path / "spool"), options)
    assert len(readings) == 7
    assert _codes(readings[-1]) == ["depth_limit"]


async def test_a_bomb_of_nested_archives_stops(tmp_path: Path) -> None:
    """Sixteen archives of sixteen archives …: each level alone is small, the tree stops at its budget."""
    data = b"x" * 10_000
    for level in range(4):
        data = zipped({f"{level}-{i}.zip" if level else f"{i}.txt": data + bytes([i] * 8) for i in range(16)})
    options = ReadOptions(limits=Limits(expanded=2 << 20, members=300))
    readings = await read_tree(_root(tmp_path, data), InlineReader(tmp_path / "spool"), options)
    assert sum(not r.document.notes and r.document.source.depth > 0 for r in readings) <= 300
    assert sum(r.document.source.size for r in readings if r.document.kind != "unread") < (4 << 20)
    assert any("expansion_limit" in _codes(r) for r in readings)


async def test_equal_members_are_read_once_and_listed_each(tmp_path: Path) -> None:
    """The same bytes twice: one reading, two Documents with names of their own, children and all."""
    inner = zipped({"x.txt": b"hello"})
    calls = []

    class Counting(InlineReader):
        async def read(self, source: Source, options: ReadOptions) -> Reading:
            calls.append(source.name)
            return await super().read(source, options)

    root = _root(tmp_path, zipped({"a.zip": inner, "b.zip": inner}))
    readings = await read_tree(root, Counting(tmp_path / "spool"), ReadOptions())
    assert calls == ["root.zip", "a.zip", "x.txt"]
    assert _paths(readings)[1:] == [
        "root.zip!/1-a.zip",
        "root.zip!/1-a.zip!/1-x.txt",
        "root.zip!/2-b.zip",
        "root.zip!/2-b.zip!/1-x.txt",
    ]
    assert len({r.document.source.id for r in readings}) == 5
    assert readings[4].document.source.parent == readings[3].document.source.id
    assert readings[4].document.text == "hello"


class _Mail:
    """A mail with pictures, for which nothing but sizes and relations count."""

    def __init__(self, spool: Path, text: str, children: list[tuple[str, int, Relation]]) -> None:
        self.spool, self.text, self.children = Spool(spool), text, children

    async def read(self, source: Source, _: ReadOptions) -> Reading:
        """The mail, or a picture that says "picture"."""
        if source.depth:
            return Reading(Document(source=source, text="picture"))
        made = [
            self.spool.child(
                source, bytes([i]) * size, name=name, ordinal=i, relation=relation, declared_type="image/png"
            )
            for i, (name, size, relation) in enumerate(self.children)
        ]
        return Reading(Document(source=source, text=self.text), made)


@pytest.mark.parametrize(
    ("inline", "read"),
    [("auto", ["picture"] * 3), ("none", ["", "", "picture"]), ("all", ["picture"] * 3)],
)
async def test_pictures_in_the_text(tmp_path: Path, inline: str, read: list[str]) -> None:
    """All are given to their reader, which passes over those that hold no words; the Policy may leave them out."""
    mail = _Mail(
        tmp_path / "s", "See", [("logo", 900, "inline"), ("photo", 90_000, "inline"), ("x", 900, "attachment")]
    )
    options = ReadOptions.model_validate({"inline": inline})
    readings = await read_tree(_root(tmp_path, b"mail"), mail, options)
    assert [r.document.text for r in readings[1:]] == read
    assert all(_codes(r) == ["inline_unread"] for r in readings[1:] if not r.document.text)


def test_find_sources_sorts_and_stays_inside(tmp_path: Path) -> None:
    """Files in order of their paths; litter passed over; links out of the folder and special files refused."""
    folder, outside = tmp_path / "in", tmp_path / "out"
    (folder / "b").mkdir(parents=True)
    outside.mkdir()
    for path in (folder / "a.txt", folder / "b" / "c.txt", folder / ".hidden", folder / "Thumbs.db", outside / "s.txt"):
        path.write_text(path.name)
    (folder / "link.txt").symlink_to(outside / "s.txt")
    (folder / "up").symlink_to(tmp_path)
    (folder / "b" / "loop").symlink_to(folder)
    (folder / "gone.txt").symlink_to(folder / "nothing")
    os.mkfifo(folder / "pipe")
    found = list(find_sources([folder, outside / "s.txt", outside / "none.txt"]))
    assert [f.path for f in found if isinstance(f, Source)] == ["a.txt", "b/c.txt", "s.txt"]
    assert {f.path: f.problem.code for f in found if isinstance(f, RefusedPath)} == {
        "gone.txt": "file_not_found",
        "link.txt": "unsafe_path",
        "none.txt": "file_not_found",
        "pipe": "unsupported_type",
        "up": "unsafe_path",
    }
