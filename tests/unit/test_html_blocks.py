"""HTML to Blocks."""

from __future__ import annotations

import time

import pytest

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.readers.web.html_blocks import content_ids, write_html


def read(html: str, *, hidden_text: bool = False) -> Document:
    """The Document of a page."""
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="html")
    write_html(builder, html, hidden_text=hidden_text)
    return builder.build()


def blocks(html: str) -> list[tuple[str, int, str]]:
    """Kind, level and text of each Block of a page."""
    document = read(html)
    return [(kind.name, level, document.text[start:end]) for start, end, kind, level in document.blocks]


def test_headings_paragraphs_and_lists_keep_their_kind() -> None:
    """Every block element is a Block; numbers of ordered lists are written out."""
    assert blocks("<h2>Terms</h2><p>One <b>two</b>.<ol start=3><li>c<ul><li>d</ul><li>e</ol>") == [
        ("HEADING", 2, "Terms"),
        ("PARAGRAPH", 0, "One two."),
        ("LIST_ITEM", 1, "3. c"),
        ("LIST_ITEM", 2, "d"),
        ("LIST_ITEM", 1, "4. e"),
    ]


def test_breaks_are_lines_and_blank_lines_part_blocks() -> None:
    """One break is a new line of the same Block, two begin a new one."""
    assert blocks("a<br>b<br><br>c") == [("PARAGRAPH", 0, "a\nb"), ("PARAGRAPH", 0, "c")]


def test_records_are_a_table_with_its_header_and_spans() -> None:
    """A label that spans rows stands in each of them."""
    document = read("<table><tr><th>a<th>b<tr><td rowspan=2>1<td>2<tr><td>3</table>")
    assert document.text == "a\tb\n1\t2\n1\t3"
    assert [table.header_rows for table in document.tables] == [1]


def test_a_layout_table_is_read_cell_by_cell() -> None:
    """The records inside a layout table are still a table."""
    page = "<table><tr><td><h1>Shop</h1></td></tr><tr><td><table><tr><td>Pen<td>2<tr><td>Ink<td>9</table></table>"
    assert blocks(page) == [("HEADING", 1, "Shop"), ("TABLE", 0, "Pen\t2\nInk\t9")]


def test_unseen_text_is_left_out_and_said_so() -> None:
    """Text that no browser shows stays out of the Document, with a Note, unless asked for."""
    page = '<div style="color:red; display : none">secret</div><style>b{}</style><p>seen'
    assert read(page).text == "seen"
    assert [note.code for note in read(page).notes] == ["hidden_text"]
    assert read(page, hidden_text=True).text == "secret\nseen"


def test_padding_that_is_hidden_is_no_finding() -> None:
    """Invisible fillers of newsletters hold nothing that could be lost."""
    assert read('<div style="display:none">&#847;&zwnj;&nbsp;</div>seen').notes == []


def test_quotations_carry_their_depth() -> None:
    """A quotation inside a quotation is two deep."""
    assert blocks("a<blockquote>b<blockquote>c</blockquote></blockquote>")[1:] == [("QUOTE", 1, "b"), ("QUOTE", 2, "c")]


def test_content_ids_are_found_everywhere_and_decoded() -> None:
    """Images, styles and backgrounds may refer to parts of the mail."""
    assert content_ids("<img src='cid:a%40x'><td background=\"CID:b@x\" style='background:url(cid:c)'>") == {
        "a@x",
        "b@x",
        "c",
    }


@pytest.mark.parametrize(
    "page",
    ["<div>" * 5_000 + "deep", "<blockquote>" * 3_000 + "deep", "<table><tr><td>" * 3_000 + "deep"],
    ids=["div", "blockquote", "table"],
)
def test_deep_nesting_keeps_its_text(page: str) -> None:
    """Levels far beyond any stack are read without recursion."""
    began = time.process_time()
    assert read(page).text == "deep"
    assert time.process_time() - began < 10


def test_spans_can_not_blow_a_table_up() -> None:
    """A small page of cells that claim to span 1,000 columns and rows stays small."""
    assert len(read("<table>" + "<tr><td colspan=1000 rowspan=1000>1<td>2" * 500).text) < 500_000


def test_values_of_forms_are_text() -> None:
    """What a form shows is read: fields, ticks, the chosen option."""
    page = "<input type=checkbox checked> Paid <input value=7><select><option>no<option selected>yes</select>"
    assert read(page).text == "[x] Paid 7 yes"


def test_white_space_alone_makes_no_block() -> None:
    """White space alone makes no Block."""
    assert blocks("<p> </p><div>&nbsp;</div>") == []
