"""What the choosing does not know it does not say: doubts, long texts, bearers of capacities, labels that are no values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.extraction import Evidence, Extraction, Unsupported
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.source import Source
from thresher.schemas.target import Field
from thresher.service.extraction.unit_extraction import settled
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import ScriptedTransport
from thresher.service.rules.confidence.span_confidence import undecidable_paths
from thresher.service.rules.contracts.capacities import find_capacities
from thresher.service.rules.extractor import extract_by_rules
from thresher.service.rules.fields.wording import likeness
from thresher.service.rules.spans.line_pieces import Layout, lay_out
from thresher.service.rules.spans.prose import in_contents, is_prose
from thresher.service.rules.spans.span_finder import concept_of, shape_of
from thresher.service.targets.loading import target_from_schema

FACTS = ModelFacts(window=4096, most_answer=200, style="candidates")
FILLER = "The parties shall perform their duties with due care and shall keep records of what they did under this agreement.\n"
LAW = "This Agreement shall be governed by and construed in accordance with the laws of the State of New\nYork.\n"
PREAMBLE = (
    "This Credit Agreement is dated as of May 4, 2020, among ACME HOLDINGS, INC., a Delaware corporation (the “Borrower”), the\n"
    "lenders party hereto and FIRST BANK, N.A., a national banking association, as Administrative Agent for the lenders.\n"
)


def document(text: str, headers: tuple[str, ...] = ()) -> Document:
    """A Document of one Block a line; `headers` are lines that pages repeat."""
    made = DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=1), kind="text")
    for line in text.split("\n"):
        made.block(line, BlockKind.HEADER if line in headers else BlockKind.PARAGRAPH)
    return made.build()


def layout(text: str) -> Layout:
    """The Layout of a whole text."""
    made = document(text)
    return lay_out(made, 0, len(made.text))


def target(**fields: str) -> Any:
    """A target of nullable fields; "text", "number" or "date" each."""
    forms: dict[str, dict[str, Any]] = {"text": {"type": ["string", "null"]}, "number": {"type": ["number", "null"]}}
    forms |= {"date": {"type": ["string", "null"], "format": "date"}, "boolean": {"type": ["boolean", "null"]}}
    return target_from_schema({"type": "object", "properties": {k: forms[v] for k, v in fields.items()}}, "asked")


async def asked(text: str, **fields: str) -> Extraction:
    """The Extraction of a text by a model that never knows."""
    wire = ScriptedTransport({"": json.dumps({"value": None})})
    model = ModelClient(name="scripted", facts=FACTS, wire=wire, identity="scripted")
    return await extract_by_rules(model, document(text), target(**fields), Policy())


async def test_a_long_contract_gives_what_its_sentences_say_and_no_more() -> None:
    """The law of its own sentence, parties by their capacity; of the rest nothing, however near other words stand."""
    noise = "Interest Period means, for each Advance, a period of one month; any Guarantor organized under the laws of Ohio.\n"
    found = await asked(
        PREAMBLE + noise * 3 + FILLER * 15 + LAW,
        borrower="text",
        administrative_agent="text",
        governing_law="text",
        term="text",
        maturity_date="date",
        lead_arranger="text",
    )
    assert found.data == {
        "borrower": "ACME HOLDINGS, INC.",
        "administrative_agent": "FIRST BANK, N.A.",
        "governing_law": "New York",
        "term": None,
        "maturity_date": None,
        "lead_arranger": None,
    }


async def test_a_term_is_what_its_sentence_says_of_the_whole() -> None:
    """A month of interest, though "term" and "period" stand around it, is not how long the agreement lasts."""
    rate = "Term Rate means, for any day, the rate of interest for an Interest Period of one month as published by the agency.\n"
    lasts = "The term of this Agreement is three (3) years, and it ends then unless the parties agree in writing on more of it.\n"
    assert (await asked(PREAMBLE + rate * 3 + FILLER * 15, term="text")).data == {"term": None}
    assert (await asked(PREAMBLE + rate * 3 + lasts + FILLER * 15, term="text")).data == {"term": "3 years"}


async def test_two_laws_are_none() -> None:
    """A contract that names two leaves the field open and shows the one it would have given."""
    other = "This Agreement shall be governed by the laws of the State of Ohio where the seller sues the buyer at its seat.\n"
    found = await asked(PREAMBLE + FILLER * 15 + LAW + other, governing_law="text")
    assert found.data == {"governing_law": None}
    assert [u.path for u in found.unsupported] == ["/governing_law"]
    assert found.unsupported[0].reason.startswith("not sure: ")


async def test_a_law_of_other_things_is_not_the_law_of_the_contract() -> None:
    """Where a company was made says nothing of the law that governs."""
    found = await asked(PREAMBLE + FILLER * 15, governing_law="text")
    assert found.data == {"governing_law": None}


async def test_a_value_must_stand_with_the_words_of_its_field() -> None:
    """A notice of breach is no notice against a renewal."""
    text = "Either party may terminate this Agreement upon sixty (60) days prior written notice of the breach to the other.\n"
    found = await asked(PREAMBLE + text + FILLER * 15, notice_period_to_terminate_renewal="text")
    assert found.data == {"notice_period_to_terminate_renewal": None}


async def test_numbers_as_likely_are_both_left_out() -> None:
    """Two orders of one label: neither is given, both are named."""
    found = await asked("Order no: A-77\nOrder no: B-88", order_number="text")
    assert found.data == {"order_number": None}
    assert [(u.value, u.reason) for u in found.unsupported] == [("A-77", "ambiguous: 'B-88' is as likely")]


async def test_an_amount_rounded_to_coins_is_no_rival() -> None:
    """What is paid in cash differs by cents from what was added up."""
    found = await asked("Total 33.92\nRounding -0.02\nTotal 33.90", total="number")
    assert (found.data, found.unsupported) == ({"total": 33.9}, ())


async def test_a_day_of_agreement_is_no_day_of_effect_where_both_are_wanted() -> None:
    """One date serves the field that the text speaks of."""
    found = await asked(PREAMBLE + FILLER * 15, agreement_date="date", effective_date="date")
    assert found.data == {"agreement_date": "2020-05-04", "effective_date": None}
    assert "not when it takes effect" in found.unsupported[0].reason


async def test_a_section_is_found_by_its_heading() -> None:
    """A free field of a contract's text gives the paragraph that is called as it is, not the line of the contents."""
    contents = "".join(
        f"{i}. {word} of Things  {i + 3}\n" for i, word in enumerate(("Sale", "Care", "Loss", "Gain", "End", "Day"))
    )
    text = f"{contents}Use of Proceeds  12\n{FILLER * 15}5.1 Use of Proceeds. The proceeds pay for the works at the harbour.\n"
    found = await asked(text, use_of_proceeds="text")
    assert found.data == {"use_of_proceeds": "The proceeds pay for the works at the harbour."}


async def test_a_label_of_another_field_is_no_value() -> None:
    """Columns side by side: the shipper is below its label, not beside it."""
    text = "SHIPPER                               CONSIGNEE\nHarbor Steel Works                    Delta Tool Co.\n"
    found = await asked(text, shipper="text", consignee="text")
    assert found.data == {"shipper": "Harbor Steel Works", "consignee": "Delta Tool Co."}


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("JPMORGAN BANK, N.A.,\nas Administrative Agent", "administrative_agent", ["JPMORGAN BANK, N.A."]),
        ("“Agent” means Citibank, N.A. acting in its capacity as such", "agent", ["Citibank, N.A."]),
        ("Peter Voss and Dana Voss (together, the “Tenant”)", "tenant", ["Peter Voss and Dana Voss"]),
        ("between Acme LLC and John Roe (the “Tenant”)", "tenant", ["John Roe"]),
        (
            "ONE BANK,\nTWO BANK and\nTHREE BANK,\nas Joint Lead Arrangers",
            "lead_arranger/*",
            ["THREE BANK", "TWO BANK", "ONE BANK"],
        ),
        ("“Banks” means JPMorgan, acting for itself and not as Agent", "agent", []),
        ("THE LENDERS PARTY HERETO\nFIRST BANK,\nas Agent", "agent", ["FIRST BANK"]),
    ],
)
def test_bearers_of_a_capacity(text: str, name: str, found: list[str]) -> None:
    """Before "as", before a bracket, after "means"; over short lines of a cover page, and of several all."""
    made = layout(text)
    assert [made.text[a:b] for a, b in find_capacities(made, Field(path=f"/{name}", kind="text"))] == found


@pytest.mark.parametrize(
    ("name", "told", "key"),
    [
        ("sharing_with_employees", "Receiving Party may share Confidential Information with its employees.", None),
        ("maturity_date", "Date by which all is repaid, counted from the effective date", None),
        ("agreement_date", "", "agreed_date"),
        ("document_name", "The name of the contract", "title"),
        ("issuer_place", "Full address of the issuer", "address"),
    ],
)
def test_a_description_that_states_something_is_no_name_of_a_concept(name: str, told: str, key: str | None) -> None:
    """A statement may name parties and dates without asking for them; a common word for a form is no kinship."""
    concept = concept_of(Field(path=f"/{name}", kind="text", description=told))
    assert (concept.key if concept else None) == key


def test_an_amount_of_a_thing_is_not_any_amount() -> None:
    """The object that holds a bare "amount" says what it is of."""
    field = Field(path="/loan_commitment/amount", kind="number")
    assert (concept_of(field), shape_of(field, None)) == (None, "money")
    total = concept_of(Field(path="/total/amount", kind="number"))
    assert total is not None
    assert total.key == "total"


def test_lessor_is_not_lessee() -> None:
    """Words that differ at their ends are no misspellings of each other."""
    assert likeness("employee", "employer") == 0
    assert likeness("check no 3381", "check in") == 0
    assert likeness("invoicc number", "invoice number") > 0.5


def test_a_text_of_sentences_and_its_contents() -> None:
    """A form is none; rows that end in rising page numbers are contents, amounts are not."""
    contents = "".join(f"{i}. Article about things\t{i * 3}\n" for i in range(1, 9))
    made = layout(contents + FILLER * 20)
    assert is_prose(made)
    assert in_contents(made, 3)
    assert not in_contents(made, len(contents) + 5)
    assert not is_prose(layout("Item\t12\t3.00\n" * 200))


def test_a_value_of_one_document_settles_the_doubt_of_another() -> None:
    """A mail that is not sure of a total says nothing against the invoice that it brings; its other doubts stay."""
    doubts = tuple(Unsupported(path=p, value=1, reason="not sure") for p in ("/total", "/tax"))
    mail = Extraction(chunk=0, document=0, data={}, unsupported=doubts)
    proof = Evidence(path="/total", quote="2", start=0, end=1)
    bill = Extraction(chunk=0, document=1, data={"total": 2}, evidence=(proof,))
    assert [[u.path for u in x.unsupported] for x in settled([mail, bill])] == [["/tax"], []]


def test_what_can_not_be_told_absent_is_out_of_reach() -> None:
    """Yes or no always, free words only in a text of sentences."""
    wanted = target(signed="boolean", remarks="text", insurance="text", effective_date="date")
    assert undecidable_paths(document("Total 4.00"), wanted) == ["/signed"]
    assert undecidable_paths(document(FILLER * 20), wanted) == ["/signed", "/remarks"]
