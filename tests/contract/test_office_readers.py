"""What every office reader promises, run on each of them, and what each one must not lose."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from tests.office_files import (
    MARKDOWN,
    ODP_BODY,
    ODS_BODY,
    ODT_BODY,
    RTF,
    make_docx,
    make_epub,
    make_odf,
    make_pptx,
    make_xlsx,
    source_of,
    zipped,
)
from thresher.schemas.document import BlockKind, Document
from thresher.schemas.errors import InputProblem, Problem
from thresher.schemas.policy import Limits, ReadOptions
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.registry import read_source

MAKERS: dict[str, Callable[[Path], object]] = {
    "docx": make_docx,
    "xlsx": make_xlsx,
    "pptx": make_pptx,
    "odt": lambda path: make_odf(path, "text", ODT_BODY),
    "ods": lambda path: make_odf(path, "spreadsheet", ODS_BODY),
    "odp": lambda path: make_odf(path, "presentation", ODP_BODY),
    "rtf": lambda path: path.write_bytes(RTF),
    "epub": make_epub,
}
MODULES = {
    "docx": "office.docx.docx_reader",
    "xlsx": "office.xlsx.xlsx_reader",
    "pptx": "office.pptx.pptx_reader",
    **dict.fromkeys(("odt", "ods", "odp"), "office.odf.odf_reader"),
    "rtf": "office.rtf.rtf_reader",
    "epub": "web.epub_reader",
}
_LEGACY = tuple(f"office.legacy.{kind}_reader" for kind in ("doc", "xls", "ppt"))
ZIPS = [name for name in MAKERS if name != "rtf"]


def made(tmp_path: Path, kind: str, name: str | None = None) -> Path:
    """A file of a kind, rich in what readers lose."""
    path = tmp_path / (name or f"sample.{kind}")
    MAKERS[kind](path)
    return path


def read(path: Path, options: ReadOptions | None = None) -> Reading:
    """The Reading of a file, through the auction."""
    return read_source(source_of(path), options or ReadOptions(), Spool(path.parent / "spool"))


def code_of(path: Path) -> str | None:
    """The code of the Problem that reading a file gives; None for a Document."""
    try:
        read(path)
    except Problem as problem:
        return problem.code
    return None


def lines(document: Document, kind: BlockKind) -> list[str]:
    """The texts of the Blocks of a kind."""
    return [document.text[start:end] for start, end, k, _ in document.blocks if k is kind]


def codes(document: Document) -> set[str]:
    """The codes of the Notes."""
    return {n.code for n in document.notes}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_document_is_sound(kind: str, tmp_path: Path) -> None:
    """Blocks are in order and do not overlap, cells lie in their table, parts are sorted, children are in order."""
    reading = read(made(tmp_path, kind))
    document, last = reading.document, 0
    assert document.kind == ("sheet" if kind in {"xlsx", "ods"} else "office")
    for start, end, _, _ in document.blocks:
        assert last <= start < end <= len(document.text)
        last = end
    for table in document.tables:
        for r in range(len(table)):
            assert all(table.span()[0] <= a <= b <= table.span()[1] for a, b, _ in table.cells(r))
    assert list(document.part_starts) == sorted(document.part_starts)
    assert list(document.lines.start) == sorted(document.lines.start)
    assert [c.ordinal for c in reading.children] == list(range(len(reading.children)))


@pytest.mark.parametrize("kind", MAKERS)
def test_reading_twice_gives_the_same(kind: str, tmp_path: Path) -> None:
    """The same bytes give the same text, Blocks and Notes."""
    path = made(tmp_path, kind)
    one, two = read(path).document, read(path).document
    assert (one.text, list(one.blocks), one.notes) == (two.text, list(two.blocks), two.notes)


@pytest.mark.parametrize("kind", MAKERS)
def test_content_decides_not_the_name(kind: str, tmp_path: Path) -> None:
    """Under a name that says another type the same text is read, and the mismatch is noted."""
    right, wrong = read(made(tmp_path, kind)).document, read(made(tmp_path, kind, "scan.pdf")).document
    assert wrong.text == right.text
    assert "type_mismatch" in codes(wrong)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_bid_needs_the_format(kind: str, tmp_path: Path) -> None:
    """A reader bids high on its own format without being told the type, and nothing on another."""
    reader = import_module(f"thresher.service.readers.{MODULES[kind]}").reader
    path = made(tmp_path, kind)
    assert reader.confidence(path.read_bytes()[: 1 << 16], source_of(path)) >= 0.8
    other = tmp_path / "other"
    other.write_bytes(b"%PDF-1.7 not an office file")
    assert reader.confidence(other.read_bytes(), source_of(other)) == 0


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("keep", [0.02, 0.3, 0.6, 0.95])
def test_a_cut_file_gives_text_or_a_problem(kind: str, keep: float, tmp_path: Path) -> None:
    """A file cut anywhere is read in part or refused with a code; nothing else comes out."""
    path = made(tmp_path, kind)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep) + 1])
    assert code_of(path) in {None, "corrupt", "unsupported_type", "zero_byte"}


@pytest.mark.parametrize("kind", ZIPS)
def test_damaged_members_do_not_crash(kind: str, tmp_path: Path) -> None:
    """Each member in turn replaced by broken XML: a Document or a Problem, never another exception."""
    whole = made(tmp_path, kind)
    with zipfile.ZipFile(whole) as archive:
        members: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist()}
    for name in [n for n in members if n.endswith((".xml", ".rels", ".opf"))]:
        broken = zipped(tmp_path / f"broken.{kind}", {**members, name: b"<a><b>cut <c"})
        assert code_of(broken) in {None, "corrupt", "unsupported_type"}, name


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx", "odt", "epub"])
def test_a_bomb_is_refused(kind: str, tmp_path: Path) -> None:
    """A member that expands beyond the ratio is refused before it is expanded."""
    path = made(tmp_path, kind)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/bomb.xml", bytes(32 * 2**20))
    with pytest.raises(InputProblem, match="expansion_limit"):
        read(path)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    """Neither the billion laughs nor a file of the machine comes into the text."""
    secret = tmp_path / "secret"
    secret.write_text("top secret")
    body = (
        f'<!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}"><!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
        "<w:t>Plain</w:t><w:t>&s;&b;</w:t></w:r></w:p></w:body></w:document>"
    )
    whole = make_docx(tmp_path / "whole.docx")
    with zipfile.ZipFile(whole) as archive:
        members: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist()}
    document = read(zipped(tmp_path / "entities.docx", members | {"word/document.xml": body})).document
    assert "Plain" in document.text
    assert "secret" not in document.text
    assert "haha" not in document.text


def test_docx_keeps_what_is_easily_lost(tmp_path: Path) -> None:
    """Headers, numbers of lists, insertions, notes, comments, text boxes, controls, nested tables and pictures."""
    reading = read(made(tmp_path, "docx"))
    document = reading.document
    assert lines(document, BlockKind.HEADER) == ["Header text"]
    assert lines(document, BlockKind.FOOTER) == ["Footer text"]
    assert lines(document, BlockKind.HEADING) == ["Purchase order 4711"]
    assert lines(document, BlockKind.LIST_ITEM) == ["1. Scope", "1.1 Delivery", "1.2 Payment"]
    assert lines(document, BlockKind.COMMENT) == ["The Auditor 2024-02-02T09:00:00Z: Please check this"]
    assert lines(document, BlockKind.TABLE) == [
        "Article\tAmount\tNote\nWide cell\t\tTall cell\nInk\t3.50\tTall cell\n\t9.99\t",
        "Nested left\tNested right",
    ]
    shown = lines(document, BlockKind.PARAGRAPH)
    assert shown[:2] == ["The price is 120 EUR[2]", "[2] Footnote text"]
    assert {"Text box text", "In a content control"} <= set(shown)
    assert document.part_at(document.text.index("Footnote text")) == "footnote 2"
    assert reading.children == []  # its picture is plain
    (child,) = read(made(tmp_path, "docx"), ReadOptions(ocr="off")).children
    assert (child.name, child.relation) == ("image1.png", "inline")


def test_docx_hidden_text_is_flagged_or_shown(tmp_path: Path) -> None:
    """Deleted and vanished text stays out with a Note, or comes as hidden Blocks that say why."""
    path = made(tmp_path, "docx")
    document = read(path).document
    assert "999" not in document.text
    assert "hidden_text" in codes(document)
    shown = read(path, ReadOptions(hidden_text=True)).document
    assert lines(shown, BlockKind.HIDDEN) == ["999 EUR", "invisible words"]
    assert "hidden_text" not in codes(shown)
    assert str(shown.part_at(shown.text.index("999"))).startswith("deleted by The Clerk")


def test_xlsx_cells_have_their_names(tmp_path: Path) -> None:
    """Cells are named by their sheet, true column and true row, and read as they are shown."""
    document = read(made(tmp_path, "xlsx"), ReadOptions(hidden_text=True)).document
    places = {"2024-02-01": "B4", "-1,200.50": "D4", "Fees": "C5", "1,234.50": "D5", "19.5%": "D6", "=SUM": "D7"}
    for text, cell in places.items():
        assert document.part_at(document.text.index(text)) == f"Account!{cell}"
    assert document.tables[0].header_rows == 2
    assert document.part_at(document.text.index("Which fees?")) == "Account!C5"
    assert lines(document, BlockKind.COMMENT) == ["The Auditor: Which fees?"]


def test_xlsx_says_what_is_hidden_or_not_computed(tmp_path: Path) -> None:
    """Hidden rows and sheets are left out and named, or read where asked for; a formula without a result is flagged."""
    document = read(made(tmp_path, "xlsx")).document
    assert "secret rate" not in document.text
    assert {"hidden_text", "formula_uncomputed"} <= codes(document)
    asked = read(made(tmp_path, "xlsx"), ReadOptions(hidden_text=True)).document
    assert "secret rate" in asked.text
    assert "hidden_kept" in codes(asked)
    assert any("Rates" in n.message for n in document.notes)


def test_xlsx_far_columns_cost_little(tmp_path: Path) -> None:
    """A cell in the last column keeps its name and does not bring 16,000 tabs."""
    from openpyxl import Workbook

    book, path = Workbook(), tmp_path / "far.xlsx"
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["XFD1"] = "near", "far"
    book.save(path)
    document = read(path).document
    assert len(document.text) < 40
    assert document.part_at(document.text.index("far")) == "Sheet!XFD1"


def test_pptx_pages_boxes_and_notes(tmp_path: Path) -> None:
    """A page a slide, shapes from left to right, rows with boxes inside the slide, notes, hidden slides flagged."""
    assert "Hidden slide" not in read(made(tmp_path, "pptx")).document.text
    reading = read(made(tmp_path, "pptx"), ReadOptions(hidden_text=True))
    document = reading.document
    assert len(document.pages) == 2
    assert lines(document, BlockKind.HEADING) == ["Budget", "Hidden slide"]
    assert lines(document, BlockKind.PARAGRAPH) == ["Grouped left", "Grouped right"]
    assert lines(document, BlockKind.COMMENT) == ["Say it slowly"]
    place = document.anchor(document.text.index("Pens"), document.text.index("Pens") + 4)
    assert place.page == 1
    assert [round(v) for v in place.boxes[0]] == [72, 390, 372, 420]
    assert document.page_at(document.text.index("Hidden slide")) == 2
    assert "hidden_kept" in codes(document)
    assert reading.children == []  # its picture is plain
    assert len(read(made(tmp_path, "pptx"), ReadOptions(ocr="off")).children) == 1


def test_odf_texts_sheets_and_slides(tmp_path: Path) -> None:
    """Levels, notes, annotations and deletions of ODT; true cells of ODS among a million repeats; notes of ODP."""
    text = read(made(tmp_path, "odt")).document
    assert lines(text, BlockKind.LIST_ITEM) == ["Scope", "Delivery"]
    assert lines(text, BlockKind.TABLE) == ["Wide\t\nInk\t3.50"]
    assert "Price  120[1]" in text.text
    assert "999" not in text.text
    assert "hidden_text" in codes(text)
    sheet = read(made(tmp_path, "ods")).document
    assert sheet.part_at(sheet.text.index("2024-02-01")) == "Rates!C3"
    assert lines(sheet, BlockKind.COMMENT) == ["The Auditor: Check"]
    slides = read(made(tmp_path, "odp")).document
    assert (len(slides.pages), lines(slides, BlockKind.HEADING)) == (1, ["Budget"])
    assert lines(slides, BlockKind.COMMENT) == ["Say it slowly"]


def test_odf_encryption_is_named(tmp_path: Path) -> None:
    """An encrypted OpenDocument file asks for a password."""
    path = tmp_path / "locked.odt"
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    zipped(
        path,
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "x", "META-INF/manifest.xml": manifest},
    )
    with pytest.raises(InputProblem, match="password_protected"):
        read(path)


def test_rtf_tables_notes_and_binary(tmp_path: Path) -> None:
    """Cells become rows; header, footnote and comment are kept; raw bytes and surrogates do no harm."""
    document = read(made(tmp_path, "rtf")).document
    assert lines(document, BlockKind.TABLE) == ["Article\tAmount\nInk\t3.50"]
    assert lines(document, BlockKind.HEADER) == ["Header text"]
    assert lines(document, BlockKind.COMMENT) == ["Check"]
    assert "Footnote text" in lines(document, BlockKind.PARAGRAPH)
    assert "\N{HAMSTER FACE}" in document.text
    assert document.facts["author"] == "The Clerk"


def test_epub_follows_the_spine(tmp_path: Path) -> None:
    """Chapters come in the order of the spine, not of the archive, and name themselves."""
    document = read(made(tmp_path, "epub")).document
    assert lines(document, BlockKind.HEADING) == ["First chapter", "Second chapter"]
    assert document.part_at(document.text.index("Two.")) == "two.xhtml"


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx"])
def test_passwords_open_encrypted_files(kind: str, tmp_path: Path) -> None:
    """Without the password one clear code; with it among others, the text, and the Source as it was given."""
    plain, locked = made(tmp_path, kind), tmp_path / f"locked.{kind}"
    buffer = io.BytesIO()
    with plain.open("rb") as file:
        OOXMLFile(file).encrypt("right", buffer)
    locked.write_bytes(buffer.getvalue())
    with pytest.raises(InputProblem, match="password_protected"):
        read(locked, ReadOptions(passwords=("wrong",)))
    document = read(locked, ReadOptions(passwords=("wrong", "right"))).document
    assert document.text == read(plain).document.text
    assert document.source.blob == str(locked)
    assert "type_mismatch" not in codes(document)


def test_markdown_with_lines(tmp_path: Path) -> None:
    """Each Block of a Markdown file has its line, its number and its depth."""
    path = tmp_path / "order.md"
    path.write_text(MARKDOWN, encoding="utf-8")
    document = read(path).document
    assert lines(document, BlockKind.HEADING) == ["Order 4711"]
    assert lines(document, BlockKind.LIST_ITEM) == ["one", "nested", "1. first"]
    assert [level for _, _, kind, level in document.blocks if kind is BlockKind.LIST_ITEM] == [1, 2, 1]
    assert lines(document, BlockKind.TABLE) == ["Item\tPrice\nPen\t2.00"]
    numbers = MARKDOWN.split("\n")
    for text in ("Order 4711", "nested", "Item", "Pen", "code line"):
        found = next(i for i, line in enumerate(numbers, 1) if text in line)
        assert document.part_at(document.text.index(text)) == f"line {found}"
    assert document.facts["vendor"] == "Example Ltd"
    assert "hidden_text" in codes(document)


def test_office_readers_import_nothing_heavy() -> None:
    """Asking every office reader for a bid imports neither unstructured nor spaCy."""
    import subprocess
    import sys

    modules = (*MODULES.values(), "text.markdown_reader", "office.encrypted_office", *_LEGACY)
    code = ";".join(f"import thresher.service.readers.{m}" for m in modules)
    heavy = "import sys; print([m for m in ('unstructured', 'spacy', 'pandas', 'numba') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", f"{code};{heavy}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_limits_on_characters_hold(tmp_path: Path) -> None:
    """A sheet with more text than the limit is refused with a code."""
    with pytest.raises(InputProblem, match="too_large"):
        read(made(tmp_path, "xlsx"), ReadOptions(limits=Limits(characters=10)))
