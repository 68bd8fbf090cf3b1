"""What proves a value that the built-in model gives, and the reason unsure of what nothing proves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Extraction
from thresher.schemas.library.mail import Mail
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.source import Source
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import ScriptedTransport
from thresher.service.results.reasons import of_unsure
from thresher.service.rules.extractor import extract_by_rules
from thresher.service.rules.findable_lists import can_be_empty
from thresher.service.targets.loading import target_from_model, target_from_schema

FACTS = ModelFacts(window=4096, most_answer=200, style="candidates")


def document(text: str) -> Document:
    """A Document of one Block a line."""
    made = DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=1), kind="text")
    for line in text.split("\n"):
        made.block(line)
    return made.build()


async def found(text: str, target: Any) -> Extraction:
    """The Extraction of a text by a model that never knows."""
    wire = ScriptedTransport({"": json.dumps({"value": None})})
    model = ModelClient(name="scripted", facts=FACTS, wire=wire, identity="scripted")
    return await extract_by_rules(model, document(text), target, Policy())


def numbers(*names: str) -> Any:
    """A target of nullable numbers."""
    members = {n: {"type": ["number", "null"]} for n in names}
    return target_from_schema({"type": "object", "properties": members}, "asked")


def texts(*names: str) -> Any:
    """A target of nullable texts."""
    members = {n: {"type": ["string", "null"]} for n in names}
    return target_from_schema({"type": "object", "properties": members}, "asked")


async def test_a_label_of_its_own_proves_a_value() -> None:
    """An invoice number beside "Invoice number" is sure where no other stands beside such words."""
    given = await found("Invoice number: RX-4711\nThank you", texts("invoice_number"))
    assert given.data == {"invoice_number": "RX-4711"}
    assert given.unsure == {}


async def test_a_total_alone_is_unsure() -> None:
    """A page may have many totals, and no sum says that this is the one."""
    given = await found("Acme\nTotal: 12.50\nThank you", numbers("total"))
    assert given.data == {"total": 12.5}
    assert "/total" in given.unsure


async def test_a_sum_that_comes_out_proves_its_parts() -> None:
    """Net and tax that make the total are sure, all three."""
    text = "Acme\nNet total: 100.00\nVAT: 19.00\nTotal: 119.00"
    given = await found(text, numbers("net_total", "tax", "total"))
    assert given.data == {"net_total": 100, "tax": 19, "total": 119}
    assert given.unsure == {}


async def test_the_sign_of_a_currency_is_unsure() -> None:
    """A dollar sign is that of many currencies."""
    given = await found("Acme\nTotal: $ 12.50\nVAT: $ 2.50", texts("currency"))
    assert given.data["currency"] is None or "/currency" in given.unsure


async def test_the_only_currency_of_a_paper_is_sure() -> None:
    """Its code is printed, and no other currency is."""
    told = await found("Acme\nTotal: EUR 12.50\nVAT: EUR 2.50", texts("currency"))
    assert (told.data["currency"], told.unsure) == ("EUR", {})
    other = await found("Acme\nTotal: EUR 12.50\nPaid: USD 14.00", texts("currency"))
    assert other.data["currency"] is None or "/currency" in other.unsure


@pytest.mark.parametrize(("name", "is_sure"), [("date", True), ("meeting_date", False)])
async def test_a_word_of_any_paper_proves_no_field_that_says_more(name: str, is_sure: bool) -> None:  # noqa: FBT001
    """The word "date" is that of the paper, and not of the meeting that a field asks for."""
    members = {name: {"type": ["string", "null"], "format": "date"}}
    target = target_from_schema({"type": "object", "properties": members}, "asked")
    given = await found("SIGNATURES\nDate: April 14, 2026", target)
    assert (given.data[name] is not None and given.unsure == {}) is is_sure


def extraction(index: int, value: Any, unsure: dict[str, str]) -> Extraction:
    """What one Document of a Unit gave for one field."""
    return Extraction(chunk=0, document=index, data={"total": value}, unsure=unsure)


def test_two_documents_that_agree_prove_each_other() -> None:
    """A page and the XML embedded in it say the same: neither is unsure."""
    doubt = {"/total": "found by rules"}
    alone = list(of_unsure([extraction(0, 5, doubt)], {"total": 5}))
    assert [(r.code, r.path) for r in alone] == [("unsure", "/total")]
    assert not list(of_unsure([extraction(0, 5, doubt), extraction(1, 5, doubt)], {"total": 5}))


def test_a_doubt_about_a_value_that_is_not_given_is_no_reason() -> None:
    """Another Document's value was chosen."""
    assert not list(of_unsure([extraction(0, 5, {"/total": "found by rules"})], {"total": 7}))


def test_lists_of_judgement_are_never_told_to_be_empty() -> None:
    """Nothing here looks for requests, so that none were found says nothing; rows of an invoice are looked for."""
    text, mail = document("From: a\nPlease send it."), target_from_model(Mail)
    assert not can_be_empty(text, mail, "/requests")
    assert not can_be_empty(text, mail, "/deadlines/*")
    assert can_be_empty(text, target_from_model(Bill), "/lines")


class Line(BaseModel):
    """A line of somebody's own."""

    description: str | None = None
    quantity: float | None = None
    price: float | None = None
    amount: float | None = None


class Bill(BaseModel):
    """A bill of somebody's own."""

    lines: list[Line] = []


async def test_rows_without_a_total_are_unsure() -> None:
    """Two rows whose products are wrong, and no total: given, and named."""
    text = "Description\tQuantity\tPrice\tAmount\nPens\t2\t3.00\t7.00\nInk\t1\t4.00\t5.00"
    made = DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=1), kind="text")
    for line in text.split("\n"):
        made.block(line)
    given = await found(text, target_from_model(Bill))
    assert not given.data["lines"] or "/lines" in given.unsure
