"""What stands on a page of a PDF and is no plain run of text: raised figures, struck words, boxes, columns, directions."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.pdf_maker import Page, Pdf, lines, pdf_source, text
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import PdfReader

Read = Callable[..., Document]
Letters = dict[int, str]  # what each code of a font means


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read the bytes of a PDF, no OCR."""

    def _read(data: bytes, **options: object) -> Document:
        source = pdf_source(tmp_path, data)
        chosen = ReadOptions.model_validate({"ocr": "off", **options})
        return PdfReader().read(source, chosen, Spool(tmp_path / "spool")).document

    return _read


def _plain(content: str, extra: str = "") -> bytes:
    return Pdf().write([Page(content, extra)])


def _meaning(pdf: Pdf, letters: Letters) -> int:
    """A font whose codes mean other letters than Helvetica draws, as a subset's do."""
    rows = "".join(f"<{code:02X}> <{meant.encode('utf-16-be').hex()}>\n" for code, meant in letters.items())
    table = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        f"1 begincodespacerange <00> <FF> endcodespacerange {len(letters)} beginbfchar\n{rows}endbfchar endcmap end end"
    )
    meant = pdf.stream(table.encode())
    return pdf.add(
        f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode {meant} 0 R >>"
    )


def _in_script(placed: Sequence[tuple[float, float, str]], *, beside: str = "") -> bytes:
    """Words of any script, each given in the order in which its glyphs stand from left to right."""
    pdf = Pdf()
    codes: dict[str, int] = {}
    content = beside
    for x, y, word in placed:
        shown = "".join(f"{codes.setdefault(c, 0x41 + len(codes)):02X}" for c in word)
        content += f"BT /S 12 Tf 1 0 0 1 {x} {y} Tm <{shown}> Tj ET\n"
    font = _meaning(pdf, {code: meant for meant, code in codes.items()})
    return pdf.write([Page(content, f"/Resources << /Font << /F 3 0 R /B 4 0 R /S {font} 0 R >> >>")])


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (text(72, 700, "1,250") + text(102, 704, "1", size=7), "1,250¹"),
        (text(72, 700, "$320", font="B") + text(99, 705, "12", size=6), "$320¹²"),
        (text(72, 700, "9.500,00", size=9) + text(107, 703, "a", size=6), "9.500,00ᵃ"),
        ("BT /F 12 Tf 72 700 Td (Capacity 10) Tj /F 8 Tf 5 Ts (6) Tj 0 Ts /F 12 Tf ( cells) Tj ET\n", "10⁶"),
        ("BT /F 12 Tf 72 700 Td (rate 10) Tj 5 Ts (-3) Tj 0 Ts ( a year) Tj ET\n", "10⁻³"),
        ("BT /F 11 Tf 72 700 Td (H) Tj /F 7 Tf -2 Ts (2) Tj 0 Ts /F 11 Tf (O only) Tj ET\n", "H₂O"),
        ("BT /F 12 Tf 72 700 Td (pays 3) Tj /F 7 Tf 4 Ts (1) Tj 0 Ts (/2) Tj /F 12 Tf ( per cent) Tj ET\n", "3¹"),
        ("BT /F 12 Tf 72 700 Td (Total) Tj /F 7 Tf 5 Ts (\\(1\\)) Tj 0 Ts /F 12 Tf ( due) Tj ET\n", "Total⁽¹⁾"),
        ("BT /F 6 Tf 4 Ts 72 700 Td (2) Tj /F 10 Tf 0 Ts (Excluding tax) Tj ET\n", "²Excluding"),
        ("BT /F 12 Tf 72 700 Td (m) Tj /F 8 Tf 4 Ts (2) Tj ET\n", "m²"),
    ],
)
def test_raised_and_lowered_figures_stand_apart(read: Read, content: str, wanted: str) -> None:
    """As the characters that Unicode has for them, with boxes."""
    document = read(_plain(content))
    assert wanted in document.text
    start = document.text.index(wanted)
    assert document.boxes(start, start + len(wanted))


@pytest.mark.parametrize(
    "content",
    [
        "BT /F 12 Tf 72 700 Td (21) Tj /F 7 Tf 5 Ts (st) Tj 0 Ts /F 12 Tf ( of May) Tj ET\n",
        text(72, 700, "1,250.00") + text(200, 700, "21st of May"),
        "BT /F 12 Tf 0.966 0.259 -0.259 0.966 72 500 Tm (No. 12345 and 21st of 67890) Tj ET\n",
        "BT /F 12 Tf 0 1 -1 0 72 500 Tm (No. 12345 and 21st of 67890) Tj ET\n",
    ],
    ids=["ordinal", "plain", "slanting", "turned"],
)
def test_figures_on_one_line_stay_as_they_are(read: Read, content: str) -> None:
    """Letters of ordinals, and text that runs another way, are not raised."""
    found = read(_plain(content)).text
    assert "21st" in found
    assert not set(found) & set("¹²³⁴⁵⁶⁷⁸⁹⁰₁₂₃₄₅₆₇₈₉₀ˢᵗ")


@pytest.mark.parametrize(
    "stroke",
    [
        "1 w 120 704 m 156 704 l S\n",
        "120 703.5 36.5 0.8 re f\n",
        "q 1 0 0 RG 0.7 w 119 703 m 158 703 l S Q\n",
        "q 0.5 0 0 0.5 60 352 cm 2 w 120 704 m 192 704 l S Q\n",
    ],
    ids=["line", "thin box", "red", "scaled"],
)
def test_struck_words_are_marked(read: Read, stroke: str) -> None:
    """Signs stand around what is struck, and around nothing else."""
    content = text(72, 700, "Price") + text(120, 700, "990.00") + text(170, 700, "790.00") + stroke
    assert read(_plain(content)).text.split() == ["Price", "~~990.00~~", "790.00"]


@pytest.mark.parametrize(
    "rule",
    [
        "0.5 w 72 697 m 150 697 l S\n",
        "0.5 w 40 704 m 500 704 l S\n",
        "0.5 w 72 712 m 150 712 l S\n",
        "60 695 200 16 re S\n",
    ],
    ids=["underlined", "rule of the page", "overlined", "framed"],
)
def test_other_lines_strike_nothing(read: Read, rule: str) -> None:
    """Underlines, rules and frames."""
    assert read(_plain(text(72, 700, "Price: 990.00") + rule)).text == "Price: 990.00"


def test_drawn_boxes_stand_before_their_labels(read: Read) -> None:
    """Ticked by lines, by a letter, by a filled square; open; and no place for a character."""
    content = (
        "0.8 w 72 698 10 10 re S 73 699 m 81 707 l S 73 707 m 81 699 l S\n"
        + text(88, 700, "Married")
        + "72 678 10 10 re S\n"
        + text(88, 680, "Smoker")
        + "72 658 10 10 re S\n"
        + text(73.5, 660, "X", size=10)
        + text(88, 660, "Employed")
        + "72 638 10 10 re S 74 640 6 6 re f\n"
        + text(88, 640, "Insured")
        + text(72, 600, "Yes")
        + "100 598 10 10 re S\n"
        + "".join(f"{200 + 12 * i} 638 12 12 re S\n" for i in range(6))
        + text(202, 640, "X")
    )
    found = " ".join(read(_plain(content)).text.split())
    for wanted in ("[x] Married", "[ ] Smoker", "[x] Employed", "[x] Insured", "Yes [ ]"):
        assert wanted in found
    assert found.count("[") == 5


def test_cells_of_a_table_are_no_boxes_to_tick(read: Read) -> None:
    """Squares that share their edges with a grid."""
    grid = "".join(f"{72 + 12 * c} {600 + 12 * r} 12 12 re S\n" for c in range(5) for r in range(4))
    assert "[" not in read(_plain(grid + text(140, 603, "Hours") + text(140, 615, "Days"))).text


@pytest.mark.parametrize(
    "passes",
    [
        lambda first: [*first, *reversed(first)],
        lambda first: [row for row in first for _ in range(3)],
        lambda first: [*first[::2], *first[1::2], *first],
    ],
    ids=["backwards", "three times each", "columns first"],
)
def test_words_printed_again_in_any_order_appear_once(read: Read, passes: Callable[[list[str]], list[str]]) -> None:
    """Whatever the order of the second pass."""
    rows = [(72, 700, "Net"), (300, 700, "1,000.00"), (72, 680, "Total due"), (300, 680, "1,000.00")]
    content = "".join(passes([text(x, y, words) for x, y, words in rows]))
    assert read(_plain(content)).text == "Net\t1,000.00\nTotal due\t1,000.00"


def test_words_printed_twice_in_one_place_appear_once(read: Read) -> None:
    """A second pass for bold type or a shadow; equal words elsewhere stay."""
    rows = [(72, 700, "Net"), (300, 700, "1,000.00"), (72, 680, "Total due"), (300, 680, "1,000.00")]
    first = "".join(text(x, y, words) for x, y, words in rows)
    again = "".join(text(x + 0.4, y - 0.3, words) for x, y, words in rows)
    assert read(_plain(first + again)).text == "Net\t1,000.00\nTotal due\t1,000.00"


@pytest.mark.parametrize("turn", ["0 1 -1 0", "0 -1 1 0"], ids=["up", "down"])
def test_turned_text_joins_no_row(read: Read, turn: str) -> None:
    """Words at the edge, short ones among them, stand by themselves."""
    rows = [("Net amount", "1,000.00"), ("VAT 25 %", "250.00"), ("Total due", "1,250.00"), ("Open", "50.00")]
    content = "".join(
        text(72, 640 - 16 * i, a, size=9) + text(300, 640 - 16 * i, b, size=9) for i, (a, b) in enumerate(rows)
    )
    at = 500 if turn.startswith("0 1") else 680
    found = read(_plain(content + f"BT /F 12 Tf {turn} 40 {at} Tm (30 Sep 2020 v1 No 12 B) Tj ET\n")).text
    for a, b in rows:
        assert f"{a}\t{b}" in found.split("\n")
    assert "30 Sep 2020 v1 No 12 B" in found.split("\n")


@pytest.mark.parametrize("columns", [3, 4])
@pytest.mark.parametrize("offset", [0.0, 4.0])
def test_columns_of_text_are_read_one_after_the_other(read: Read, columns: int, offset: float) -> None:
    """Level baselines or not, and lines that nearly reach the next column."""
    width = 468 / columns
    words = [
        "the owner pays",
        "in thirty days and",
        "all that is due by",
        "the end of the year then",
        "as was said above",
    ]
    content = ""
    for c in range(columns):
        rows = [f"c{c} {words[(i + c) % 5]}" for i in range(30)]
        content += "".join(text(72 + c * width, 700 - 12 * i - c * offset, row, size=8) for i, row in enumerate(rows))
    found = read(_plain(content)).text
    order = [int(line[1]) for line in found.split("\n")]
    assert order == sorted(order)
    assert len(order) == 30 * columns


def test_two_pages_on_one_sheet_are_read_one_after_the_other(read: Read) -> None:
    """Each with rows and paragraphs of its own."""
    left = [f"Left line {i} of a page that goes on and on here" for i in range(20)]
    right = [f"Right line {i} of the other page of the two" for i in range(20)]
    content = lines(40, 560, left, 20) + lines(460, 560, right, 20)
    found = read(_plain(content, "/MediaBox [0 0 842 595]")).text
    assert found.index("Left line 19") < found.index("Right line 0")


def test_empty_cells_keep_their_place(read: Read) -> None:
    """A tab for each, at the beginning of a row too, and in the table's cells."""
    titles = ["No", "Item", "Sent", "Back", "Price"]
    xs = [72, 120, 240, 320, 400]
    rows = [["1", "Bolts", "7", "", "1.50"], ["", "Nuts", "", "3", "2.50"], ["3", "Rings", "5", "4", ""]]
    content = "".join(
        text(x, 700 - 16 * i, cell, size=9)
        for i, row in enumerate([titles, *rows])
        for x, cell in zip(xs, row, strict=True)
        if cell
    )
    document = read(_plain(content))
    assert document.text.split("\n")[1:] == ["1\tBolts\t7\t\t1.50", "\tNuts\t\t3\t2.50", "3\tRings\t5\t4"]
    (table,) = document.tables
    assert [document.text[a:b] for a, b, _ in table.cells(2)] == ["", "Nuts", "", "3", "2.50"]


@pytest.mark.parametrize("label_at", [0.0, 0.5, 1.0], ids=["top", "middle", "foot"])
def test_labels_of_merged_cells_stand_with_every_row(read: Read, label_at: float) -> None:
    """Wherever in its cell the label stands, as the rules tell how far the cell reaches."""
    rules = "".join(
        f"{x} {720 - 20 * r} m 400 {720 - 20 * r} l S\n" for r in range(7) for x in [40 if r in {0, 1, 3, 6} else 140]
    )
    content = text(45, 706, "Region", size=9) + text(145, 706, "Item", size=9) + text(285, 706, "Sales", size=9)
    rows = ["Bolts", "Nuts", "Bolts", "Nuts", "Rings"]
    for i, row in enumerate(rows):
        content += text(145, 686 - 20 * i, row, size=9) + text(285, 686 - 20 * i, f"{i + 1},100", size=9)
    content += text(45, 686 - 20 * label_at, "North", size=9) + text(45, 646 - 40 * label_at, "South", size=9)
    found = read(_plain(rules + content)).text.split("\n")
    assert found[1:] == [f"{'North' if i < 2 else 'South'}\t{row}\t{i + 1},100" for i, row in enumerate(rows)]


def test_text_that_is_clipped_ends_at_its_cell(read: Read) -> None:
    """What runs on beneath the next cell is not there, and the next cell begins one."""
    rows = [
        ("Payment of the bills 133, 132, 139 and of 140 to 152 as agreed", "26406576"),
        ("A bill of 29.01.2016 or so it is, and", "1074935"),
    ]
    content = ""
    for i, (words, amount) in enumerate(rows):
        y = 690 - 16 * i
        content += f"q 40 {y - 3} 182 13 re W n\n{text(42, y, words, size=9)}Q\n" + text(225, y, amount, size=9)
        content += text(400, y, "0", size=9)
    found = [line.split("\t") for line in read(_plain(content)).text.split("\n")]
    assert [row[1] for row in found] == ["26406576", "1074935"]


@pytest.mark.parametrize(
    ("placed", "wanted"),
    [
        ([(300, 700, "يلامجإلا"), (250, 700, "١٢٥٠")], "الإجمالي ١٢٥٠"),
        ([(300, 700, "٢٠٢٤/٠٣/١٥"), (390, 700, "خيرات")], "تاريخ ٢٠٢٤/٠٣/١٥"),
        ([(300, 700, "۱۴۰۳"), (340, 700, "لاس")], "سال ۱۴۰۳"),
        ([(300, 700, "םולש"), (260, 700, "2024")], "שלום 2024"),
    ],
    ids=["arabic", "date", "persian", "hebrew"],
)
def test_figures_run_from_left_to_right_in_right_to_left_lines(
    read: Read, placed: list[tuple[float, float, str]], wanted: str
) -> None:
    """Words in the order of reading, figures in their own."""
    assert read(_in_script(placed)).text == wanted


def test_each_line_runs_in_its_own_direction(read: Read) -> None:
    """English lines on a Hebrew page, a Hebrew line on an English one, and English words within a Hebrew line."""
    hebrew = [(300, 700, "םולש"), (260, 700, "תיב"), (300, 680, "הנש"), (260, 680, "הבוט")]
    found = read(_in_script(hebrew, beside=text(72, 640, "Invoice number") + text(160, 640, "2024"))).text.split("\n")
    assert found[:2] == ["שלום בית", "שנה טובה"]
    assert found[2].split() == ["Invoice", "number", "2024"]
    english = lines(72, 700, ["This is an English page with a line of Hebrew in it"] * 6)
    assert "שלום בית" in read(_in_script([(300, 560, "םולש"), (260, 560, "תיב")], beside=english)).text


@pytest.mark.parametrize(
    ("glyphs", "words"),
    [
        ({"م": 1, "لا": 1, "س": 1, "ل": 1, "ا": 1}, "السلام"),
        ({"ه": 1, "لأ": 1}, "لأه"),
        ({"ی": 1, "لا": 1, "ا": 1, "ک": 1}, "کالای"),
        ({"ا": 1, "لإ": 1, "ب": 1}, "بلإا"),
        ({"ن": 1, "لآ": 1, "ا": 1}, "الآن"),
    ],
    ids=["peace", "with hamza", "persian", "hamza below", "madda"],
)
def test_ligatures_keep_their_order(read: Read, glyphs: dict[str, int], words: str) -> None:
    """One glyph for lam and alef, of any kind."""
    pdf = Pdf()
    codes = {glyph: 0x41 + i for i, glyph in enumerate(glyphs)}
    shown, rest = "", words
    while rest:
        glyph = next(g for g in sorted(codes, key=len, reverse=True) if rest.startswith(g))
        shown, rest = chr(codes[glyph]) + shown, rest[len(glyph) :]
    font = _meaning(pdf, {code: glyph for glyph, code in codes.items()})
    content = f"BT /S 14 Tf 300 700 Td ({shown}) Tj ET\n"
    found = read(pdf.write([Page(content, f"/Resources << /Font << /S {font} 0 R >> >>")])).text
    assert found == words


def test_words_with_letters_put_right_are_known(read: Read) -> None:
    """A font tells each nun as a Latin letter: the words are right, noted, and told apart from the others."""
    pdf = Pdf()
    font = _meaning(pdf, dict(zip(range(0x41, 0x49), "ðגריהחשו", strict=True)))
    rows = "".join(
        f"BT /S 14 Tf 300 {700 - 30 * i} Td ({codes}) Tj ET\n" for i, codes in enumerate(["EDCBA", "AHGFA", "GHC"])
    )
    document = read(pdf.write([Page(rows, f"/Resources << /Font << /S {font} 0 R >> >>")]))
    assert [n.code for n in document.notes] == ["decode_mended"]
    lines = [(m.start(), m.end()) for m in re.finditer("[^\n]+", document.text)]
    assert ["נ" in document.text[a:b] for a, b in lines] == [True, True, False]
    assert [document.is_mended(a, b) for a, b in lines] == [True, True, False]


@pytest.mark.parametrize("pitch", [14, 18])
def test_vertical_writing_is_read_column_by_column(read: Read, pitch: int) -> None:
    """Characters one below the other, columns from the right."""
    columns = ["契約書", "甲は乙に金を払う", "支払期日は三月", "山田太郎"]
    placed = [(500 - 30 * c, 740 - pitch * i, k) for c, column in enumerate(columns) for i, k in enumerate(column)]
    assert read(_in_script(placed)).text.split("\n") == columns


@pytest.mark.parametrize(
    "columns",
    [
        ["甲方應於三十日內付款", "乙方應交付貨物與發票", "臺北市"],
        ["一金百弐拾万円也", "右正に領収致しました", "令和六年三月五日"],
        ["請求書", "株式会社山田商店御中"],
    ],
    ids=["chinese", "receipt", "two columns"],
)
def test_vertical_writing_of_other_kinds(read: Read, columns: list[str]) -> None:
    """Columns of unlike lengths, in Chinese and Japanese, from the right."""
    placed = [(440 - 26 * c, 640 - 15 * i, k) for c, column in enumerate(columns) for i, k in enumerate(column)]
    assert read(_in_script(placed)).text.split("\n") == columns


def test_characters_set_apart_are_one_word(read: Read) -> None:
    """A title over the page, labels and a sum in even steps; weekdays over their figures are columns."""
    spread = [(200 + 48 * i, 700, c) for i, c in enumerate("納品書")]
    spread += [(72, 660, "氏"), (112, 660, "名"), *((200 + 30 * i, 660, c) for i, c in enumerate("山田太郎"))]
    found = read(_in_script(spread)).text.split("\n")
    assert found[0] == "納品書"
    assert found[1].split() == ["氏名", "山田太郎"]
    days = [(100 + 50 * i, 700, c) for i, c in enumerate("月火水木")]
    figures = "".join(text(98 + 50 * i, 680 - 14 * r, f"{r + 1}{i}5") for i in range(4) for r in range(3))
    assert read(_in_script(days, beside=figures)).text.split("\n")[0].split("\t") == list("月火水木")


@pytest.mark.parametrize(
    ("name", "ordering", "encoding", "words"),
    [
        ("HeiseiMin-W3", "Japan1", "UniJIS-UCS2-H", "合計円"),
        ("STSong-Light", "GB1", "UniGB-UCS2-H", "金额元"),
        ("MSung-Light", "CNS1", "UniCNS-UCS2-H", "發票額"),
        ("HYSMyeongJo-Medium", "Korea1", "UniKS-UCS2-H", "합계원"),
    ],
)
def test_characters_of_fonts_that_are_not_here_are_read(
    read: Read, name: str, ordering: str, encoding: str, words: str
) -> None:
    """Single ones, of a font that is neither embedded nor installed."""
    pdf = Pdf()
    below = pdf.add(
        f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /{name} /DW 1000 "
        f"/CIDSystemInfo << /Registry (Adobe) /Ordering ({ordering}) /Supplement 2 >> >>"
    )
    font = pdf.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /{encoding} /DescendantFonts [{below} 0 R] >>"
    )
    content = "".join(
        f"BT /J 12 Tf {72 + 40 * i} 700 Td <{c.encode('utf-16-be').hex()}> Tj ET\n" for i, c in enumerate(words)
    )
    found = read(pdf.write([Page(content, f"/Resources << /Font << /J {font} 0 R >> >>")])).text
    assert "".join(found.split()) == words


@pytest.mark.parametrize(
    "data",
    [
        "<form1><Name>Eva</Name><Firm>Berger & Sons</Firm><Sum>1250.00</Sum></form1>",
        "<form1><Name>Eva</Name><Firm>Berger &amp; Sons &copy; 1</Firm><Sum>5 < 6</Sum></form1>",
        "<form1><Name>Eva</Name><Firm>Berger\x02 AG</Firm><Sum>7.00</Sum>",
    ],
    ids=["ampersand", "entity and sign", "cut off"],
)
def test_form_data_that_is_no_sound_xml_is_read(read: Read, data: str) -> None:
    """One bad sign loses no value."""
    pdf = Pdf()
    packet = (
        f'<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data>{data}</xfa:data></xfa:datasets>'
    )
    sets = pdf.stream(zlib.compress(packet.encode()), "/Filter /FlateDecode")
    pdf.catalogue = f"/AcroForm << /Fields [] /XFA [(datasets) {sets} 0 R] >>"
    found = read(pdf.write([Page(text(72, 700, "Please wait"))])).text
    assert "Name: Eva" in found
    assert "Firm: Berger" in found
