"""Pictures inside an HTML file are read like those of other formats."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from urllib.parse import quote

from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.web.html_reader import reader

DATA = [b"\x89PNG one", b"\x89PNG two"]


def read(page: str, folder: Path, **options: object) -> Reading:
    """The Reading of a page."""
    blob = folder / "a.html"
    blob.write_text(page)
    sha = hashlib.sha256(blob.read_bytes()).hexdigest()
    source = Source(path="a.html", blob=str(blob), sha256=sha, size=blob.stat().st_size, media_type="text/html")
    return reader.read(source, ReadOptions.model_validate(options), Spool(folder / "spool"))


def image(data: str) -> str:
    """A picture in line."""
    return f'<p>Text <img alt="" src="data:image/png;base64,{data}"></p>'


def test_pictures_are_children_in_their_order(tmp_path: Path) -> None:
    """Each content once; line breaks and percent signs in the base64 are usual."""
    one, two = (base64.b64encode(data).decode() for data in DATA)
    page = image(one[:6] + "\n " + one[6:]) + image(quote(two, safe="")) + image(one)
    reading = read(page, tmp_path)
    assert [Path(child.blob).read_bytes() for child in reading.children] == DATA
    assert {(child.relation, child.declared_type) for child in reading.children} == {("inline", "image/png")}
    assert reading.document.notes == []


def test_links_are_no_children_and_rubbish_is_named(tmp_path: Path) -> None:
    """The page's text is there."""
    reading = read('<p>Text</p><img src="logo.png">' + image("no base64!"), tmp_path)
    assert reading.children == []
    assert [note.code for note in reading.document.notes] == ["embedded_unreadable"]
    assert reading.document.text.startswith("Text")


def test_the_limit_of_members_holds(tmp_path: Path) -> None:
    """Ten thousand pictures are not ten thousand files."""
    page = "".join(image(base64.b64encode(b"%d" % i).decode()) for i in range(50))
    reading = read(page, tmp_path, limits=Limits(members=10))
    assert len(reading.children) == 10
    assert [note.code for note in reading.document.notes] == ["expansion_limit"]
