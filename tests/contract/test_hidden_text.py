"""Text that no one sees is kept from what the model sees, and a Note says where; text that is seen stays, unflagged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hidden_files import WAYS
from tests.hidden_word_files import ACCOUNT, SEEN
from tests.office_files import make_docx, make_epub, make_odf, source_of
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source

CASES = [(kind, way) for kind, ways in WAYS.items() for way in ways]
_PLACE = re.compile(r"\(.+\) at \S")


def read(path: Path, *, hidden_text: bool = False) -> Document:
    """The Document of a file, through the auction."""
    options = ReadOptions(hidden_text=hidden_text)
    return read_source(source_of(path), options, Spool(path.parent / "spool")).document


def as_model_reads(text: str) -> str:
    """Text with tag characters as the ASCII that models take them for."""
    return "".join(chr(ord(c) - 0xE0000) if 0xE0000 < ord(c) < 0xE0080 else c for c in text)


@pytest.mark.parametrize(("kind", "way"), CASES, ids=[f"{k}: {w}" for k, w in CASES])
def test_what_no_one_sees_is_left_out_and_named(kind: str, way: str, tmp_path: Path) -> None:
    """The hidden number is in no text, a Note says where it was, and what stands beside it is read."""
    path = tmp_path / f"bill.{kind}"
    WAYS[kind][way](path)
    document = read(path)
    assert ACCOUNT not in as_model_reads(document.text)
    assert not re.search("[\U000e0000-\U000e01ef]|[\u200b\u200c]{3}|[\ufe00-\ufe0f]{2}", document.text)
    assert (SEEN if kind != "csv" else SEEN.replace(",", "")) in document.text
    found = [n.message for n in document.notes if n.code == "hidden_text"]
    assert len(found) == 1
    assert _PLACE.search(found[0])


@pytest.mark.parametrize(("kind", "way"), CASES, ids=[f"{k}: {w}" for k, w in CASES])
def test_what_no_one_sees_can_be_asked_for(kind: str, way: str, tmp_path: Path) -> None:
    """With `hidden_text` the policy lets all of it in."""
    path = tmp_path / f"bill.{kind}"
    WAYS[kind][way](path)
    text = read(path, hidden_text=True).text
    assert ACCOUNT in as_model_reads(text) or re.search(
        "[\u200b\u200c]{3}|[\U000e0100-\U000e01ef]{3}|[\ufe00-\ufe0f]{3}", text
    )


def _html(body: str, head: str = "") -> Callable[[Path], object]:
    return lambda path: path.write_text(f"<html><head>{head}</head><body>{body}</body></html>", encoding="utf-8")


def _docx(body: str) -> Callable[[Path], object]:
    return lambda path: make_docx(path, body + "<w:sectPr/>")


_WHITE = '<w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:t>Total 5</w:t></w:r>'
VISIBLE: dict[str, Callable[[Path], object]] = {
    "a button.html": _html('<a style="color:#fff;background-color:#06c">Total 5</a>'),
    "cell with colour.html": _html('<table><tr><td bgcolor="#003366"><font color=#ffffff>Total 5</font></td></tr></table>'),
    "picture behind.html": _html('<div style="background:url(x.png)"><p style="color:white">Total 5</p></div>'),
    "gradient.html": _html('<div style="background-image:linear-gradient(red,blue);color:#fff">Total 5</div>'),
    "class on class.html": _html("<div class=h><p>Total 5</p></div>", "<style>.h{background:#222}.h p{color:#fff}</style>"),
    "sheet elsewhere.html": _html('<div class=h style="color:#fff">Total 5</div>', '<link rel=stylesheet href="x.css">'),
    "wrapper without size.html": _html('<div style="font-size:0"><span style="font-size:14px">Total 5</span></div>'),
    "small print.html": _html('<p style="font-size:6pt">Total 5</p>'),
    "for phones only.html": _html("<p class=d>Total 5</p>", "<style>@media (max-width:600px){.d{display:none}}</style>"),
    "for print only.html": _html("<p class=d>Total 5</p>", "<style>@media print{.d{display:none}}</style>"),
    "shown again.html": _html('<p class="d" style="display:block">Total 5</p>', "<style>.d{display:none}</style>"),
    "visible within hidden.html": _html('<div style="visibility:hidden"><b style="visibility:visible">Total 5</b></div>'),
    "half opaque.html": _html('<p style="opacity:.4">Total 5</p>'),
    "clipped only where long.html": _html('<p style="height:20px;overflow:hidden">Total 5</p>'),
    "nudged.html": _html('<p style="position:relative;left:-8px">Total 5</p>'),
    "hover.html": _html("<p class=d>Total 5</p>", "<style>.d:hover{display:none}</style>"),
    "padding of a preview.html": _html("<p>Total 5</p><div style='display:none'>&zwnj;&nbsp;&#847;&zwnj;&nbsp;</div>"),
    "white on a shaded paragraph.docx": _docx(f'<w:p><w:pPr><w:shd w:val="clear" w:fill="1F3864"/></w:pPr>{_WHITE}</w:p>'),
    "white in a shaded cell.docx": _docx(
        f'<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:fill="000080"/></w:tcPr><w:p>{_WHITE}</w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>'
    ),
    "white in a text box.docx": _docx(
        f"<w:p><w:r><w:pict><w:txbxContent><w:p>{_WHITE}</w:p></w:txbxContent></w:pict></w:r></w:p>"
    ),
    "small print.docx": _docx('<w:p><w:r><w:rPr><w:sz w:val="8"/></w:rPr><w:t>Total 5</w:t></w:r></w:p>'),
    "vanish switched off.docx": _docx('<w:p><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>Total 5</w:t></w:r></w:p>'),
    "white on blue.rtf": lambda path: path.write_text(
        "{\\rtf1{\\colortbl;\\red255\\green255\\blue255;\\red0\\green0\\blue128;}\\cf1\\chcbpat2 Total 5\\par}"
    ),
    "family.txt": lambda path: path.write_text("Total 5 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f", encoding="utf-8"),
    "flag.txt": lambda path: path.write_text("Total 5 \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", encoding="utf-8"),
    "small.odt": lambda path: make_odf(path, "text", "<text:p>Total 5</text:p>"),
}  # fmt: skip


@pytest.mark.parametrize("name", VISIBLE)
def test_what_is_seen_stays_without_a_note(name: str, tmp_path: Path) -> None:
    """Colour on colour, small print, what other screens hide, pictures of emoji: read, and no Note."""
    path = tmp_path / name
    VISIBLE[name](path)
    document = read(path)
    assert "Total 5" in document.text
    assert "hidden_text" not in {n.code for n in document.notes}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", True),  # Persian, a joiner between its letters
        ("\u0915\u094d\u200d\u0937", True),  # Hindi, a half form
        ("\U0001f468\u200d\U0001f4bb", True),  # a picture of two
        ("葛\U000e0100飾区", True),  # a variant of an ideograph
        ("In\u200cvoice", False),
        ("12\u200d34", False),
        ("IB\u200bAN", False),
        ("a\ufe0fb", False),
    ],
)
def test_joiners_stay_where_scripts_use_them(text: str, kept: object, tmp_path: Path) -> None:
    """Words of scripts that join by them keep their joiners; in other words they only break up what is read."""
    path = tmp_path / "a.txt"
    path.write_text(f"{text} 5", encoding="utf-8")
    read_text = read(path).text
    assert read_text == (f"{text} 5" if kept else re.sub("[\u200b-\u200d\ufe0f]", "", f"{text} 5"))


def test_a_book_hides_by_its_own_style_sheet(tmp_path: Path) -> None:
    """Style sheets within an EPUB are read with its chapters."""
    path = make_epub(
        tmp_path / "a.epub", style=f".k{{display:none}} /* {ACCOUNT} */", last=f'<p class="k">Account {ACCOUNT}</p>'
    )
    document = read(path)
    assert ACCOUNT not in document.text
    assert "hidden_text" in {n.code for n in document.notes}


def test_columns_name_the_same_text_when_characters_go(tmp_path: Path) -> None:
    """Blocks, tables and lines still point at their words after characters without width were taken out."""
    path = tmp_path / "a.csv"
    path.write_text("It\u200bem,Pri\u2060ce\nP\ufeffen,2.00\nInk,\u200b9.50\n", encoding="utf-8")
    document = read(path)
    assert document.text == "Item\tPrice\nPen\t2.00\nInk\t9.50"
    assert document.part_at(document.text.index("9.50")) == "a!B3"
    table = document.tables[0]
    assert [[document.text[a:b] for a, b, _ in table.cells(r)] for r in range(len(table))][1] == ["Pen", "2.00"]
    assert [(s, e) for s, e, _, _ in document.blocks] == [(0, len(document.text))]
