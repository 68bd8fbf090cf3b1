"""How sure a value is: one score and a threshold a stance, and the signs that make it low."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Extraction
from thresher.schemas.library.invoice import Invoice
from thresher.schemas.library.receipt import Receipt
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.source import Source
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import ScriptedTransport
from thresher.service.rules.confidence.thresholds import STANCES, label_sign, lead_sign, legibility_sign, weakest_sign
from thresher.service.rules.extractor import extract_by_rules
from thresher.service.rules.spans.line_pieces import lay_out
from thresher.service.rules.spans.printed_dates import day_order
from thresher.service.rules.tables.tax_rows import tax_rows
from thresher.service.targets.loading import target_from_model, target_from_schema

FACTS = ModelFacts(window=4096, most_answer=200, style="candidates")
FILLER = "The parties shall perform their duties with due care and shall keep records of what they did under it.\n"
Stance = Literal["precision", "balanced", "recall"]


def document(text: str) -> Document:
    """A Document of one Block a line."""
    made = DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=1), kind="text")
    for line in text.split("\n"):
        made.block(line)
    return made.build()


async def weighed(text: str, wanted: Any, stance: Stance = "balanced") -> Extraction:
    """The Extraction of a text by a model that never knows."""
    wire = ScriptedTransport({"": json.dumps({"value": None})})
    model = ModelClient(name="scripted", facts=FACTS, wire=wire, identity="scripted")
    return await extract_by_rules(model, document(text), wanted, Policy(stance=stance))


def target(**fields: str) -> Any:
    """A target of nullable fields; "text", "number", "date" or "texts" each."""
    forms: dict[str, dict[str, Any]] = {
        "text": {"type": ["string", "null"]},
        "number": {"type": ["number", "null"]},
        "date": {"type": ["string", "null"], "format": "date"},
        "texts": {"type": "array", "items": {"type": "string"}},
    }
    return target_from_schema({"type": "object", "properties": {k: forms[v] for k, v in fields.items()}}, "asked")


def refused(found: Extraction) -> dict[str, str]:
    """Reasons of what was left out, by path."""
    return {u.path: u.reason for u in found.unsupported}


def test_a_value_is_as_sure_as_its_weakest_sign() -> None:
    """Points, lead and letters are of one scale, on which each stance has its threshold."""
    signs = [label_sign(0.8), lead_sign(0.05, 0.05, "'B'"), legibility_sign(0.97)]
    assert weakest_sign(signs).worth == STANCES["balanced"] == 0.5
    assert weakest_sign(signs).reason == "ambiguous: 'B' is as likely"
    assert STANCES["precision"] > STANCES["balanced"] > STANCES["recall"]


async def test_a_stance_moves_the_threshold() -> None:
    """What nobody but recall gives, and what precision alone leaves out."""
    one_of_two = "Order no: A-77\nInvoice date: 03/04/2020"
    dated = target(date="date")
    assert (await weighed(one_of_two, dated)).data == {"date": None}
    assert (await weighed(one_of_two, dated, "recall")).data == {"date": "2020-04-03"}


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Date 03/04/2020", None),
        ("Date 03/04/2020\nTotal RM 4.00", True),
        ("Date 03/04/2020\nHuntington, WV 25701", False),
        ("Flight 02/10/20 - 03/09/20", False),
        ("Period 01/02/20 to 05/01/21\nPaid 13/02/20", True),
    ],
)
def test_what_tells_the_order_of_day_and_month(text: str, order: bool | None) -> None:  # noqa: FBT001 - a table of cases
    """Money and places of a country, a range that would end before it begins, another date; else nothing."""
    assert day_order(text) is order


async def test_a_half_of_a_name_is_no_name() -> None:
    """Two like lines at the top, or one that ends in a comma over another: neither is given."""
    found = await weighed("RESTAURANT JIA\nJIA HOUSE\n13 Main Street\nTotal 5.00", target(company="text"))
    assert found.data == {"company": None}
    assert "may belong to it" in refused(found)["/company"]


async def test_an_address_without_its_town_is_a_half() -> None:
    """The street alone is not given where the town stands below in the same column."""
    text = "WQCW                    Invoice # 7\n645 Fifth Avenue        Order # 8\nHuntington, WV 25701    Product"
    found = await weighed(text, target(address="text"))
    assert found.data == {"address": None}
    assert "Huntington" in refused(found)["/address"]


async def test_an_order_is_no_contract_where_the_paper_has_its_own_number() -> None:
    """What stands in for a contract's number is not given beside another number."""
    alone = await weighed("ORDER\nOrder #: 385062\nProduct: Hats", target(contract_num="text"))
    beside = await weighed("INVOICE\nInvoice #: 2346638-1\nOrder #: 2346638", target(contract_num="text"))
    assert alone.data == {"contract_num": "385062"}
    assert refused(beside) == {"/contract_num": "ambiguous: the paper's own number is '2346638-1'"}


async def test_a_box_or_a_house_is_no_number() -> None:
    """Neither the number of a post box nor that of a house is an order's or a customer's."""
    found = await weighed("Remit to: PO Box 74008722\n210 W Penn Ave", target(order_number="text"))
    assert found.data == {"order_number": None}


async def test_sums_prove_or_contradict() -> None:
    """What adds up is given; what does not is left out with the sum that fails."""
    good = await weighed(
        "Subtotal 100.00\nTax 6.00\nTotal 106.00", target(subtotal="number", tax="number", total="number")
    )
    bad = await weighed(
        "Subtotal 100.00\nTax 6.00\nTotal 166.00", target(subtotal="number", tax="number", total="number")
    )
    assert good.data == {"subtotal": 100.0, "tax": 6.0, "total": 106.0}
    assert bad.data["total"] is None
    assert "do not make 166.00" in refused(bad)["/total"]


async def test_change_that_is_not_the_rest_is_misread() -> None:
    """A decimal point that was lost shows in what was handed over."""
    found = await weighed("TOTAL 6.85\nCASH 20.00\nCHANGE 1315", target_from_model(Receipt))
    assert (found.data["total"], found.data["change"], found.data["paid"]) == (6.85, None, None)


async def test_a_due_date_is_not_before_the_invoice() -> None:
    """Dates in the wrong order are both in doubt."""
    text = "Invoice date: 2020-05-14\nDue date: 2020-04-14"
    found = await weighed(text, target(invoice_date="date", due_date="date"))
    assert found.data == {"invoice_date": None, "due_date": None}


async def test_a_total_without_tax_is_not_the_total() -> None:
    """Of two totals the one that says what is not in it loses."""
    found = await weighed("Total Excl. of GST  139.62\nTotal Inal. of GST  148.00", target(total="number"))
    assert found.data == {"total": 148.0}


async def test_a_bare_dollar_is_whose() -> None:
    """A dollar sign is not of the United States where the paper is of another country."""
    abroad = await weighed("ACME SDN BHD\nTotal $8.20", target(currency="text"))
    home = await weighed("ACME LLC\nDes Moines, IA 50309\nTotal $8.20", target(currency="text"))
    assert (abroad.data, home.data) == ({"currency": None}, {"currency": "USD"})


@pytest.mark.parametrize(
    ("head", "line", "want"),
    [
        ("GST Summary     Amount(RM)    Tax(RM)", "s = 6%    3.49    .21", ("6", "3.49", ".21")),
        ("GST Summary %   Amount(RM)    Tax(RM)", "SR    6.00    82.15    4.93", ("6.00", "82.15", "4.93")),
        ("GST Analysis    Goods    Tax Amount", "Z = 0%    3.78    0.00", ("0", "3.78", "0.00")),
        ("GST Summary     Amount($)    Tax($)", "SR @16%    7.74    0.46", (None, "7.74", "0.46")),
        ("GST Summary     Amount($)    Tax($)", "Total    7.74    0.46", None),
        ("VAT summary     Net    VAT", "standard    10.00    9.00", None),
    ],
)
def test_a_tax_summary_is_read_by_its_arithmetic(head: str, line: str, want: tuple[str | None, ...] | None) -> None:
    """Rate, amount and tax by what multiplies out, whatever stands over them; a rate misread is left out."""
    made = document(f"{head}\n{line}")
    rows = tax_rows(lay_out(made, 0, len(made.text)))
    found_rows = [tuple(made.text[slice(*at)] if at else None for at in (r.rate, r.net, r.amount)) for r in rows]
    assert found_rows == ([want] if want else [])


async def test_the_ready_made_receipt_gets_its_taxes_right() -> None:
    """Amount and tax are not swapped, and nothing of the summary is a rate that is an amount."""
    text = "ACME MART\nTotal   3.70\nGST Summary    Amount(RM)    Tax(RM)\nS = 6%    3.49    .21"
    found = await weighed(text, target_from_model(Receipt))
    assert [(t["rate"], t["amount"]) for t in found.data["taxes"]] == [(6, 0.21)]


async def test_what_can_be_no_tax_is_none() -> None:
    """Gross and net amounts of a plan are no list of taxes."""
    text = "Net Amount    Gross Amount\n7,395.00    8,700.00\nTotal 8,700.00"
    found = await weighed(text, target_from_model(Invoice))
    assert found.data["taxes"] == []


PREAMBLE = (
    "This Agreement is made this 1st day of October 2008 by and between Equidata, Inc., a corporation of Virginia\n"
    "(“Equidata”), and {other} (“Affiliate”).\n"
)


async def test_a_list_of_parties_is_whole_or_refused() -> None:
    """All that a contract introduces are given; where one can not be read the others are no list."""
    person = await weighed(PREAMBLE.format(other="JOHN D. THOMAS") + FILLER * 15, target(parties="texts"))
    unread = await weighed(PREAMBLE.format(other="The seller of the Works") + FILLER * 15, target(parties="texts"))
    blank = await weighed(PREAMBLE.format(other="__________") + FILLER * 15, target(parties="texts"))
    assert person.data == {"parties": ["Equidata, Inc.", "JOHN D. THOMAS"]}
    assert refused(unread) == {"/parties": "not sure: the text names one more, whom it calls 'Affiliate'"}
    assert blank.data == {"parties": ["Equidata, Inc."]}


async def test_a_nickname_is_no_party() -> None:
    """Only who is introduced is a party, not what the text calls one later."""
    text = (
        PREAMBLE.format(other="Paul B. Mulhollem") + "Options between Paul and ADM stay with ADM.\n" * 3 + FILLER * 15
    )
    assert (await weighed(text, target(parties="texts"))).data == {"parties": ["Equidata, Inc.", "Paul B. Mulhollem"]}


async def test_a_clause_that_denies_is_not_the_clause() -> None:
    """Nothing that grants a licence is no licence."""
    head = PREAMBLE.format(other="Acme LLC") + FILLER * 15
    text = head + "7. License Grant. Nothing in this Agreement is intended to grant any rights under any patent.\n"
    found = await weighed(text, target(license_grant="text"))
    assert found.data == {"license_grant": None}
    assert "denies it" in refused(found)["/license_grant"]


async def test_two_lengths_of_one_clause_are_ambiguous() -> None:
    """A year to disclose and three to keep secret: neither is the term."""
    clause = (
        "6. TERM. The period of this Agreement shall be one (1) year, and the obligations of confidentiality set forth\n"
        "herein shall continue for a period of three (3) years following the expiration.\n"
    )
    found = await weighed(PREAMBLE.format(other="Acme LLC") + FILLER * 15 + clause, target(term="text"))
    assert found.data == {"term": None}


async def test_a_statement_is_not_judged() -> None:
    """A field that states what somebody shall do gets no passage, however its heading is called."""
    schema = {"type": ["string", "null"], "description": "Receiving Party shall return all Confidential Information."}
    wanted = target_from_schema({"type": "object", "properties": {"return_of_information": schema}}, "asked")
    text = (
        PREAMBLE.format(other="Acme LLC") + FILLER * 15 + "5. Return of Information. It may be asked for in writing.\n"
    )
    assert (await weighed(text, wanted)).data == {"return_of_information": None}


async def test_entries_with_headings_among_them_are_no_list() -> None:
    """A line that parts the entries into kinds makes the list doubtful; entries alone are given."""
    plain_list = await weighed("Ann Roe\nSKILLS\nPython, Go, SQL", target(skills="texts"))
    headed = await weighed("Ann Roe\nSKILLS\nLanguages\nPython, Go, SQL\nWeb\nReact, Vue", target(skills="texts"))
    assert plain_list.data == {"skills": ["Python", "Go", "SQL"]}
    assert headed.data == {"skills": []}
    assert "may be a heading" in refused(headed)["/skills"]


async def test_one_word_is_no_name_of_a_person() -> None:
    """A title and a first name at the end of a line are a half."""
    found = await weighed("Dr. Amanda\nRodriguez, MD\namanda@example.org", target(name="text", email="text"))
    assert found.data == {"name": None, "email": "amanda@example.org"}
