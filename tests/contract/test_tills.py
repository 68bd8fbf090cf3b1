"""What a till prints: things bought, proved by their sum; what can not be read is named, never left out in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.extraction import Extraction
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.source import Source
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import ScriptedTransport
from thresher.service.rules.confidence.span_confidence import undecidable_paths
from thresher.service.rules.extractor import extract_by_rules
from thresher.service.rules.receipts.receipt_items import find_receipt_items
from thresher.service.rules.spans.line_pieces import lay_out
from thresher.service.rules.spans.printed_dates import parse_dates
from thresher.service.rules.tables.unmatched_rows import report_unmatched as unread_rows
from thresher.service.targets.loading import load_target

FACTS = ModelFacts(window=4096, most_answer=200, style="candidates")
HEAD = "Corner Shop Ltd\n1 Nowhere Lane, Exampleton\nReceipt no: 4711\n"
FILLER = "The parties shall perform their duties with due care and shall keep records of what they did under this agreement.\n"


def document(text: str) -> Document:
    """A Document of one Block a line."""
    made = DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=1), kind="text")
    for line in text.split("\n"):
        made.block(line, BlockKind.PARAGRAPH)
    return made.build()


async def asked(text: str, target: str = "receipt") -> Extraction:
    """The Extraction of a text by a model that never knows, for a ready-made target."""
    wire = ScriptedTransport({"": json.dumps({"value": None})})
    model = ModelClient(name="none", facts=FACTS, wire=wire, identity="none")
    return await extract_by_rules(model, document(text), load_target(target), Policy())


async def items(text: str, *keys: str) -> list[tuple[Any, ...]]:
    """The items of a receipt, of each the values of some fields."""
    found = (await asked(text)).data["items"]
    return [tuple(i.get(k) for k in keys) for i in found]


def report_unmatched(extraction: Extraction, path: str) -> list[Any]:
    """What is named as not in a list."""
    return [u.value for u in extraction.unsupported if u.path == path]


async def test_one_thing_bought_is_told_and_so_is_what_was_paid() -> None:
    """A parking receipt has one row; its price is the total, and "Accepted total" is what was put in."""
    text = f"{HEAD}010100 Pay parking ticket\t1.50 RM\nTotal amount\t1.50 RM\nAccepted total\t2.00 RM\nChange\t0.50 RM"
    data = (await asked(text)).data
    assert [(i["description"], i["amount"]) for i in data["items"]] == [("Pay parking ticket", 1.5)]
    assert (data["total"], data["paid"], data["change"]) == (1.5, 2.0, 0.5)


@pytest.mark.parametrize(
    ("rows", "want"),
    [
        ("2x Tea\t3.00\nBread\t2.00\nTotal 5.00", [("Tea", 2, 3.0), ("Bread", None, 2.0)]),
        ("2 x Tea\t3.00\nBread\t2.00\nTotal 5.00", [("Tea", 2, 3.0), ("Bread", None, 2.0)]),
        ("Tea 2 @ 1.50\t3.00\nBread\t2.00\nTotal 5.00", [("Tea", 2, 3.0), ("Bread", None, 2.0)]),
        ("1 Tea\t3.00\n2 Bread\t2.00\nTotal 5.00", [("Tea", 1, 3.0), ("Bread", 2, 2.0)]),
        ("Green tea\n8970669\t2 X 1.50 3.00\nBread\n9066468\t1X 2.00\t2.00\nTotal 5.00", [("Green tea", 2, 3.0), ("Bread", 1, 2.0)]),
        ("Item\tQty\tPrice\tAmount\n2597\t2.00 PCS\t1.50\t3.00 SR\nGreen tea\n2598\t1.00 SET\t2.00\t2.00 SR\nBread\nTotal 5.00", [("Green tea", 2, 3.0), ("Bread", 1, 2.0)]),
        ("Item\tQty\tTotal\nGreen tea\n$1.50\t2\t$3.00\nBread\n$2.00\t1\t$2.00\nTotal Amount: $5.00", [("Green tea", 2, 3.0), ("Bread", 1, 2.0)]),
        ("2 x Milk 2 l\t3.00\nBread 21\t2.00\nTotal 5.00", [("Milk 2 l", 2, 3.0), ("Bread 21", None, 2.0)]),
        ("Tea\t3.00\nDiscount\t1.00\nBread\t2.00\nTotal 5.00", [("Tea", None, 3.0), ("Bread", None, 2.0)]),
        ("Tea\t3.00\nBread\t2.01\nTotal 5.01\nRounding -0.01\nTotal rounded 5.00", [("Tea", None, 3.0), ("Bread", None, 2.01)]),
    ],
)  # fmt: skip
async def test_rows_that_make_the_total_are_items(rows: str, want: list[tuple[Any, ...]]) -> None:
    """Words stand in the row, above or below it; a count before the words or with the price of one."""
    assert await items(HEAD + rows, "description", "quantity", "amount") == want


async def test_a_table_with_count_and_words_in_one_column_is_taken_apart() -> None:
    """Under "Qty Item" the figure before the words is the count."""
    text = f"{HEAD}QTY ITEM\tPRICE\tTOTAL\n2x Tea\t1.80\t3.60\n1 Bread\t2.00\t2.00\nTotal\t5.60"
    assert await items(text, "description", "quantity", "unit_price") == [("Tea", 2, 1.8), ("Bread", 1, 2.0)]


async def test_a_first_subtotal_is_not_the_whole() -> None:
    """Where the total says more than a subtotal, and no tax explains it, the rows below are things bought too."""
    text = f"{HEAD}Tea\t3.00\nSubtotal 3.00\nBread\t2.00\nCake\t4.00\nTotal 9.00"
    assert await items(text, "description", "amount") == [("Tea", 3.0), ("Bread", 2.0), ("Cake", 4.0)]


async def test_rows_that_make_no_total_are_named() -> None:
    """A list of which a row could not be read says so, and shows the rows that nothing was read from."""
    found = await asked(f"{HEAD}Butter cake\n3\t9.00\t0.00\nSub Total\t27.00\nTotal\t27.00")
    assert found.data["items"] == []
    assert report_unmatched(found, "/items/-") == ["Butter cake 3 9.00 0.00"]


async def test_amounts_that_make_no_total_are_doubted() -> None:
    """Rows of one shape are given, and that one is missing is said."""
    found = await asked(f"{HEAD}Tea\t3.00\nBread\t2.00\nTotal\t9.00")
    assert [i["amount"] for i in found.data["items"]] == [3.0, 2.0]
    doubts = [u.reason for u in found.unsupported if u.path == "/items/-"]
    assert doubts
    assert "make 5.00" in doubts[0]


async def test_many_rows_that_could_not_be_read_are_counted() -> None:
    """Thirty are shown, and how many more there are."""
    rows = "\n".join(f"Thing {'abcdefghij'[i % 10] * 4}\n{i + 1}\t9.00\t0.00" for i in range(40))
    found = await asked(f"{HEAD}{rows}\nTotal\t27.00")
    named = [u for u in found.unsupported if u.path == "/items/-"]
    assert len(named) == 31
    assert "10 more" in named[-1].reason


async def test_a_row_of_tax_that_could_not_be_read_is_named() -> None:
    """An amount with a misread figure gives no tax, and its row is shown."""
    found = await asked(f"{HEAD}Tea\t3.00\nGST 6%\tRMO.18\nTotal\t3.00")
    assert report_unmatched(found, "/taxes/-") == ["GST 6% RMO.18"]


async def test_a_page_without_rows_has_no_doubt_about_its_list() -> None:
    """Where no row with an amount is left, an empty list is simply empty."""
    found = await asked(f"{HEAD}Total\t27.00\nCash\t30.00\nChange\t3.00")
    assert (found.data["items"], report_unmatched(found, "/items/-")) == ([], [])


async def test_codes_among_the_rows_are_no_number_of_the_receipt() -> None:
    """What stands between the words of a thing and its price is of the thing."""
    text = "Corner Shop Ltd\n-INVOICE-\nGreen tea\nEZ10HD05 - 24\n8970669\t2 X 1.50 3.00\nTotal 3.00"
    assert (await asked(text)).data["number"] is None


async def test_a_short_word_with_its_point_ends_no_label() -> None:
    """A registration number stands beside "GST Reg. No"."""
    assert (await asked(f"{HEAD}(GST Reg. No : 000670224384)\nTotal 3.00")).data["tax_id"] == "000670224384"


async def test_a_time_in_the_line_of_the_date_is_told() -> None:
    """A till may print the time before the date."""
    text = f"{HEAD}02:56PM\t566719\t03-02-18\nTea RM 3.00\nTotal RM 3.00"
    assert (await asked(text)).data["time"] == "14:56:00"


def test_keys_and_values_are_no_rows() -> None:
    """An invoice as XML has amounts behind keys; none of them is a thing bought, and its lists are not told to be empty."""
    source = Source(path="a.xml", blob="a.xml", sha256="", size=1, media_type="application/xml")
    made = DocumentBuilder(source, kind="text")
    made.block("LineExtensionAmount: 262.90\nName: Tax 15.00%\nPayableAmount: 262.90", BlockKind.PARAGRAPH)
    layout = lay_out(made.build(), 0, 70)
    invoice = load_target("invoice")
    assert (find_receipt_items(layout, invoice, "/lines"), unread_rows(layout, invoice, {}, [])) == ([], [])
    assert "/lines" in undecidable_paths(layout.document, invoice)


def test_a_date_does_not_begin_in_a_code() -> None:
    """Letters right before the figures, and spaces between them, make a shelf's code."""
    assert parse_dates("HC03-7 - 15", first=True) == []
    assert [d.isoformat() for *_, d in parse_dates("Date12-01-19", first=True)] == ["2019-01-12"]


CONTRACT = (
    "MARKETING AGREEMENT\nThis Agreement is made as of May 4, 2020 by and between {first}, a corporation organized under the laws of "
    "Virginia (“Maker”), and {second} (“Seller”).\nRECITALS\n"
)


@pytest.mark.parametrize(
    "second", ["National Report.com, LLC a Corporation organized under the laws of Florida", "market.com, inc. (together with its affiliates, the “Company”)"]
)  # fmt: skip
async def test_a_party_with_an_odd_name_is_found_where_the_contract_introduces_it(second: str) -> None:
    """The name is what follows "and", up to what it is and what it is called."""
    text = CONTRACT.format(first="Acme Data, Inc.", second=second) + FILLER * 20
    parties = (await asked(text, "contract")).data["parties"]
    assert [p["name"] for p in parties] == ["Acme Data, Inc.", second.partition(" a ")[0].partition(" (")[0]]


async def test_a_party_that_is_introduced_and_not_found_is_named() -> None:
    """One party told of two is not the whole list."""
    text = CONTRACT.format(first="Acme Data, Inc.", second="the persons whose names are signed below Roe") + FILLER * 20
    found = await asked(text, "contract")
    assert [p["name"] for p in found.data["parties"]] == ["Acme Data, Inc."]
    assert [u.reason for u in found.unsupported if u.path == "/parties/-"]


def test_lists_of_an_agreement_are_never_told_to_be_empty() -> None:
    """No code here can tell that a text of sentences has no payments."""
    contract = load_target("contract")
    assert {"/parties", "/payments"} <= set(undecidable_paths(document(FILLER * 20), contract))
    assert "/lines" not in undecidable_paths(document("Total 4.00"), load_target("invoice"))


async def test_numbers_that_count_the_rows_are_no_quantities() -> None:
    """A position stood in the quantity, or in the words; the figure next to the price is the count, not the size before it."""
    rows = "1  Pump size 4   2   3.00   6.00\n2  Hose size 9   4   2.50   10.00\n3  Valve   1   5.00   5.00\n"
    found = (await asked(f"{HEAD}{rows}Total 21.00", "invoice")).data["lines"]
    keys = ("position", "description", "quantity", "unit_price", "amount")
    assert [tuple(line.get(key) for key in keys) for line in found] == [
        ("1", "Pump size 4", 2, 3, 6),
        ("2", "Hose size 9", 4, 2.5, 10),
        ("3", "Valve", 1, 5, 5),
    ]


@pytest.mark.parametrize(
    ("first", "want"),
    [
        (1, [("1", "Pump", None), ("2", "Hose", None), ("3", "Valve", None)]),
        (2, [(None, "Pump", 2), (None, "Hose", 3), (None, "Valve", 4)]),
    ],
)
async def test_numbers_that_count_lines_without_a_total_are_positions(first: int, want: list[Any]) -> None:
    """Nothing proves such lines; numbers that begin with another than one are quantities as before."""
    rows = "".join(
        f"{first + n} {what} {price}.00\n" for n, (what, price) in enumerate((("Pump", 6), ("Hose", 10), ("Valve", 5)))
    )
    found = (await asked(f"{HEAD}{rows}", "invoice")).data["lines"]
    assert [tuple(line.get(key) for key in ("position", "description", "quantity")) for line in found] == want
