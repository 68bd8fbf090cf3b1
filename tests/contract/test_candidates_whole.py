"""Candidates on whole documents: who is who, clauses, parties, mail headers, lines without a table, abstention."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.library.bank_statement import BankStatement
from thresher.schemas.library.contract import Contract
from thresher.schemas.library.invoice import Invoice
from thresher.schemas.library.mail import Mail
from thresher.schemas.library.purchase_order import PurchaseOrder
from thresher.schemas.library.receipt import Receipt
from thresher.schemas.library.resume import Resume
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.source import Source
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import ScriptedTransport
from thresher.service.rules.extractor import extract_by_rules
from thresher.service.rules.spans.identifiers import valid_iban
from thresher.service.rules.spans.line_pieces import lay_out
from thresher.service.rules.spans.printed_dates import day_first
from thresher.service.rules.spans.span import Span
from thresher.service.rules.tables.unmatched_rows import without_unnamed_parties
from thresher.service.targets.loading import target_from_model

NULL = json.dumps({"value": None})
FACTS = ModelFacts(window=4096, most_answer=200, style="candidates")


def builder(kind: str = "text") -> DocumentBuilder:
    """An empty Document."""
    return DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=1), kind=kind)


def document(*parts: str | list[list[str]]) -> Document:
    """A Document of texts, a block a line, and tables."""
    made = builder()
    for part in parts:
        if isinstance(part, str):
            for line in part.split("\n"):
                made.block(line)
        else:
            made.table(part, header_rows=1)
    return made.build()


async def answer(made: Document, model: type[BaseModel]) -> dict[str, Any]:
    """The data that asking gives without a model's help."""
    asking = ModelClient(name="scripted", facts=FACTS, wire=ScriptedTransport({"": NULL}), identity="scripted")
    return (await extract_by_rules(asking, made, target_from_model(model), Policy())).data


INVOICE = """Rechnung Nr. 4711 vom 05.06.2018
Lieferdatum:\t03.06.2018

Verkäufer
Name:\tMuster GmbH
Anschrift:\tHauptstraße 20
\t80333 München
USt-IdNr.:\tDE123456789

Käufer
Name:\tKunden AG Mitte
Anschrift:\tKundenstraße 15
\t69876 Frankfurt
"""
LINES = [
    ["Pos", "Beschreibung", "Menge", "Einzelpreis", "Betrag"],
    ["1", "Schrauben", "10 Stk", "1,20", "12,00"],
    ["", "Zwischensumme", "", "", "12,00"],
    ["2", "Dübel", "2 kg", "100,00", "200,00"],
]
SUMS = "Zwischensumme\t12,00\nNettobetrag\t212,00\nUSt 19% auf 212,00\t40,28\nGesamtbetrag\t252,28"


async def test_seller_and_buyer_are_told_apart() -> None:
    """Each object takes from its own part of the page; what stands in neither stays null."""
    data = await answer(document(INVOICE, LINES, SUMS), Invoice)
    assert data["seller"]["name"] == "Muster GmbH"
    assert data["seller"]["address"] == "Hauptstraße 20 80333 München"
    assert data["seller"]["tax_id"] == "DE123456789"
    assert data["buyer"]["name"] == "Kunden AG Mitte"
    assert data["buyer"]["tax_id"] is None
    assert data["buyer"]["email"] is None


async def test_dates_numbers_and_sums_of_an_invoice() -> None:
    """The headline's date is the invoice's, sums that add up decide net and tax, and a VAT id is no account."""
    data = await answer(document(INVOICE, LINES, SUMS), Invoice)
    assert (data["number"], data["issued"], data["delivered"]) == ("4711", "2018-06-05", "2018-06-03")
    assert (data["net"], data["tax"], data["total"]) == (212.0, 40.28, 252.28)
    assert data["taxes"] == [{"rate": 19, "net": 212.0, "amount": 40.28}]
    assert (data["iban"], data["bic"], data["period_start"]) == (None, None, None)


async def test_units_come_from_the_cell_of_the_quantity() -> None:
    """A quantity's cell gives number and unit; subtotals are no lines."""
    lines = (await answer(document(INVOICE, LINES, SUMS), Invoice))["lines"]
    assert [(x["position"], x["description"], x["quantity"], x["unit"], x["amount"]) for x in lines] == [
        ("1", "Schrauben", 10, "Stk", 12.0),
        ("2", "Dübel", 2, "kg", 200.0),
    ]


async def test_labels_in_the_line_make_parties() -> None:
    """Name and address after "Supplier:" are taken apart, and nobody's bill-to is invented."""
    text = "Purchase order PO-2025-07\nSupplier: Lantern Works Ltd, 1 Nowhere Lane, Exampleton\nBuyer: Walkers, Assembly Hall, Exampleton"
    data = await answer(document(text), PurchaseOrder)
    assert data["number"] == "PO-2025-07"
    assert (data["supplier"]["name"], data["supplier"]["address"]) == (
        "Lantern Works Ltd",
        "1 Nowhere Lane, Exampleton",
    )
    assert (data["buyer"]["name"], data["bill_to"], data["ship_to"]) == ("Walkers", None, None)


CONTRACT = """Exhibit 4.5
SUPPLY AGREEMENT
THIS AGREEMENT is made July 31, 2017 BETWEEN
ALPHA MEDICAL INC., a company with its registered address at 24 Skymark, Toronto, Canada (hereinafter referred to as "Customer")
and
BETA SYSTEMS B.V., a company incorporated under the laws of the Netherlands (hereinafter referred to as "Supplier")
1. TERM AND TERMINATION
1.1 "Effective Date" means the Completion Date as defined in the Purchase Agreement.
1.2 Customer may terminate this Agreement, without cause, by providing six (6) months prior written notice to Supplier.
2. GOVERNING LAW
This Agreement will be governed by and construed in accordance with the laws of the Netherlands.
3. ASSIGNMENT
This Agreement may not be assigned by either Party without the prior written consent of the other Party.
4. WARRANTY
The warranties of this clause will extend for a period of one year.
"""


async def test_a_contract_is_read_by_its_clauses() -> None:
    """Whole sentences under their headings, the title, the parties; and null where the contract says nothing."""
    data = await answer(document(CONTRACT), Contract)
    assert (data["title"], data["agreed"], data["effective"], data["expires"]) == (
        "SUPPLY AGREEMENT",
        "2017-07-31",
        None,
        None,
    )
    assert [(p["name"], p["role"]) for p in data["parties"]] == [
        ("ALPHA MEDICAL INC.", "Customer"),
        ("BETA SYSTEMS B.V.", "Supplier"),
    ]
    assert data["parties"][0]["address"] == "24 Skymark, Toronto, Canada"
    assert (data["notice"], data["governing_law"], data["term"]) == ("six (6) months", "Netherlands", None)
    assert data["assignment"].startswith("This Agreement may not be assigned")
    assert data["termination"].startswith("Customer may terminate")
    assert (data["renewal"], data["non_compete"], data["venue"], data["liability_cap"]) == (None, None, None, None)


def test_who_is_not_in_the_first_sentence_is_no_party() -> None:
    """Somebody whom a later clause names is left out, and named with the reason; with one party found nothing is known."""
    made = document(CONTRACT + "Customer pays in time.\n" * 50 + "Each obeys any Governmental Authority.\n")
    layout = lay_out(made, 0, len(made.text))
    names = ("ALPHA MEDICAL INC.", "BETA SYSTEMS B.V.", "Governmental Authority")
    places = [(made.text.index(name), name) for name in names]
    items = [{"/parties/*/name": Span(start=at, end=at + len(n), text=n, value=n)} for at, n in places]
    kept, refused = without_unnamed_parties(layout, target_from_model(Contract), {"/parties": items})
    assert kept == {"/parties": items[:2]}
    assert [(u.path, u.value) for u in refused] == [("/parties/-", "Governmental Authority")]
    assert "does not stand in the sentence" in refused[0].reason
    assert without_unnamed_parties(layout, target_from_model(Contract), {"/parties": items[1:]}) == (
        {"/parties": items[1:]},
        [],
    )


async def test_mail_headers_answer_mail_fields_and_no_others() -> None:
    """Sender, recipients and date come from the headers; an invoice that a mail brings is not dated by the mail."""
    made = builder("mail")
    for label, value in (
        ("From", '"Doe, Jane" <jane@example.com>'), ("To", "Purchasing <p@example.com>, q@example.com"),
        ("Date", "Mon, 04 Mar 2024 14:05:00 +0100"), ("Subject", "Re: Order 7"), ("Attachments", "a.pdf; b.txt"),
    ):  # fmt: skip
        made.part(f"header:{label}")
        made.block(f"{label}: {value}", BlockKind.MAIL_HEADER)
    made.part("")
    made.block("Please find it attached.")
    mail = await answer(whole := made.build(), Mail)
    assert (mail["sender"]["name"], mail["sender"]["email"]) == ("Doe, Jane", "jane@example.com")
    assert [r.get("email") for r in mail["recipients"]] == ["p@example.com", "q@example.com"]
    assert (mail["subject"], mail["sent"], mail["attachments"]) == (
        "Order 7",
        "2024-03-04T14:05:00+01:00",
        ["a.pdf", "b.txt"],
    )
    invoice = await answer(whole, Invoice)
    assert (invoice["issued"], invoice["seller"], invoice["buyer"]) == (None, None, None)


async def test_what_a_till_prints_is_a_list() -> None:
    """Lines that end with an amount are items, up to the first total; the card is a way of paying, no number."""
    text = "Corner Shop\nReceipt 53032\t21/04/2026 20:26\n1 x Cheddar 400 g\t4.10\n3 x Bread\t7.05\nSubtotal\t11.15\nVAT 20%\t2.23\nTOTAL GBP\t13.38\nCard\t13.38"
    data = await answer(document(text), Receipt)
    assert [(i["quantity"], i["description"], i["amount"]) for i in data["items"]] == [
        (1, "Cheddar 400 g", 4.1), (3, "Bread", 7.05),
    ]  # fmt: skip
    assert (data["payment_method"], data["card"], data["time"]) == ("Card", None, "20:26:00")


async def test_signs_tell_what_came_in_from_what_went_out() -> None:
    """One column of signed amounts fills two fields without sign."""
    rows = [
        ["Date", "Text", "Reference", "Amount", "Balance"],
        ["2025-02-03", "Transfer", "TR-1", "2,500.00", "2,500.00"],
        ["2025-02-05", "Works, order 4711", "TR-2", "-833.00", "1,667.00"],
    ]
    bookings = (await answer(document("Statement", rows), BankStatement))["bookings"]
    assert [(b["booked"], b.get("money_in"), b.get("money_out")) for b in bookings] == [
        ("2025-02-03", 2500.0, None), ("2025-02-05", None, 833.0),
    ]  # fmt: skip


async def test_a_resume_gives_what_is_sure() -> None:
    """Name, mail and the entries under a heading; no nonsense for the rest."""
    text = "Marcus Chen\nSoftware engineer\nWestridge, CA\nmarcus@example.org\nSKILLS\nPython, Go, SQL\nEDUCATION\nState College"
    data = await answer(document(text), Resume)
    assert (data["name"], data["email"], data["skills"]) == (
        "Marcus Chen",
        "marcus@example.org",
        ["Python", "Go", "SQL"],
    )
    assert (data["jobs"], data["publications"], data["profile"]) == ([], [], None)


async def test_a_comment_is_no_part_of_the_order() -> None:
    """What a reviewer wrote beside a document fills nothing."""
    made = builder()
    made.block("Total: 833.00 EUR")
    made.block("The Treasurer: Within the budget, net 900.00 EUR.", BlockKind.COMMENT)
    data = await answer(made.build(), PurchaseOrder)
    assert (data["total"], data["net"], data["tax"]) == (833.0, None, None)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("vom 05.06.2018 DE 80333", True),
        ("05/06/2018 Betrag 12,50 und 3,99", True),
        ("05/06/2018 Fremont CA 94538", False),
        ("05/06/2018 and 25/06/2018 Fremont CA 94538", True),
    ],
)
def test_the_order_of_a_date_is_the_documents(text: str, first: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """Unambiguous dates decide, then dots, then decimal commas, then addresses of the United States."""
    assert day_first(text) is first


def test_an_iban_has_a_checksum() -> None:
    """A VAT id and a mistyped number are no IBAN."""
    assert valid_iban("GB29 NWBK 6016 1331 9268 19")
    assert not valid_iban("GB29 NWBK 6016 1331 9268 18")
