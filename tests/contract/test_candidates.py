"""Candidates: what is found, how it ranks, what is left empty, and that nothing is ever invented."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.source import Source
from thresher.schemas.target import Field, Kind
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import Line, ScriptedTransport
from thresher.service.rules.extractor import chosen, extract_by_rules, question_for
from thresher.service.rules.spans.printed_dates import month_number, parse_dates
from thresher.service.rules.spans.printed_numbers import parse_number
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import find_candidates
from thresher.service.rules.target_values import first_values, ranked_values
from thresher.service.targets.loading import target_from_model

FACTS = ModelFacts(window=4096, most_answer=200, style="candidates")


class Row(BaseModel):
    """A row of an invoice."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal


class Party(BaseModel):
    """Somebody with a tax number."""

    name: str | None = None
    vat_id: str | None = None


class Invoice(BaseModel):
    """An invoice."""

    invoice_number: str | None
    date: dt.date | None
    due_date: dt.date | None
    total: Decimal | None
    paid: bool | None = None
    buyer: Party | None = None
    lines: list[Row]


INVOICE = """Muster GmbH
Hauptstr. 5
10115 Berlin
Rechnung Nr. RE-2024-17
Rechnungsdatum: 03.04.2024
Fällig am: 17.04.2024"""
ROWS = [
    ["Beschreibung", "Menge", "Einzelpreis", "Betrag"],
    ["Schrauben", "10", "1,20", "12,00"],
    ["Zwischensumme", "", "", "12,00"],
    ["Dübel", "2", "1.000,00", "2.000,00"],
    ["Summe", "", "", "2.012,00"],
]


def document(text: str, rows: list[list[str]] | None = None, tail: str = "") -> Document:
    """A Document of lines, a table and more lines."""
    builder = DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=1), kind="text")
    for line in text.split("\n"):
        builder.block(line)
    if rows:
        builder.table(rows, header_rows=1)
    for line in tail.split("\n"):
        builder.block(line)
    return builder.build()


def best(text: str, path: str, kind: Kind = "text", **more: Any) -> Any:
    """Value of the best candidate that is good enough."""
    target_field = Field(path=path, kind=kind, **more)
    spans = find_candidates(made := document(text), 0, len(made.text), target_field)
    return next((s.value for s in spans if s.score >= 0.5), None)


async def asked(made: Document, model: type[BaseModel], says: Line = None) -> tuple[Extraction, ScriptedTransport]:
    """What asking gives with a scripted model."""
    wire = ScriptedTransport({"": says if says is not None else {"value": None}})
    asking = ModelClient(name="scripted", facts=FACTS, wire=wire, identity="scripted")
    return await extract_by_rules(asking, made, target_from_model(model), Policy()), wire


async def test_an_invoice_is_read_whole() -> None:
    """Numbers, dates and rows come out in the target's kinds; subtotals are no rows."""
    made = document(INVOICE, ROWS, "Gesamtbetrag\t2.012,00 €")
    data = (await asked(made, Invoice))[0].data
    assert data["invoice_number"] == "RE-2024-17"
    assert (data["date"], data["due_date"], data["total"]) == ("2024-04-03", "2024-04-17", 2012.0)
    assert [row["description"] for row in data["lines"]] == ["Schrauben", "Dübel"]
    assert [(row["quantity"], row["unit_price"], row["amount"]) for row in data["lines"]] == [
        (10, 1.2, 12.0),
        (2, 1000.0, 2000.0),
    ]


async def test_every_value_has_its_place_in_the_text() -> None:
    """Each leaf has evidence, and the evidence is the text at its range."""
    made = document(INVOICE, ROWS)
    found = (await asked(made, Invoice))[0]
    assert all(made.text[e.start : e.end] == e.quote for e in found.evidence if e.start is not None)
    assert {"/lines/1/amount", "/due_date"} <= {e.path for e in found.evidence}


async def test_what_is_not_there_stays_null() -> None:
    """No label, no value: an empty text gives nulls and empty lists, and the model is not asked."""
    found, wire = await asked(document("Dear Sir,\nthank you for the 3 apples of 2019."), Invoice)
    assert found.data == {
        "invoice_number": None, "date": None, "due_date": None, "total": None, "paid": None, "buyer": None, "lines": [],
    }  # fmt: skip
    assert wire.calls == 0


@pytest.mark.parametrize(
    ("text", "path", "kind", "value"),
    [
        ("TOTAL QTY: 4\nSUBTOTAL\t7.74\nTOTAL\t8.20\nCASH\t10.00\nCHANGE\t1.80", "/total", "number", 8.2),
        ("Invoice Date: 02/23/2020\nOrder Flight\t12/30/2019 - 03/29/2020", "/flight_from", "date", "2019-12-30"),
        ("Invoice Date: 02/23/2020\nOrder Flight\t12/30/2019 - 03/29/2020", "/flight_to", "date", "2020-03-29"),
        ("Factuurnummer: 993548900\nKlantnummer: 6669263", "/invoice_number", "text", "993548900"),
        ("Factuurnummer: 993548900\nKlantnummer: 6669263", "/customer_number", "text", "6669263"),
        ("Total HT : 46,68 €\nTVA 20% : 9,34 €\nTotal TTC : 56,02 €", "/total", "number", 56.02),
        ("Total HT : 46,68 €\nTVA 20% : 9,34 €\nTotal TTC : 56,02 €", "/net_total", "number", 46.68),
        ("Incoterm: DPU\nMobile: 555 123 4567", "/incoterm", "text", "DPU"),
        ("IBAN NL50INGB0683251309", "/iban", "text", "NL50INGB0683251309"),
        ("write to jo@example.org", "/email", "email", "jo@example.org"),
        ("This Agreement shall be governed by the laws of the State of New York.", "/jurisdiction", "text", "New York"),
        ("This Agreement shall expire after a period of three (3) years.", "/term", "text", "3 years"),
        (
            "ACME TOOLS SDN BHD\n12, JALAN TUN 3\n50000 KUALA LUMPUR\nTEL: 03-1234567",
            "/company",
            "text",
            "ACME TOOLS SDN BHD",
        ),
    ],
)
def test_fields_are_found_by_what_they_mean(text: str, path: str, kind: Kind, value: Any) -> None:
    """Labels in several languages, ranges of dates, sums, phrases of contracts, tops of receipts."""
    assert best(text, path, kind) == value


def test_an_address_over_lines_is_one_span() -> None:
    """Street, town and postcode come together, the telephone does not."""
    text = "ACME TOOLS\n12, JALAN TUN 3\nTAMAN SEGAR\n50000 KUALA LUMPUR\nTEL: 03-1234567"
    assert best(text, "/address") == "12, JALAN TUN 3 TAMAN SEGAR 50000 KUALA LUMPUR"


def test_the_parties_of_a_contract_are_a_list() -> None:
    """Names between "between" and "and", an organisation and a person."""
    text = 'AGREEMENT dated as of May 3, 2018 by and between Acme Holdings, Inc., a Delaware corporation (the "Company"), and John D. Smith ("Employee").'
    made = document(text)

    class Nda(BaseModel):
        party: list[str]

    assert ranked_values(made, target_from_model(Nda))["/party/*"] == ["Acme Holdings, Inc.", "John D. Smith"]


def test_choices_are_only_found_where_they_are_said() -> None:
    """An enum's value is a place where the text says it."""
    told = Field(path="/payment", kind="enum", choices=("credit_card", "cash"))
    made = document("Paid by: Credit Card")
    assert [s.value for s in find_candidates(made, 0, len(made.text), told)] == ["credit_card"]


async def test_the_model_decides_between_near_equals_only_if_it_is_sure() -> None:
    """The same word in both orders decides; anything else leaves the field open, and says so."""

    class Order(BaseModel):
        order_number: str | None

    made = document("Order no: A-77\nOrder no: B-88")
    unsure = (await asked(made, Order))[0]
    assert unsure.data == {"order_number": None}
    assert [(u.path, u.value) for u in unsure.unsupported] == [("/order_number", "A-77")]
    assert (await asked(made, Order, {"value": "A-77"}))[0].data == {"order_number": "A-77"}
    found, wire = await asked(made, Order, {"value": "B-88"})
    assert found.data == {"order_number": "B-88"}
    assert wire.calls == len(found.attempts) == 2


def test_a_reply_that_names_no_option_counts_for_nothing() -> None:
    """A model can not write a value."""
    options = (Span(start=0, end=1, text="A", value="A"), Span(start=2, end=3, text="B", value="B"))
    assert [chosen(t, options) for t in ('{"value": "B"}', '{"value": "C"}', "B", "[]", '{"value": null}')] == [
        "B",
        None,
        None,
        None,
        None,
    ]
    schema = question_for(Field(path="/x", kind="text"), options).schema
    assert json.dumps(schema).count('"enum": ["A", "B", null]') == 1


def test_the_first_baseline_is_the_first_in_the_text() -> None:
    """No ranking in it."""
    made = document("Subtotal 7.00\nTotal 8.00")

    class Receipt(BaseModel):
        total: Decimal | None

    assert first_values(made, target_from_model(Receipt)) == {"/total": 7.0}
    assert ranked_values(made, target_from_model(Receipt)) == {"/total": 8.0}


def test_the_order_of_day_and_month_comes_from_the_document() -> None:
    """One date that can be read only one way decides for all."""
    assert best("Date: 03/04/2024\nDue date: 28/04/2024", "/date", "date") == "2024-04-03"
    assert best("Date: 03/04/2024\nDue date: 04/28/2024", "/date", "date") == "2024-03-04"


@given(st.dates(min_value=dt.date(1980, 1, 1), max_value=dt.date(2060, 1, 1)))
def test_dates_are_read_as_they_are_written(day: dt.date) -> None:
    """Four ways to write a day."""
    for text in (day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%d %B %Y}", f"{day:%B %d, %Y}"):
        assert [d for _, _, d in parse_dates(f"on {text} we", first=True)] == [day]


@given(st.decimals(min_value=0, max_value=10**8, places=2))
def test_amounts_are_read_in_both_styles(amount: Decimal) -> None:
    """Comma and point as the decimal mark."""
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english) == parse_number(german) == amount


@given(st.text(max_size=200))
def test_any_text_gives_only_spans_of_itself(text: str) -> None:
    """Whatever the text, a candidate is a piece of it."""
    made = document(text)
    for name, kind in (
        ("total", "number"),
        ("date", "date"),
        ("company", "text"),
        ("address", "text"),
        ("code", "text"),
    ):
        for span in find_candidates(made, 0, len(made.text), Field(path=f"/{name}", kind=kind)):  # type: ignore[arg-type]
            assert made.text[span.start : span.end] == span.text


def test_months_of_many_languages_are_known() -> None:
    """Names, short forms and what OCR makes of them; other words are none."""
    assert [month_number(w) for w in ("Juillet", "październik", "Septernber", "Dez", "market", "mayor")] == [
        7,
        10,
        9,
        12,
        None,
        None,
    ]
