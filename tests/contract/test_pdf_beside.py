"""What a PDF holds beside its printed words, made with pypdf: attachments, forms, locks, metadata, damage."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader as Plain
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, TextStringObject

from tests.pdf_maker import Page, Pdf, pdf_source, text
from thresher.schemas.document import BlockKind, Document
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.pdf import PdfReader

Read = Callable[..., Reading]
PLAIN = Pdf().write([Page(text(72, 700, f"Page {n}")) for n in (1, 2)])


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read the bytes of a PDF."""

    def _read(data: bytes, **options: object) -> Reading:
        source = pdf_source(tmp_path, data)
        chosen = ReadOptions.model_validate({"ocr": "off", **options})
        return PdfReader().read(source, chosen, Spool(tmp_path / "spool"))

    return _read


def _writer() -> PdfWriter:
    return PdfWriter(clone_from=Plain(io.BytesIO(PLAIN)))


def _bytes(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _forms(document: Document) -> list[str]:
    return [document.text[a:b] for a, b, kind, _ in document.blocks if kind is BlockKind.FORM]


def _codes(document: Document) -> list[str]:
    return [n.code for n in document.notes]


@pytest.mark.parametrize("name", ["Rechnung für März.xml", "../../etc/passwd", "図面.csv", "a/b\\c.txt", "x" * 200])
def test_attachments_of_any_name_are_kept(read: Read, name: str) -> None:
    """The bytes are there, and a name never leaves its folder."""
    writer = _writer()
    writer.add_attachment(name, b"<invoice/>")
    (child,) = read(_bytes(writer)).children
    assert Path(child.blob).read_bytes() == b"<invoice/>"
    assert child.name == name.replace("\\", "/").rpartition("/")[2]
    assert child.relation == "embedded"


def test_files_pinned_to_a_page_are_children(read: Read) -> None:
    """A FileAttachment annotation holds a file that no name tree lists."""
    pdf = Pdf()
    file = pdf.stream(b"pinned", "/Type /EmbeddedFile")
    spec = pdf.add(f"<< /Type /Filespec /F (pin.txt) /UF (pin.txt) /EF << /F {file} 0 R >> >>")
    pin = pdf.add(
        f"<< /Type /Annot /Subtype /FileAttachment /FS {spec} 0 R /Rect [72 600 90 620] /Contents (see it) >>"
    )
    reading = read(pdf.write([Page(text(72, 700, "Order"), extra=f"/Annots [{pin} 0 R]")]))
    assert [(c.name, Path(c.blob).read_bytes()) for c in reading.children] == [("pin.txt", b"pinned")]
    assert "see it" in reading.document.text


def _field(writer: PdfWriter, **entries: Any) -> Any:
    return writer._add_object(DictionaryObject({NameObject(f"/{k}"): v for k, v in entries.items()}))


def _string(value: str) -> TextStringObject:
    return TextStringObject(value)


def test_nested_fields_that_no_page_shows_are_hidden(read: Read) -> None:
    """Values live in the field tree; without a widget nobody sees them: a note says so, and they are read on request."""
    writer = _writer()
    street = _field(writer, FT=NameObject("/Tx"), T=_string("street"), V=_string("Main Road 5"))
    child = _field(writer, FT=NameObject("/Btn"), T=_string("insured"), V=NameObject("/Yes"))
    off = _field(writer, FT=NameObject("/Btn"), T=_string("smoker"), V=NameObject("/Off"))
    parent = _field(writer, T=_string("client"), Kids=ArrayObject([street, child, off]))
    for kid in (street, child, off):
        kid.get_object()[NameObject("/Parent")] = parent
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): ArrayObject([parent])})
    document = read(_bytes(writer)).document
    assert "Main Road" not in document.text
    assert "hidden_text" in _codes(document)
    asked = read(_bytes(writer), hidden_text=True).document.text
    assert asked.endswith("client.street: Main Road 5\nclient.insured: Yes")


def test_a_field_with_a_widget_is_said_once(read: Read) -> None:
    """What the page gives with a box is not repeated without one."""
    writer = _writer()
    rect = ArrayObject([FloatObject(v) for v in (72, 600, 200, 620)])
    kinds = {"Type": NameObject("/Annot"), "Subtype": NameObject("/Widget"), "FT": NameObject("/Tx")}
    widget = _field(writer, **kinds, T=_string("Customer"), V=_string("Ada Lovelace"), Rect=rect)
    writer.pages[0][NameObject("/Annots")] = ArrayObject([widget])
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): ArrayObject([widget])})
    assert read(_bytes(writer)).document.text.count("Ada Lovelace") == 1


def _form(content: str, *widgets: str) -> bytes:
    """A page with a form of widgets, each given by the entries of its dictionary."""
    pdf = Pdf()
    made = [f"{pdf.add(f'<< /Type /Annot /Subtype /Widget {entries} >>')} 0 R" for entries in widgets]
    pdf.catalogue = f"/AcroForm << /Fields [{' '.join(made)}] /DR << /Font << /F 3 0 R >> >> /DA (/F 10 Tf 0 g) /NeedAppearances true >>"
    return pdf.write([Page(content, f"/Annots [{' '.join(made)}]")])


def test_boxes_of_forms_have_their_state_wherever_they_stand(read: Read) -> None:
    """Before the words beside them; by themselves with their labels, and no label is written once more."""
    box = "/FT /Btn /Rect [72 {0} 82 {1}] /MK << /CA (4) >>"
    found = _form(
        text(90, 601, "I agree to the terms") + text(90, 581, "News please"),
        f"{box.format(600, 610)} /T (agree) /TU (I agree to the terms) /V /Off /AS /Off",
        f"{box.format(580, 590)} /T (news) /V /Yes /AS /Yes",
        f"{box.format(300, 310)} /T (call) /TU (Call me) /V /Off /AS /Off",
        f"{box.format(280, 290)} /T (paid) /V /Yes /AS /Yes",
        "/FT /Btn /Ff 65536 /T (send) /TU (Send form) /MK << /CA (Send) >> /Rect [72 200 140 220]",
    )
    lines = read(found).document.text.split("\n")
    assert lines == ["[ ] I agree to the terms", "[x] News please", "Send", "Call me: [ ]", "paid: [x]"]


def test_values_of_fields_that_the_page_shows_are_written_once(read: Read) -> None:
    """Short ones, and lists that show a label for their value; of a list that shows all, the chosen one is named."""
    found = _form(
        text(72, 552, "Currency") + text(72, 532, "Land"),
        "/FT /Ch /Ff 131072 /T (cur) /V (EUR) /Opt [(EUR) (USD)] /Rect [140 550 200 565]",
        "/FT /Ch /Ff 131072 /T (land) /V (AT) /Opt [[(AT) (Austria)] [(DE) (Germany)]] /Rect [140 530 200 545]",
        "/FT /Tx /T (no) /V (7) /Rect [300 530 360 545]",
        "/FT /Ch /T (size) /V (B) /Opt [(A) (B) (C)] /Rect [300 300 360 360]",
    )
    assert read(found).document.text.split() == ["Currency", "EUR", "Land", "Austria", "7", "A", "B", "C", "size:", "B"]


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
@pytest.mark.parametrize("password", ["secret", "Schlüssel"])
def test_locked_files_open_with_their_password(read: Read, algorithm: str, password: str) -> None:
    """Without it there is one clear Problem."""
    writer = _writer()
    writer.encrypt(password, algorithm=algorithm)
    data = _bytes(writer)
    assert read(data, passwords=["wrong", password]).document.text == "Page 1\nPage 2"
    with pytest.raises(InputProblem, match="password_protected"):
        read(data)


def test_metadata_comes_from_xmp_where_there_is_no_other(read: Read) -> None:
    """Newer files state title and author only there."""
    pdf = Pdf()
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Lease of 2024</rdf:li></rdf:Alt></dc:title>'
        "<dc:creator><rdf:Seq><rdf:li>A. Notary</rdf:li></rdf:Seq></dc:creator>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    pdf.catalogue = f"/Metadata {pdf.stream(packet.encode(), '/Type /Metadata /Subtype /XML')} 0 R"
    facts = read(pdf.write([Page(text(72, 700, "x"))])).document.facts
    assert facts == {"title": "Lease of 2024", "author": "A. Notary"}


@pytest.mark.parametrize(
    "data",
    [PLAIN[PLAIN.index(b"\n") + 1 :], PLAIN.replace(b"/Root", b"/Ro0t")],
    ids=["no signature", "no root"],
)
def test_what_pdfium_can_not_open_is_rebuilt(read: Read, data: bytes) -> None:
    """The text has boxes like any other, and a Note says that the file is damaged."""
    document = read(data).document
    assert (document.text, _codes(document)) == ("Page 1\nPage 2", ["corrupt_partial"])
    (box,) = document.boxes(0, 4)
    assert 70 < box[0] < 74


def test_pages_for_a_vision_model_are_kept_as_pictures(read: Read) -> None:
    """The reader asks no model: the picture waits beside the Document under the page's number."""
    pdf = Pdf()
    kind = "/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    extra = f"/Resources << /XObject << /I {pdf.stream(bytes(range(0, 256, 4)), kind)} 0 R >> >>"
    data = pdf.write([Page(text(72, 700, "Typed")), Page("q 612 0 0 792 0 0 cm /I Do Q\n", extra=extra)])
    reading = read(data, ocr="vision")
    assert [(c.name, c.relation, c.declared_type) for c in reading.children] == [("page-2.png", "inline", "image/png")]
    assert [(n.code, n.page) for n in reading.document.notes] == [("no_text", 2)]
