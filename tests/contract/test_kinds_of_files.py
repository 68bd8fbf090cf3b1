"""Kinds of files beside the common ones, and corners of the common ones: code pages, flat XML, cards, signed files."""

from __future__ import annotations

import base64
import datetime as dt
import re
from pathlib import Path

import openpyxl
import pytest
from asn1crypto import cms

from tests.office_files import make_odf, source_of
from tests.ole_files import doc_streams, ole, xls_streams
from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.archives.container import Unpacking
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.mail.outlook.rtf_bodies import original, to_text
from thresher.service.readers.registry import read_source


def reading(path: Path, data: bytes | None = None) -> Reading:
    """The Reading of a file, written first where its bytes are given."""
    if data is not None:
        path.write_bytes(data)
    return read_source(source_of(path), ReadOptions(), Spool(path.parent / "spool"))


def read(path: Path, data: bytes | None = None) -> Document:
    """Its Document."""
    return reading(path, data).document


_FONTS = rb"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset128 MS Gothic;}{\f2\fcharset136 MingLiU;}{\f3\fcharset161 Arial;}{\f4\fcharset129 Batang;}{\f5\fcharset204 Arial;}}"
RTF_TEXTS: dict[str, tuple[bytes, str]] = {
    "plain letter as second byte": (rb"\f1 \'83A\'83\'5c", "アソ"),
    "escaped backslash as second byte": (rb"\f1 \'95\\\'8e\'a6", "表示"),
    "escaped brace as second byte": (rb"\f2 \'a7\{x", "坊x"),
    "raw bytes": (rb"\f1 " + "請求書".encode("cp932"), "請求書"),
    "chinese": (rb"\f2 \'b5\'6f\'b2\'bc", "發票"),
    "korean": (rb"\f4 \'c7\'d1\'b1\'b9", "한국"),
    "greek": (rb"\f3 \'d4\'e9\'ec\'de", "Τιμή"),
    "russian": (rb"\f5 \'d1\'f7\'b8\'f2", "Счёт"),
    "unicode with two bytes behind": (rb"\uc2\u34920\'95\'5c x", "表 x"),
    "a form for programs without Unicode": (rb"{\upr{M\'fcller}{\*\ud{M\u252?ller}}}", "Müller"),
    "beyond the basic plane": (rb"\u-10179?\u-8704? x", "\U0001f600 x"),
}


@pytest.mark.parametrize("name", RTF_TEXTS)
def test_rtf_in_any_code_page(name: str, tmp_path: Path) -> None:
    """Bytes are read by the font's code page, whatever form the second one has; also in the bodies of mails."""
    body, text = RTF_TEXTS[name]
    rtf = rb"{\rtf1\ansi\ansicpg1252" + _FONTS + body + rb"\par}"
    document = read(tmp_path / "a.rtf", rtf)
    assert document.text == text
    assert not document.notes
    assert to_text(rtf.decode("latin-1"))[0].strip() == text
    wrapped = rb"{\rtf1\ansi\ansicpg1252\fromhtml1" + _FONTS + rb"{\*\htmltag64 <p>}" + body + rb"{\*\htmltag72 </p>}}"
    assert original(wrapped.decode("latin-1")) == f"<p>{text}</p>"


@pytest.mark.parametrize(("word", "byte"), [("mac", 0x9F), ("pca", 0x81), ("pc", 0x81)])
def test_rtf_in_an_old_character_set(word: str, byte: int, tmp_path: Path) -> None:
    """A file states one for all of its text."""
    assert read(tmp_path / "a.rtf", f"{{\\rtf1\\{word} Gr\\'{byte:02x}n}}".encode()).text == "Grün"


def test_rtf_says_what_no_code_page_gives(tmp_path: Path) -> None:
    """A lead byte without its second one is a lost character, and a Note says so."""
    document = read(tmp_path / "a.rtf", rb"{\rtf1\ansi" + _FONTS + rb"\f1 5 \'83\par}")
    assert [n.code for n in document.notes] == ["decode_loss"]


def test_rtf_without_text_says_so(tmp_path: Path) -> None:
    """An empty file has a Note, and one that breaks off before its text is damaged."""
    assert [n.code for n in read(tmp_path / "a.rtf", rb"{\rtf1{\info{\title x}}}").notes] == ["no_text"]
    cut = read(tmp_path / "b.rtf", rb"{\rtf1\ansi{\fonttbl{\f0 Arial;")
    assert "corrupt_partial" in {n.code for n in cut.notes}


def test_members_that_are_left_out_are_all_counted(tmp_path: Path) -> None:
    """Beyond a hundred Notes on single members, the rest is counted."""
    (tmp_path / "a.zip").write_bytes(b"PK")
    source = source_of(tmp_path / "a.zip")
    unpacking = Unpacking(source, ReadOptions().limits, Spool(tmp_path / "spool"))
    for i in range(130):
        unpacking.leave_out("corrupt_partial", f"m{i}")
    unpacking.leave_out("unsafe_path", "x")
    found = [n.message for n in unpacking.finish().document.notes]
    assert len(found) == 103
    assert any(message.startswith("30 more members") for message in found)


def test_rtf_keeps_what_stands_aside(tmp_path: Path) -> None:
    """Footnotes with their marks, text boxes, list numbers, results of fields, and no instructions of fields."""
    text = read(
        tmp_path / "a.rtf",
        rb"{\rtf1\ansi{\listtext 1.\tab}First{\super\chftn}{\footnote{\super\chftn} See below}\par "
        rb"{\field{\*\fldinst HYPERLINK http://x}{\fldrslt link}}{\shp{\*\shpinst{\sp{\sn a}{\sv 9}}{\shptxt In a box\par}}}\par}",
    ).text
    assert text.split("\n") == ["1.\tFirst[1]", "link", "In a box", "[1] See below"]


FLAT_ODF = (
    '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'office:mimetype="application/vnd.oasis.opendocument.{}"><office:body>{}</office:body></office:document>'
)
_CELLS = "<table:table-row><table:table-cell><text:p>Total</text:p></table:table-cell><table:table-cell office:value-type='float'><text:p>5.00</text:p></table:table-cell></table:table-row>"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
FLAT_WORD = (
    '<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
    '<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/_rels/.rels"><pkg:xmlData>'
    f'<Relationships xmlns="{_REL}"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="word/document.xml"/></Relationships></pkg:xmlData></pkg:part><pkg:part pkg:name="/word/document.xml">'
    f'<pkg:xmlData><w:document xmlns:w="{_W}"><w:body><w:p><w:r><w:t>Total 5.00</w:t></w:r></w:p></w:body></w:document>'
    "</pkg:xmlData></pkg:part></pkg:package>"
)
SHEET_XML = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:html="http://www.w3.org/TR/REC-html40"><Styles><Style ss:ID="n">'
    '<NumberFormat ss:Format="#,##0.00"/></Style></Styles><Worksheet ss:Name="Bill"><Table><Row ss:Index="2"><Cell ss:MergeDown="1">'
    '<Data ss:Type="String">North</Data></Cell><Cell ss:Index="3" ss:StyleID="n"><Data ss:Type="Number">1250</Data></Cell></Row><Row>'
    '<Cell ss:Index="2"><ss:Data ss:Type="String">10<html:Sup>6</html:Sup></ss:Data></Cell><Cell><Data ss:Type="DateTime">'
    "2024-02-01T00:00:00.000</Data></Cell></Row></Table></Worksheet></Workbook>"
)
FLAT: dict[str, tuple[str, str, str]] = {
    "a.fods": (FLAT_ODF.format("spreadsheet", f"<office:spreadsheet><table:table table:name='S'>{_CELLS}</table:table></office:spreadsheet>"), "S\nTotal\t5.00", "sheet"),
    "a.fodt": (FLAT_ODF.format("text", "<office:text><text:p>Total 5.00</text:p></office:text>"), "Total 5.00", "office"),
    "word.xml": (FLAT_WORD, "Total 5.00", "office"),
    "excel.xml": (SHEET_XML, "Bill\nNorth\t\t1,250.00\nNorth\t10⁶\t2024-02-01", "sheet"),
    "excel.xls": (SHEET_XML, "Bill\nNorth\t\t1,250.00\nNorth\t10⁶\t2024-02-01", "sheet"),
}  # fmt: skip


@pytest.mark.parametrize("name", FLAT)
def test_office_as_flat_xml(name: str, tmp_path: Path) -> None:
    """An office file in one XML file is read as the packed one is, under its own Source."""
    xml, text, kind = FLAT[name]
    document = read(tmp_path / name, xml.encode())
    assert (document.text, document.kind) == (text, kind)
    assert document.source.blob == str(tmp_path / name)


def test_flat_sheet_cells_have_their_names(tmp_path: Path) -> None:
    """Rows and columns that are left out are counted."""
    document = read(tmp_path / "a.xml", SHEET_XML.encode())
    assert document.part_at(document.text.index("1,250")) == "Bill!C2"


@pytest.mark.parametrize("xml", [SHEET_XML[:400], FLAT_WORD[:300], FLAT_ODF.format("text", "")])
def test_damaged_flat_xml_gives_a_code_or_its_text(xml: str, tmp_path: Path) -> None:
    """A flat file that ends too early is `corrupt`, or what another reader can make of it."""
    try:
        document = read(tmp_path / "a.xml", xml.encode())
    except InputProblem as problem:
        assert problem.code in {"corrupt", "unsupported_type"}  # noqa: PT017 - either is an answer
    else:
        assert "corrupt_partial" in {n.code for n in document.notes}


CARD = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg\r\nNOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Stra=DFe =\r\nund Platz\r\nTEL;CELL:+43 660 1\r\nEND:VCARD\r\n"
CARD_4 = 'BEGIN:VCARD\nVERSION:4.0\nFN:Zoë\\, Dr.\nitem1.TEL;TYPE="work,voice":+1 555 01\nBDAY:19800412\nADR:;;Main St 5;Graz;;8010;Austria\nNOTE:a long li\n ne\\nsecond\nEND:VCARD\n'


def test_cards_are_read_as_people_read_them(tmp_path: Path) -> None:
    """Quoted-printable in any charset, soft breaks, folds and escapes are undone."""
    old, new = read(tmp_path / "a.vcf", CARD.encode()).text, read(tmp_path / "b.vcf", CARD_4.encode()).text
    assert "N: Müller; Jörg" in old
    assert "NOTE: Straße und Platz" in old
    assert "TEL (CELL): +43 660 1" in old
    assert "FN: Zoë, Dr." in new
    assert "TEL (work,voice): +1 555 01" in new
    assert "BDAY: 1980-04-12" in new
    assert "ADR: Main St 5; Graz; 8010; Austria" in new
    assert "NOTE: a long line\nsecond" in new


CARDS: dict[str, tuple[bytes, list[str]]] = {
    "japanese": (b"VERSION:2.1\r\nN;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=8ER=93c;=91=BE=98Y\r\n", ["N: 山田; 太郎"]),
    "broken within a character": (
        b"VERSION:2.1\r\nADR;WORK;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;;Hauptstra=C3=9Fe 5;Gr=C3=\r\n=A4z;;8010;=C3=96sterreich\r\n",
        ["Hauptstraße 5", "Gräz", "8010", "Österreich"],
    ),
    "encoding by its bare name": (b"VERSION:2.1\r\nFN;QUOTED-PRINTABLE:Zo=EB\r\n", ["FN: Zoë"]),
    "lines within": (b"VERSION:2.1\r\nLABEL;WORK;ENCODING=QUOTED-PRINTABLE:Mill Lane=0D=0AGraz=\r\n\r\nTEL:1\r\n", ["Mill Lane\nGraz"]),
    "in version 3": (b"VERSION:3.0\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg\nORG:A\\; B;C\n", ["N: Müller; Jörg", "A; B"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_values_of_cards_in_any_form(name: str, tmp_path: Path) -> None:
    """In other charsets and languages, cut anywhere."""
    data, wanted = CARDS[name]
    found = read(tmp_path / "a.vcf", b"BEGIN:VCARD\r\n" + data + b"END:VCARD\r\n").text
    for one in wanted:
        assert one in found
    assert not re.search("=[0-9A-F]{2}", found)


def test_folds_may_cut_a_character(tmp_path: Path) -> None:
    """A calendar folds by bytes, so a fold may stand within a letter; evidence names the line a property begins on."""
    data = (
        b"BEGIN:VCALENDAR\r\nSUMMARY:Gr"
        b"\xc3\r\n \xbc\xc3\x9fe\r\nDTSTART;TZID=Europe/Vienna:20240414T090000\r\nDTEND:20240414T080000Z\r\nEND:VCALENDAR\r\n"
    )
    document = read(tmp_path / "a.ics", data)
    assert "SUMMARY: Grüße" in document.text
    assert "DTSTART (Europe/Vienna): 2024-04-14 09:00:00" in document.text
    assert "DTEND: 2024-04-14 08:00:00Z" in document.text
    assert document.part_at(document.text.index("DTEND")) == "line 5"


def test_a_picture_in_a_card_is_a_child(tmp_path: Path) -> None:
    """Base64 is no text: it becomes a file of its own."""
    photo = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
    made = reading(
        tmp_path / "a.vcf",
        f"BEGIN:VCARD\nFN:A\nPHOTO;ENCODING=b;TYPE=PNG:{photo[:30]}\n {photo[30:]}\nEND:VCARD\n".encode(),
    )
    assert [(c.name, c.size) for c in made.children] == [("photo.png", 48)]
    assert photo[:20] not in made.document.text


def signed(content: bytes) -> bytes:
    """A CMS envelope around content, without signers."""
    data = {
        "version": "v1",
        "digest_algorithms": [],
        "encap_content_info": {"content_type": "data", "content": content},
        "signer_infos": [],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())


@pytest.mark.parametrize("form", ["der", "base64", "pem"])
def test_a_signed_file_is_opened(form: str, tmp_path: Path) -> None:
    """What was signed is a child under its own name; the Document says that the signature is not checked."""
    raw = signed(b"<?xml version='1.0'?><Fattura><Numero>7</Numero></Fattura>")
    lines = base64.encodebytes(raw)
    data = {"der": raw, "base64": lines, "pem": b"-----BEGIN PKCS7-----\n" + lines + b"-----END PKCS7-----\n"}[form]
    made = reading(tmp_path / "IT01_1.xml.p7m", data)
    assert [c.name for c in made.children] == ["IT01_1.xml"]
    assert "not checked" in made.document.facts["signature"]
    assert "Numero: 7" in reading(Path(made.children[0].blob)).document.text


SIGNED: dict[str, tuple[bytes, str]] = {
    "pdf.pdf.p7m": (b"%PDF-1.4\n", "pdf.pdf"),
    "twice.xml.p7m.p7m": (signed(b"<a>7</a>"), "twice.xml.p7m"),
    "smime.p7m": (b"From: a@example.org\nTo: b@example.org\nSubject: x\n\nPay 5.\n", "smime.eml"),
}


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_file_of_any_kind_is_opened(name: str, tmp_path: Path) -> None:
    """What is inside is read as what it is, another envelope too."""
    content, inner = SIGNED[name]
    made = reading(tmp_path / name, signed(content))
    assert [child.name for child in made.children] == [inner]
    assert Path(made.children[0].blob).read_bytes() == content


def test_a_signed_file_in_parts_is_opened(tmp_path: Path) -> None:
    """In BER, without lengths and with the content in two pieces, as programs that stream write it."""
    kinds = [bytes.fromhex(f"06092a864886f70d01070{n}") for n in (1, 2)]
    octets = b"\x24\x80" + b"".join(b"\x04" + bytes((len(part),)) + part for part in (b"<a>", b"7</a>")) + bytes(2)
    inner = b"\x30\x80" + kinds[0] + b"\xa0\x80" + octets + bytes(4)
    whole = b"\x30\x80" + kinds[1] + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00" + inner + b"\x31\x00" + bytes(6)
    (child,) = reading(tmp_path / "a.xml.p7m", whole).children
    assert Path(child.blob).read_bytes() == b"<a>7</a>"


def test_a_signed_file_in_a_mail_is_an_attachment(tmp_path: Path) -> None:
    """A signed invoice that is attached is a file, not the mail's body."""
    body = base64.encodebytes(signed(b"<Fattura><Numero>7</Numero></Fattura>")).decode()
    mail = (
        "From: a@example.org\nTo: b@example.org\nSubject: Fattura\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
        "--x\nContent-Type: text/plain\n\nSee attached.\n--x\nContent-Type: application/pkcs7-mime; name=F_1.xml.p7m\n"
        f"Content-Disposition: attachment; filename=F_1.xml.p7m\nContent-Transfer-Encoding: base64\n\n{body}\n--x--\n"
    )
    made = reading(tmp_path / "a.eml", mail.encode())
    assert [c.name for c in made.children] == ["F_1.xml"]
    assert "Numero" not in made.document.text


def test_a_detached_signature_is_no_damage(tmp_path: Path) -> None:
    """A signature without content is a type that holds nothing to read."""
    data = {
        "version": "v1",
        "digest_algorithms": [],
        "encap_content_info": {"content_type": "data"},
        "signer_infos": [],
    }
    raw = bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())
    with pytest.raises(InputProblem, match="unsupported_type"):
        read(tmp_path / "smime.p7s", raw)


_MAIL = b"From: a@example.org\nTo: b@example.org\nSubject: Hi\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\nPay 5 EUR.\n"


_LIST = b'<plist version="1.0"><dict><key>flags</key><integer>5</integer></dict></plist>\n'


@pytest.mark.parametrize("count", [len(_MAIL), len(_MAIL) + 7, len(_MAIL) + 99_999])
@pytest.mark.parametrize(
    "behind",
    [
        b'<?xml version="1.0" encoding="UTF-8"?>\n<plist><dict/></plist>\n',
        b'<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "x">\n' + _LIST,
        b"bplist00\xd1\x01\x02Ucolor\x10\x00\x08\x0b\x11",
    ],
    ids=["list", "list with its type", "binary list"],
)
def test_mails_of_apple_mail(count: int, behind: bytes, tmp_path: Path) -> None:
    """The count before the mail and the list behind it are no part of it, also where the count is wrong."""
    data = f"{count}      \n".encode() + _MAIL + behind
    document = read(tmp_path / "1.emlx", data)
    assert document.kind == "mail"
    assert document.text.endswith("Pay 5 EUR.")


@pytest.mark.parametrize(
    ("delsp", "lines", "text"),
    [
        ("yes", "Der Liefer \ntermin ist am  \n14. April.\n", "Der Liefertermin ist am 14. April."),
        ("yes", "請求書の合 \n計は125,000円 \nです。\n", "請求書の合計は125,000円です。"),
        ("no", "The delivery \ntakes place.\n", "The delivery takes place."),
        ("yes", "> one qu \n> oted\nown\n", "> one quoted\nown"),
    ],
)
def test_soft_breaks_with_and_without_their_blank(delsp: str, lines: str, text: str, tmp_path: Path) -> None:
    """With DelSp the blank before a soft break goes with it (RFC 3676, 4.1)."""
    head = f"From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8; format=flowed; DelSp={delsp}\n\n"
    document = read(tmp_path / "a.eml", (head + lines).encode())
    assert document.text.partition("Subject: x\n")[2] == text


CSVS: dict[str, tuple[bytes, str]] = {
    "escaped quotes": (b'1,"He said \\"hi\\", ok",5\n2,"plain",6\n', '1\tHe said "hi", ok\t5\n2\tplain\t6'),
    "escaped commas": (b"id,text,n\n1,one\\, two,5\n2,x,\\N\n", "id\ttext\tn\n1\tone, two\t5\n2\tx\t"),
    "paths keep their backslashes": (b'id,path\n1,"C:\\new\\dir"\n2,"D:\\"\n', "id\tpath\n1\tC:\\new\\dir\n2\tD:\\"),
    "tab before comma": (b"a\tb, c\td\n1\t2, 5\t3\n", "a\tb, c\td\n1\t2, 5\t3"),
    "tab with decimal commas": (b"x\t1,5\ny\t2,5\nz\t3,5\n", "x\t1,5\ny\t2,5\nz\t3,5"),
    "semicolon with decimal commas": (b"1,5;2,5\n3,5;4,25\n7,2;8,1\n", "1,5\t2,5\n3,5\t4,25\n7,2\t8,1"),
    "numbers between commas": (b"1,2,3\n4,5,6\n7,8,9\n", "1\t2\t3\n4\t5\t6\n7\t8\t9"),
    "stated delimiter": (b"sep=;\nx;y\n1,5;2\n", "x\ty\n1,5\t2"),
    "stated in capitals, for all columns": (b"\xef\xbb\xbfSEP=,,\r\nx,y\r\n1;5,2\r\n", "x\ty\n1;5\t2"),
    "stated between quotes": (b'"sep=\t"\na\tb, c\n', "a\tb, c"),
    "stated bar in UTF-16": ("sep=|\na|b;c\n1|2;3\n".encode("utf-16"), "a\tb;c\n1\t2;3"),
    "no statement": (b"sep=oct;x\n1;2\n", "sep=oct\tx\n1\t2"),
    "single quotes": (b"id;name;sum\n1;'A; B';5,00\n2;'C';6,00\n3;D's;7,00\n", "id\tname\tsum\n1\tA; B\t5,00\n2\tC\t6,00\n3\tD's\t7,00"),
    "doubled quotes": (b'1,"a ""b"", c",5\n2,d,6\n', '1\ta "b", c\t5\n2\td\t6'),
}  # fmt: skip


@pytest.mark.parametrize("name", CSVS)
def test_forms_of_delimited_text(name: str, tmp_path: Path) -> None:
    """Backslashes escape where the rows say so; a tab parts cells before a comma does."""
    data, text = CSVS[name]
    assert read(tmp_path / "a.csv", data).text == text


def test_elapsed_time_in_excel_2003(tmp_path: Path) -> None:
    """Stored as a number of days, or as a moment counted from the day before the first."""
    styles = "<Styles><Style ss:ID='e'><NumberFormat ss:Format='[h]:mm'/></Style></Styles>"
    cells = "".join(
        f"<Cell ss:StyleID='e'><Data ss:Type='{kind}'>{value}</Data></Cell>"
        for kind, value in (("Number", "1.5"), ("DateTime", "1900-01-01T12:05:00.000"))
    )
    start, _, _ = SHEET_XML.partition("<Styles>")
    xml = f"{start}{styles}<Worksheet ss:Name='S'><Table><Row>{cells}</Row></Table></Worksheet></Workbook>"
    assert read(tmp_path / "a.xml", xml.encode()).text == "S\n36:00\t36:05"


def test_text_boxes_of_opendocument_sheets(tmp_path: Path) -> None:
    """Those over the sheet and those fixed to a cell, each once."""
    box = "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    cell = f"<table:table-cell>{box.format('Pay within 30 days')}<text:p>Total</text:p></table:table-cell>"
    shapes = f"<table:shapes>{box.format('Draft')}<draw:custom-shape><text:p>Urgent</text:p></draw:custom-shape></table:shapes>"
    body = f"<table:table table:name='S'>{shapes}<table:table-row>{cell}</table:table-row></table:table>"
    document = read(make_odf(tmp_path / "a.ods", "spreadsheet", body))
    assert document.text == "S\nTotal\nDraft\nUrgent\nPay within 30 days"
    assert document.part_at(document.text.index("Pay")) == "text box of S"


def test_old_word_beyond_the_basic_plane(tmp_path: Path) -> None:
    """Stories are counted in units of UTF-16: what follows a rare character is not cut."""
    stories = [
        "Plain text that comes before and is long\r\U0001f600\U00020bb7 total 5\r",
        "Foot\U0001f600note\r",
        "Header\r",
    ]
    text = read(ole(tmp_path / "a.doc", doc_streams(stories))).text
    assert text.split("\n") == [
        "Plain text that comes before and is long",
        "\U0001f600\U00020bb7 total 5",
        "Foot\U0001f600note",
        "Header",
    ]


def test_text_boxes_of_old_workbooks(tmp_path: Path) -> None:
    """Text boxes are read, check boxes and radios with their state; the boxes of comments are not read twice."""
    boxes = (
        (0x06, 0, "Pay within 30 days"),
        (0x0B, 1, "Paid"),
        (0x0B, 0, "Sent"),
        (0x0C, 1, "Cash"),
        (0x19, 0, "a comment"),
    )
    document = read(ole(tmp_path / "a.xls", xls_streams({(0, 0): "Total", (0, 1): 5.0}, boxes=boxes)))
    assert document.text == "Rates\nTotal\t5\nPay within 30 days\n[x] Paid\n[ ] Sent\n(x) Cash"
    assert document.part_at(document.text.index("Pay")) == "text box of Rates"


FORMS: list[tuple[object, str, str]] = [
    (dt.timedelta(hours=36, minutes=5), "[h]:mm", "36:05"),
    (dt.timedelta(minutes=90, seconds=7), "[mm]:ss", "90:07"),
    (dt.timedelta(days=2), "[hh]:mm:ss", "48:00:00"),
    (123456789, "000-00-0000", "123-45-6789"),
    (5551234567, "(###) ###-####", "(555) 123-4567"),
    (7, '"0"00', "007"),
    (42, "00000", "00042"),
    (5, '0"000"', "5000"),
    (12, '"INV-"0000', "INV-0012"),
    (dt.timedelta(hours=12), "[mm]", "720"),
    (1, '"Paid";"Refund";"Open"', "Paid"),
    (0, '"Paid";"Refund";"Open"', "Open"),
    (0, '#,##0.00;-#,##0.00;"-"', "0.00"),
]


@pytest.mark.parametrize(("value", "form", "text"), FORMS)
def test_numbers_stand_as_the_sheet_shows_them(value: object, form: str, text: str, tmp_path: Path) -> None:
    """Elapsed time has hours without an end; literal zeros and signs between figures are shown."""
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.active["B1"] = value
    book.active["B1"].number_format = form
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert read(path).text == f"Sheet\nx\t{text}"
