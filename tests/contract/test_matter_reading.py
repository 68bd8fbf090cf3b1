"""What of a matter is read: several page images as one document, nothing outside the volume, nothing that was redacted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from thresher.schemas.discovery.matter import MatterDocument, ProducedFiles
from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.originals import hashes_of_file
from thresher.service.discovery.matter.work import WorkStore
from thresher.service.discovery.reading.document_sources import DocumentSources
from thresher.service.discovery.reading.texts import Texts
from thresher.service.discovery.reading.walk import DocumentFiles, OwnContent, walked
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import make_source
from thresher.service.runs.units import units


def produced(**files: Any) -> MatterDocument:
    """A redacted document of a production."""
    given = ProducedFiles(pages=("A1", "A2"), **files)
    return MatterDocument(id="abc", family_id="abc", source=1, bates_begin="A1", redacted=True, produced=given)


@pytest.fixture
def sources(tmp_path: Path) -> Iterator[DocumentSources]:
    """The sources of a matter with one production, of two pages and a native."""
    for name in ("1.txt", "2.txt", "native.txt"):
        (tmp_path / "volume" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "volume" / name).write_text(f"page {name}")
    (tmp_path / "secret.txt").write_text("not of the volume")
    with Matter(tmp_path / "matter") as matter:
        WorkStore(matter.store).source(str(tmp_path / "volume"), "", "volume", "production")
        for file in (tmp_path / "volume").iterdir():
            row = (1, file.name, 0, 0, hashes_of_file(file).sha256, "", "")
            matter.store.connection.execute("INSERT INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        yield DocumentSources(matter)


async def test_page_images_are_one_unit_whose_texts_are_kept(sources: DocumentSources, tmp_path: Path) -> None:
    """Two images are one Unit with two Documents; each has its own text in the matter."""
    document = produced(text_from="images", images=("1.txt", "2.txt"))
    texts, reader = Texts(tmp_path / "texts"), InlineReader(tmp_path / "spool")
    files = DocumentFiles(document, sources.sources(document, "Fact/ab/abc"))

    async def whole(found: Document) -> list[Document]:
        return [found]

    async with walked(files, reader, ReadOptions(), texts) as readings:
        made = [unit async for unit in units(readings, "family", whole)]
    assert [[d.source.path for d in unit.documents] for unit in made] == [["Fact/ab/abc", "Fact/ab/abc!/2"]]
    assert texts.all("abc") == ["page 1.txt", "page 2.txt"]


def test_nothing_else_is_opened(sources: DocumentSources) -> None:
    """The native of a redacted document, a path that leaves the volume, a document without files: each refused."""
    for files in ({"text_from": "native", "native": "native.txt"}, {"text_from": "none"}):
        with pytest.raises(InputProblem, match="nothing was produced"):
            sources.sources(produced(**files), "a")
    with pytest.raises(InputProblem) as refused:
        sources.sources(produced(text_from="text_file", text="../secret.txt"), "a")
    assert refused.value.code == "unsafe_path"


MAIL = b"""From: a@x.example
To: b@x.example
Subject: s
MIME-Version: 1.0
Content-Type: multipart/related; boundary=b

--b
Content-Type: text/html

<p>Look: <img src="cid:1"></p>
--b
Content-Type: image/gif
Content-ID: <1>
Content-Disposition: inline; filename=1.gif
Content-Transfer-Encoding: base64

R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7
--b
Content-Type: text/plain
Content-ID: <2>
Content-Disposition: inline; filename=memo.txt

the memo
--b--
"""


async def test_what_became_a_document_is_not_read_with_its_mail(tmp_path: Path) -> None:
    """A part that is called inline and is no picture is a document of its own: no byte of it comes with the mail."""
    file = tmp_path / "1.eml"
    file.write_bytes(MAIL)
    reader, source = InlineReader(tmp_path / "spool"), make_source(file)
    whole = await reader.read(source, ReadOptions())
    own = await OwnContent(reader, frozenset({"hash of the memo"})).read(source, ReadOptions())
    assert [child.name for child in own.children if child.name == "memo.txt"] == []
    assert len(own.children) < len(whole.children)
    assert "the memo" not in own.document.text
