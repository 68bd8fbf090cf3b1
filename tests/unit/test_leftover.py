"""Lines left over: totals, heads, rests and what stands below are no records, in any language; a missed row stays named."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel, create_model

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Extraction
from thresher.schemas.source import Source
from thresher.service.grounding.grounder import Grounder
from thresher.service.records.added_records import missed_records_of
from thresher.service.records.completeness import LineIndex, RecordCount, record_count_of
from thresher.service.records.record_lines import record_lines_of
from thresher.service.records.structure import structure_of
from thresher.service.records.suspicious.dismissed_lines import MAX_GROUPS, FoundRecords, remaining_groups
from thresher.service.targets.loading import target_from_model


class Item(BaseModel):
    """A record."""

    label: str
    amount: float


class Priced(BaseModel):
    """A record of several figures."""

    label: str
    price: float
    count: int
    amount: float


class Items(BaseModel):
    """A target with a list."""

    title: str | None
    rows: list[Item]


TARGET = target_from_model(Items)
Row = tuple[str, float]
BOATS = """Fenwick Boats, statement of work

Planing the hull                 240.00
Two coats of varnish             310.00
New rowlocks, brass               85.50
Caulking                         120.00
Mast step repaired               155.00
Sum                              910.50"""
WORK = [("Planing the hull", 240.0), ("Two coats of varnish", 310.0), ("New rowlocks, brass", 85.5)]
WORK += [("Caulking", 120.0), ("Mast step repaired", 155.0)]
INVOICE = """Menuiserie Perrault             Facture n° 2231

Désignation                                   Montant HT
Porte en chêne                                    890,00
Pose de la porte                                  240,00
Vernis incolore                                    38,50
Montant hors taxe                              1 168,50
TVA 20,0 %                                       233,70
Net à payer                                    1 402,20
Acompte versé                                    400,00
Reste dû                                       1 002,20"""
DOORS = [("Porte en chêne", 890.0), ("Pose de la porte", 240.0), ("Vernis incolore", 38.5)]
BALANCE = """Saltmarsh Pottery LLP

Kilns and wheels                      41,200
Vehicle                                9,650
Fixed assets                          50,850
Clay and glazes                        3,410
Trade debtors                          7,985
Cash at bank                          12,305
Current assets                        23,700
Trade creditors                        6,120
Net current assets                    17,580
Net worth                             68,430"""
POTS = [("Kilns and wheels", 41200.0), ("Vehicle", 9650.0), ("Clay and glazes", 3410.0), ("Trade debtors", 7985.0)]
POTS += [("Cash at bank", 12305.0), ("Trade creditors", 6120.0)]
SHOP = """株式会社みどり   請求書

品名            数量     単価      金額
鉛筆             10      80       800
ノート            5     150       750
消しゴム          4      60       240
小計                             1,790
消費税 10%                         179
合計                             1,969"""
PENS = [("鉛筆", 800.0), ("ノート", 750.0), ("消しゴム", 240.0)]


def document_of(text: str) -> Document:
    """A Document of one Block."""
    builder = DocumentBuilder(Source(path="s.txt", blob="s.txt", sha256="", size=0, name="s.txt"), kind="text")
    builder.block(text)
    return builder.build()


def told(document: Document, rows: list[Row], dismissed: list[str] | None = None) -> Extraction:
    """An answer that tells these rows, and calls these lines no records."""
    chunk = Chunk(index=0, start=0, end=len(document.text), text=document.text, count=len)
    data = {"title": None, "rows": [{"label": label, "amount": amount} for label, amount in rows]}
    grounded = Grounder(document, chunk, TARGET, fuzzy=90.0).ground(data)
    starts = tuple(document.text.index(line) for line in dismissed or ())
    evidence, unsupported = tuple(grounded.evidence), tuple(grounded.unsupported)
    return Extraction(chunk=0, data=data, evidence=evidence, unsupported=unsupported, dismissed=starts)


def ledger(text: str, rows: list[Row], dismissed: list[str] | None = None) -> RecordCount:
    """The ledger of a text of which these rows were told."""
    document = document_of(text)
    return record_count_of(document, [told(document, rows, dismissed)], TARGET)


def named(text: str, ledger: RecordCount) -> list[str]:
    """The first words of what is called missing."""
    return [re.split(r"  +", text[lines[0][0] : lines[-1][1]])[0] for lines in ledger.unclaimed]


@pytest.mark.parametrize(
    ("text", "rows"), [(BOATS, WORK), (INVOICE, DOORS), (BALANCE, POTS), (SHOP, PENS)], ids=["en", "fr", "net", "ja"]
)
def test_totals_taxes_and_heads_are_no_records(text: str, rows: list[Row]) -> None:
    """By what they add up to, and where they stand: sums, differences, shares, what is left to pay."""
    assert named(text, ledger(text, rows)) == []


@pytest.mark.parametrize("n", range(len(WORK)))
def test_a_row_that_was_left_out_is_named_and_the_total_is_not(n: int) -> None:
    """The total does not come out without it, and so is known to be one."""
    rows = WORK[:n] + WORK[n + 1 :]
    assert named(BOATS, ledger(BOATS, rows)) == [WORK[n][0]]


def test_a_line_that_a_printed_total_wants_is_no_record_on_nobodys_word() -> None:
    """A model that dismisses it is contradicted; one that dismisses what no total wants is believed, and counted."""
    caulking = "Caulking                         120.00"
    rows = [row for row in WORK if row[0] != "Caulking"]
    assert named(BOATS, ledger(BOATS, rows, [caulking])) == ["Caulking"]
    bare = BOATS.rpartition("\n")[0]
    left = ledger(bare, rows, [caulking])
    assert (named(bare, left), len(left.dismissed), left.expected) == ([], 1, 4)


def test_a_line_among_the_records_that_a_total_wants_is_named_however_it_looks() -> None:
    """Nothing else tells it: it has another number of figures than the others."""
    text = "Basic pay    2,850.00\nOvertime 6 h    142.50\nTravel    60.00\nGross    3,052.50\nTax    512.30"
    assert "Overtime 6 h" in named(text, ledger(text, [("Basic pay", 2850.0), ("Travel", 60.0)]))


def test_a_balance_on_a_pages_top_is_no_record_though_the_closing_one_wants_it() -> None:
    """Only what stands right among records may be one on a total's word alone."""
    rows = [("Roofing", 240.0), ("Milk money", 312.45), ("Grazing", 85.0), ("Feed", 140.1)]
    text = "Balance    500.00\nRoofing    240.00\nMilk money    312.45\nSheet 2\nHeld by Ada    1,052.45\nGrazing    85.00\n"
    assert "Held by Ada" not in named(text, ledger(f"{text}Feed    140.10\nBalance    1,277.55", rows))


def test_a_row_that_happens_to_add_up_two_others_is_none_where_the_total_wants_it() -> None:
    """It would be a sub-total if the total came out without it."""
    text = "Pens    111.11\nInk    222.22\nPaper    333.33\nTape    44.44\nPaid    711.10"
    rows = [("Pens", 111.11), ("Ink", 222.22), ("Tape", 44.44)]
    assert named(text, ledger(text, rows)) == ["Paper"]


def test_a_row_with_a_date_is_never_taken_for_a_sum() -> None:
    """Small amounts add up to each other all the time."""
    text = "03.01.2024 Tea    1.50\n04.01.2024 Rolls    2.50\n05.01.2024 Cake    4.00\n06.01.2024 Milk    1.00"
    rows = [("Tea", 1.5), ("Rolls", 2.5), ("Milk", 1.0)]
    assert named(text, ledger(text, rows)) == ["05.01.2024 Cake"]


def test_many_lines_left_over_are_not_added_up() -> None:
    """A list of which next to nothing was told costs no time: all of it is asked again."""
    text = "\n".join(f"Row {n:04}    {n}.50" for n in range(2 * MAX_GROUPS))
    left = ledger(text, [(f"Row {n:04}", n + 0.5) for n in range(MAX_GROUPS // 2)])
    assert len(left.unclaimed) > MAX_GROUPS


def added(text: str, rows: list[Row], more: list[Row]) -> list[str]:
    """The labels that an answer about the leftover lines of a text adds."""
    document = document_of(text)
    said = LineIndex(document, structure_of(document))
    found = told(document, rows)
    left = [line for lines in record_count_of(document, [found], TARGET).unclaimed for line in lines]
    (answer,) = missed_records_of([told(document, more)], [found], TARGET, said, left)
    return [row["label"] for row in answer.data["rows"] if row]


def test_what_a_second_question_adds_stands_in_the_lines_that_were_left_over() -> None:
    """A record that was told before is no addition, nor is a total, even of what comes in the same answer."""
    rows = [row for row in WORK if row[0] != "Caulking"]
    assert added(BOATS, rows, [("Caulking", 120.0), ("Sum", 910.5), ("Mast step repaired", 155.0)]) == ["Caulking"]


def test_an_addition_changes_nothing_that_was_found() -> None:
    """Single facts of such an answer are left out, and so is the evidence of what is no addition."""
    document = document_of(BOATS)
    said = LineIndex(document, structure_of(document))
    found = told(document, WORK[:4])
    answer = told(document, WORK)
    answer = answer.model_copy(update={"data": {**answer.data, "title": "Fenwick Boats"}})
    left = [line for lines in record_count_of(document, [found], TARGET).unclaimed for line in lines]
    (kept,) = missed_records_of([answer], [found], TARGET, said, left)
    assert kept.data["title"] is None
    assert {e.path.split("/")[2] for e in kept.evidence} == {"4"}


def test_rows_that_could_want_others_are_no_totals() -> None:
    """Of six priced rows four were left out: each has small figures that come out with another's, and all stay."""
    things = ["Rent", "Navigation", "Cover", "Deductible", "Accident", "Upgrade"]
    prices = [173.10, 10.08, 46.20, 31.10, 15.96, 10.08]
    lines = [
        f"{n}  {t:20}  {p / 2:8.2f}  2  19 %  {p:8.2f}" for n, (t, p) in enumerate(zip(things, prices, strict=True))
    ]
    text = "\n".join(lines)
    target = target_from_model(create_model("Bill", rows=(list[Priced], ...)))
    rows = [{"label": things[i], "price": prices[i] / 2, "count": 2, "amount": prices[i]} for i in (1, 5)]
    document = document_of(text)
    chunk = Chunk(index=0, start=0, end=len(text), text=text, count=len)
    grounded = Grounder(document, chunk, target, fuzzy=90.0).ground({"rows": rows})
    told_ = Extraction(chunk=0, data={"rows": rows}, evidence=tuple(grounded.evidence))
    starts = LineIndex(document, structure_of(document)).starts
    claims = record_lines_of([told_], target, starts, structure_of(document))
    groups = [(0,), (2,), (3,), (4,)]
    assert remaining_groups(FoundRecords(document, starts, claims, [told_], target), groups).groups == groups
