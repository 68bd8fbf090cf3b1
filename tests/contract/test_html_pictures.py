"""Pictures inside an HTML file are read like those of other formats."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.office_files import make_epub, source_of
from tests.word_pictures import WORDS, Fake, fake_engine, form
from thresher.schemas.document import BlockKind
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.collection.mail_record import mail_text
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import read_source
from thresher.service.readers.web.html_reader import reader

__all__ = ["fake_engine"]  # a fixture
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


def shown(picture: bytes, more: str = "") -> str:
    """An image of a picture."""
    return f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}" {more}>'


def test_a_picture_is_read_in_its_place(tmp_path: Path, engine: Fake) -> None:
    """Between the words around it, as a part that names it, with confidence; lines below it keep their numbers."""
    reading = read(f"<p>Above {shown(form())} below</p>", tmp_path)
    document = reading.document
    assert document.text.split("\n") == ["Above", WORDS, "below"]
    at = document.text.index("42.00")
    assert document.part_at(at) == "picture picture1.png"
    assert document.confidence(at, at + 5) == pytest.approx(0.95)
    assert (document.part_at(0), document.part_at(document.text.index("below"))) == ("line 1", "line 3")
    assert (reading.children, document.notes, engine.seen) == ([], [], 1)


def test_a_picture_in_a_cell_and_one_again(tmp_path: Path, engine: Fake) -> None:
    """Its words stand in their cell, marked there and not where they are typed; a logo is written once."""
    rows = f"<tr><td>{WORDS}</td><td>at {shown(form((300, 100)))}</td></tr><tr><td>Tea</td><td>5.00</td></tr>"
    document = read(f"<table>{rows}</table><p>End {shown(form((300, 100)))}</p>", tmp_path).document
    assert document.text == f"{WORDS}\tat {WORDS}\nTea\t5.00\nEnd"
    at = document.text.rindex("42.00")
    assert document.part_at(at) == "picture picture1.png"
    assert document.confidence(at, at + 5) == pytest.approx(0.95)
    assert document.confidence(0, len(WORDS)) is None
    assert document.part_at(document.text.index("Tea")) == "line 2"
    assert engine.seen == 1


@pytest.mark.parametrize(
    "page",
    [
        '<div style="display:none">{}</div>',
        '<div style="visibility:hidden">{}</div>',
        '<div style="font-size:0">{}</div>',
        "{}",
    ],
)
def test_hidden_pictures_are_no_part_of_the_text(page: str, tmp_path: Path, engine: Fake) -> None:
    """They stay children; text without size hides no picture, as mails show theirs so."""
    speck = 'width="1" height="1"' if page == "{}" else ""
    reading = read("<p>Above</p>" + page.format(shown(form(), speck)), tmp_path)
    visible = "font-size" in page
    assert (WORDS in reading.document.text, len(reading.children), engine.seen) == (visible, not visible, visible)


@pytest.mark.parametrize("options", [{"ocr": "off"}, {"inline": "none"}, {"pictures": "all"}, {"ocr": "vision"}])
def test_what_is_not_read_here_stays_a_child(options: dict[str, object], tmp_path: Path, engine: Fake) -> None:
    """Its own Document says so, or is shown to a model; and so for what is beyond the time or read badly."""
    page = f"<p>Above {shown(form())}</p>"
    assert len(read(page, tmp_path, **options).children) == 1
    assert len(read(page, tmp_path, limits=Limits(seconds=0.1)).children) == 1
    assert engine.seen == 0
    engine.confidence = 0.5
    assert len(read(page, tmp_path, pictures="weak").children) == 1
    assert [note.code for note in read(page, tmp_path).document.notes] == ["ocr_low_confidence"]


def mail(page: str, *pictures: tuple[str, bytes], kind: str = "related", attached: bytes = b"") -> bytes:
    """A mail, or a saved page, with a page and its pictures by their header line."""
    parts = [f"Content-Type: text/html\n\n{page}"]
    for i, (header, data) in enumerate(pictures):
        lines = f"Content-Type: image/png; name=p{i}.png\nContent-Transfer-Encoding: base64\n{header}\n\n"
        parts.append(lines + base64.encodebytes(data).decode())
    if attached:
        lines = "Content-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.png\n\n"
        parts.append(lines + base64.encodebytes(attached).decode())
    head = f"From: a@x.example\nTo: b@x.example\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=b\n\n"
    return (head + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n").encode()


def read_mail(data: bytes, folder: Path) -> Reading:
    """The Reading of a mail."""
    file = folder / "a.eml"
    file.write_bytes(data)
    return read_source(source_of(file), ReadOptions(), Spool(folder / "spool"))


def test_pictures_of_a_mail(tmp_path: Path, engine: Fake) -> None:
    """By Content-ID, and by address as in saved pages; those of a quoted reply are quoted; bytes sent twice are read once."""
    page = '<p>See <img src="cid:a%40x"></p><blockquote><img src="cid:b">Old</blockquote><img src="http://x.example/c.png">'
    other = form((700, 200))
    data = mail(
        page,
        ("Content-ID: <a@x>", form()),
        ("Content-ID: <b>", form()),
        ("Content-Location: http://x.example/c.png", other),
    )
    reading = read_mail(data, tmp_path)
    document = reading.document
    assert document.text.split("\n")[-5:] == ["See", WORDS, WORDS, "Old", WORDS]
    quotes = [document.text[start:end] for start, end, kind, _ in document.blocks if kind is BlockKind.QUOTE]
    assert quotes == [WORDS, "Old"]
    at = document.text.index(WORDS)
    assert (document.part_at(at), document.part_at(at - 2)) == ("picture p0.png", "body")
    assert (reading.children, document.notes, engine.seen) == ([], [], 2)


def test_of_a_mail_what_is_attached_or_unreadable_stays_a_child(tmp_path: Path, engine: Fake) -> None:
    """An attachment is a document of its own; ordinals stay."""
    data = mail(
        'See <img src="cid:a"><img src="cid:b"><img src="cid:c">',
        ("Content-ID: <a>", form()),
        ("Content-ID: <b>", b"rubbish"),
        ("Content-ID: <c>", form((500, 200))),
        attached=form(),
    )
    reading = read_mail(data, tmp_path)
    assert reading.document.text.endswith(f"See\n{WORDS}")
    assert [(child.ordinal, child.relation) for child in reading.children] == [
        (0, "inline"),
        (1, "inline"),
        (3, "attachment"),
    ]
    assert engine.seen == 1


def test_the_words_of_a_mail_in_a_matter_need_no_ocr(tmp_path: Path, engine: Fake) -> None:
    """Its text for keys and threads is what is typed."""
    file = tmp_path / "a.eml"
    file.write_bytes(mail('See <img src="cid:a">', ("Content-ID: <a>", form())))
    assert (mail_text(file), engine.seen) == ("See", 0)


def test_pictures_of_a_book(tmp_path: Path, engine: Fake) -> None:
    """By their path from the chapter."""
    path = make_epub(
        tmp_path / "a.epub", last='<p>See <img src="../OPS/art/a%20b.png"/></p>', pictures={"art/a b.png": form()}
    )
    reading = read_source(source_of(path), ReadOptions(), Spool(tmp_path / "spool"))
    assert reading.document.text.endswith(f"See\n{WORDS}")
    assert reading.document.part_at(reading.document.text.index("42.00")) == "picture a b.png"
    assert (reading.children, engine.seen) == ([], 1)


def test_pictures_embedded_in_a_mail(tmp_path: Path, engine: Fake) -> None:
    """Read where they stand; one of a version that is not the one read is a child after the parts."""
    page = f'See <img src="cid:a">{shown(form((700, 200)))}'
    both = read_mail(mail(page, ("Content-ID: <a>", form())), tmp_path)
    assert both.document.text.split("\n")[-3:] == ["See", WORDS, WORDS]
    assert (both.children, engine.seen) == ([], 2)
    plain = mail(page, ("Content-ID: <a>", form()), kind="alternative").replace(
        b"--b\n", b"--b\n\nSee it here\n--b\n", 1
    )
    reading = read_mail(plain, tmp_path)
    assert reading.document.text.endswith("See it here")
    assert [(child.ordinal, child.name) for child in reading.children] == [(0, "p0.png"), (1, "picture1.png")]
