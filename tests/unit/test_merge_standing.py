"""Where a value stands decides, not how often it is repeated; what is stated twice is one."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.schemas import json_pointer
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.source import Source
from thresher.schemas.target import Target, Validation
from thresher.service.merging.tree import Merged, merge

TARGET = Target(name="T", schema={}, validate=lambda data: Validation(data=data), fields=())
ANNEX = "\n".join(["We agree on this."] * 12) + "\nANNEX 1: Prices\n" + "Instalment 5.00\n" * 40


def document(
    text: str, *, path: str = "a.pdf", kind: str = "pdf", media_type: str = "", parent: str | None = None
) -> Document:
    """A Document with this text."""
    source = Source(path=path, blob=path, sha256="0", size=0, media_type=media_type, parent=parent)
    builder = DocumentBuilder(source, kind=kind)
    builder.block(text)
    return builder.build()


def extraction(chunk: int, data: dict[str, Any], start: int, *, document: int = 0, judged: bool = False) -> Extraction:
    """An Extraction whose leaves stand from an offset on, one code point each."""
    evidence = tuple(
        Evidence(
            path=path,
            quote=str(value),
            start=start + i,
            end=start + i + 1,
            chunk=chunk,
            source=f"child{document}" if document else None,
            method="judged" if judged else "read",
        )
        for i, (path, value) in enumerate(json_pointer.leaves(data))
    )
    return Extraction(chunk=chunk, document=document, data=data, evidence=evidence)


def merged(parts: list[Extraction], *documents: Document) -> Merged:
    """The whole of Extractions of some Documents."""
    return merge(parts, TARGET, documents=documents)


def test_a_class_is_what_the_beginning_says_however_many_annexes_say_another() -> None:
    """Three parts of an annex do not outvote the agreement that they hang on, and no doubt is left."""
    parts = [extraction(0, {"kind": "agreement"}, 3, judged=True)]
    parts += [extraction(n, {"kind": "schedule"}, len(ANNEX) - n, judged=True) for n in (1, 2, 3)]
    found = merged(parts, document(ANNEX))
    assert found.data == {"kind": "agreement"}
    assert [(c.rule, c.settled) for c in found.conflicts] == [("standing", True)]


def test_the_body_outranks_exhibits_but_a_contested_total_stays_in_doubt() -> None:
    """The body's total stands; that an exhibit has another is said."""
    parts = [extraction(0, {"total": 10}, 3), *(extraction(n, {"total": 5}, len(ANNEX) - n) for n in (1, 2))]
    found = merged(parts, document(ANNEX))
    assert found.data == {"total": 10}
    assert [(c.rule, c.settled) for c in found.conflicts] == [("standing", False)]


def test_four_attachments_do_not_outvote_the_invoice_they_hang_on() -> None:
    """The main Document's own account stands, and the Result says that others name another."""
    documents = [document("Pay to DE02"), *(document("Pay to XX99", path=f"c{i}") for i in range(4))]
    parts = [extraction(0, {"iban": "DE02"}, 7)]
    parts += [extraction(0, {"iban": "XX99"}, 7, document=i) for i in range(1, 5)]
    found = merged(parts, *documents)
    assert found.data == {"iban": "DE02"}
    assert not found.conflicts[0].settled


def test_parts_of_one_document_count_once_beside_other_documents() -> None:
    """Agreement is counted by source: two attachments outvote five parts of a third."""
    documents = [document("nothing"), *(document("x" * 9, path=f"c{i}") for i in range(3))]
    parts = [extraction(n, {"town": "Ghent"}, n, document=1) for n in range(5)]
    parts += [extraction(0, {"town": "Bruges"}, 1, document=i) for i in (2, 3)]
    assert merged(parts, *documents).data == {"town": "Bruges"}


def test_a_schedule_named_in_the_contents_is_no_end_of_the_body() -> None:
    """A line of a table of contents begins no exhibit."""
    text = "\n".join(["word"] * 12) + "\nSchedule 1 Prices ........ 40\nSchedule 2 Places ........ 44\nTotal 7\nBody\n"
    parts = [extraction(0, {"place": "here"}, 3), extraction(1, {"place": "there"}, text.index("Body"))]
    found = merged(parts, document(text))
    assert not found.conflicts[0].settled


def test_one_entity_under_two_spellings_is_one_name_in_its_longest_form() -> None:
    """Capitals, legal forms and a branch make no second party; two branches are two."""
    parts = [
        extraction(0, {"lenders": ["WELLS BANK, NATIONAL ASSOCIATION", "UBX AG, Stamford Branch"]}, 10),
        extraction(1, {"lenders": ["Wells Bank, N.A.", "UBX AG", "Fjord Bank, Oslo Branch"]}, 100),
        extraction(2, {"lenders": ["Fjord Bank, Bergen Branch"]}, 200),
    ]
    found = merged(parts, document("x" * 300))
    assert found.data["lenders"] == [
        "WELLS BANK, NATIONAL ASSOCIATION",
        "UBX AG, Stamford Branch",
        "Fjord Bank, Oslo Branch",
        "Fjord Bank, Bergen Branch",
    ]
    assert not found.conflicts


def test_a_party_spelled_out_in_one_part_is_no_conflict() -> None:
    """A scalar that two parts give under two spellings is one, in its longest form."""
    parts = [extraction(0, {"buyer": "Acme Ltd"}, 1), extraction(1, {"buyer": "ACME LIMITED"}, 50)]
    found = merged(parts, document("x" * 99))
    assert found.data == {"buyer": "ACME LIMITED"}
    assert not found.conflicts


def xml(text: str = "x" * 99) -> Document:
    """The data of an invoice as it hangs on its page."""
    page = document("").source.id
    return document(text, path="a.pdf!/1-factur-x.xml", kind="text", media_type="application/xml", parent=page)


def test_an_invoice_whose_xml_hangs_on_it_is_one_set_of_records() -> None:
    """Each record of the XML is one that the page has; what only the XML says is added."""
    page = [{"what": "Tea", "amount": 5, "vat": None}, {"what": "Rum", "amount": 7, "vat": None}]
    data = [{"what": "Tea", "amount": 5, "vat": 19}, {"what": "Rum, old", "amount": 7, "vat": 19}]
    parts = [extraction(0, {"lines": page}, 10), extraction(0, {"lines": data}, 10, document=1)]
    found = merged(parts, document("x" * 99), xml())
    assert [(r["what"], r["amount"], r["vat"]) for r in found.data["lines"]] == [("Tea", 5, 19), ("Rum", 7, 19)]
    assert [c.path for c in found.conflicts] == ["/lines/1/what"]


def test_a_record_that_only_the_xml_has_stays() -> None:
    """Nothing is lost: a line that the page does not show is a record of its own."""
    parts = [
        extraction(0, {"lines": [{"what": "Tea", "amount": 5}]}, 10),
        extraction(0, {"lines": [{"what": "Tea", "amount": 5}, {"what": "Fee", "amount": 1}]}, 10, document=1),
    ]
    found = merged(parts, document("x" * 99), xml())
    assert [r["what"] for r in found.data["lines"]] == ["Tea", "Fee"]


def test_two_files_that_are_no_page_and_its_data_keep_their_records() -> None:
    """Two invoices of one mail with the same line are two lines."""
    parts = [extraction(0, {"lines": [{"what": "Tea", "amount": 5}]}, 10, document=n) for n in (0, 1)]
    found = merged(parts, document("x" * 99), document("x" * 99, path="b.pdf"))
    assert len(found.data["lines"]) == 2


@pytest.mark.parametrize("order", [(True, False, False), (False, True, False)])
def test_a_clause_that_one_part_has_is_not_denied_by_parts_without_it(order: tuple[bool, ...]) -> None:
    """A no that no passage shows is no rival of a yes; where all parts say no, it stands."""
    parts = [extraction(n, {"assignable": value}, n, judged=True) for n, value in enumerate(order)]
    parts = [p if p.data["assignable"] else _without_places(p) for p in parts]
    found = merged(parts, document(ANNEX))
    assert (found.data, found.conflicts) == ({"assignable": True}, [])
    assert merged([_without_places(p) for p in parts if not p.data["assignable"]], document(ANNEX)).data == {
        "assignable": False
    }


def _without_places(one: Extraction) -> Extraction:
    nowhere = {"start": None, "end": None, "quote": ""}
    return one.model_copy(update={"evidence": tuple(e.model_copy(update=nowhere) for e in one.evidence)})
