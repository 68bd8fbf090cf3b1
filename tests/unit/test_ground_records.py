"""What a record's own line, its heading and its neighbours say about a value."""

from __future__ import annotations

import re
from typing import Any

import pytest

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.schemas.target import Field, Target, Validation
from thresher.service.grounding.grounder import Grounded, Grounder

SOURCE = Source(path="a.txt", blob="a.txt", sha256="", size=0)
FIELDS = tuple(Field(path=p, kind="text") for p in ("/rows/*/name", "/rows/*/section", "/discount", "/total"))
TARGET = Target(name="T", schema={}, validate=lambda data: Validation(data=data), fields=FIELDS)
PRICES = "Seating\n\n  Stool 39.00\n  Bench 118.00\n\nLighting\n\n  Lamp 57.00\n  Shade 18.90\n"


def document_of(text: str) -> Document:
    """A Document of one block."""
    builder = DocumentBuilder(SOURCE, kind="text")
    builder.block(text)
    return builder.build()


def ground(text: str, data: dict[str, Any], start: int = 0) -> Grounded:
    """Ground data in a text, from an offset on."""
    document = document_of(text)
    chunk = Chunk(index=0, start=start, end=len(document.text), text=document.text[start:], count=len)
    return Grounder(document, chunk, TARGET, fuzzy=90.0).ground(data)


def rows(*values: tuple[Any, ...], keys: str) -> dict[str, Any]:
    """A list of rows, each with values for the keys."""
    return {"rows": [dict(zip(keys.split(), row, strict=True)) for row in values]}


def lost(found: Grounded) -> list[str]:
    """Paths of what was not found."""
    return [u.path for u in found.unsupported]


@pytest.mark.parametrize("mark", ["-", "–", "—", "nil", "--"])
def test_a_dash_is_nought_in_its_own_cell_only(mark: str) -> None:
    """A dash proves nought for its own record and column; a blank beside a row with a dash proves nothing."""
    text = f"Field\tWheat\tBarley\nNorth\t120\t{mark}\nMill\t88\t\nChurch\t{mark}\t61\n"
    found = ground(text, rows(("North", 120, 0), ("Mill", 88, 0), ("Church", 0, 61), keys="name wheat barley"))
    assert lost(found) == ["/rows/1/barley"]
    assert [e.quote for e in found.evidence if e.path in {"/rows/0/barley", "/rows/2/wheat"}] == [mark, mark]


def test_a_dash_of_another_column_is_no_nought() -> None:
    """Where tabs tell columns, a dash is nought in the column that the other records have the field in."""
    text = "a\t1\t2\nb\t3\t4\nc\t\t-\n"
    found = ground(text, rows(("a", 1, 2), ("b", 3, 4), ("c", 0, 0), keys="name x y"))
    assert lost(found) == ["/rows/2/x"]


def test_one_dash_proves_one_nought() -> None:
    """Two noughts of a row need two dashes."""
    found = ground("a  12  13\nb  –\n", rows(("a", 12, 13), ("b", 0, 0), keys="name x y"))
    assert len(lost(found)) == 1


def test_a_single_nought_needs_its_label() -> None:
    """Outside lists a dash is nought behind the field's label only."""
    assert not lost(ground("Discount: –\nTotal 12.00", {"discount": 0}))
    assert lost(ground("Shipping: –\nTotal 12.00", {"discount": 0})) == ["/discount"]


def test_a_heading_is_evidence_for_its_rows() -> None:
    """What stands once above several rows is judged to be theirs, with the heading as quote."""
    data = rows(
        ("Stool", "Seating"), ("Bench", "Seating"), ("Lamp", "Lighting"), ("Shade", "Lighting"), keys="name section"
    )
    found = ground(PRICES, data)
    sections = [(e.quote, e.method) for e in found.evidence if e.path.endswith("section")]
    assert sections == [("Seating", "judged")] * 2 + [("Lighting", "judged")] * 2
    assert {e.method for e in found.evidence if e.path.endswith("name")} == {"read"}


def test_the_nearest_heading_counts() -> None:
    """A row beneath one heading is not of the section above it."""
    data = rows(
        ("Stool", "Seating"), ("Bench", "Seating"), ("Lamp", "Seating"), ("Shade", "Lighting"), keys="name section"
    )
    found = ground(PRICES + "  Bulb 2.00\n", {"rows": [*data["rows"], {"name": "Bulb", "section": "Lighting"}]})
    assert lost(found) == ["/rows/2/section"]


def test_a_heading_before_the_chunk_counts() -> None:
    """Rows of a later Chunk have the last heading above it, and no earlier one."""
    at = PRICES.index("  Shade")
    (found,) = [
        e for e in ground(PRICES, rows(("Shade", "Lighting"), keys="name section"), at).evidence if "section" in e.path
    ]
    assert (found.quote, found.start, found.method) == ("Lighting", PRICES.index("Lighting"), "judged")
    assert lost(ground(PRICES, rows(("Shade", "Seating"), keys="name section"), at)) == ["/rows/0/section"]


def test_a_figure_of_a_list_is_no_single_field() -> None:
    """A computed field that happens to equal a record's cell does not stand there, but behind its label it does."""
    text = "Stool  39.00\nBench  118.00\nLamp  57.00\n"
    data = rows(("Stool", 39.0), ("Bench", 118.0), ("Lamp", 57.0), keys="name price")
    assert lost(ground(text, {**data, "total": 118.0})) == ["/total"]
    assert not lost(ground(text + "Total  118.00\n", {**data, "total": 118.0}))


def test_struck_text_is_marked() -> None:
    """The evidence of what stands struck through says so."""
    found = ground("Was ~~990.00~~ now 890.00", {"total": 990.0, "discount": 890.0})
    assert {e.path: (e.quote, e.struck) for e in found.evidence} == {
        "/total": ("990.00", True),
        "/discount": ("890.00", False),
    }


STOCK = "Amoxil    A77    14\nBaytril   B02     6\nCefalex   C31    22\n"


def test_the_amount_of_the_row_above_proves_nothing() -> None:
    """What the row above has holds for this row only where this one leaves the cell blank."""
    wanted = rows(("Amoxil", "A77", 14), ("Baytril", "B02", 14), ("Cefalex", "C31", 22), keys="name code count")
    assert lost(ground(STOCK, wanted)) == ["/rows/1/count"]
    blank = STOCK.replace(" 6\n", "  \n")
    assert not lost(ground(blank, wanted))


def test_two_rows_are_a_table() -> None:
    """Of two rows, too, each proves its own values alone."""
    wanted = rows(("Amoxil", "A77", 14), ("Baytril", "B02", 14), keys="name code count")
    assert lost(ground(STOCK, wanted)) == ["/rows/1/count"]


def test_a_row_of_another_answer_proves_nothing() -> None:
    """A single row that is read again has its own values, not those of rows that were found before."""
    document = document_of(STOCK)
    start, end = STOCK.index("Baytril"), STOCK.index("Cefalex")
    around = ((0, start), (end, len(STOCK)))
    chunk = Chunk(index=0, start=start, end=end, text=STOCK[start:end], context_ranges=around, count=len)
    wanted = rows(("Baytril", "B02", 22), keys="name code count")
    again = Grounder(document, chunk, TARGET, fuzzy=90.0, others={0, end}).ground(wanted)
    assert lost(again) == ["/rows/0/count"]


INVOICE = "Item\tQty\tPrice\tAmount\nChair\t1\t70.00\t$ 70.00\nOlive oil\t1.00 L\t1.00\t$ 0.90\nTurf 3m wide\t3 m²\t2.00\t$ 6.00\n"


def places(text: str, data: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """The column and the quote of each value's evidence."""
    found = ground(text, data)
    assert not found.unsupported
    return {e.path: (text[text.rfind("\n", 0, e.start) + 1 : e.start].count("\t"), e.quote) for e in found.evidence}


def test_equal_values_of_a_record_have_a_place_each() -> None:
    """A price that equals its amount, a quantity that equals its price: each is proved by its own cell."""
    items = rows(
        ("Chair", 1, 70, 70), ("Olive oil", 1, 1, 0.9), ("Turf 3m wide", 3, 2, 6), keys="name qty price amount"
    )
    found = places(INVOICE, items)
    columns = [[found[f"/rows/{n}/{key}"][0] for key in ("name", "qty", "price", "amount")] for n in range(3)]
    assert columns == [[0, 1, 2, 3]] * 3


def test_a_nought_in_words_of_its_own_is_not_the_quantity() -> None:
    """An amount of nought stands in the amount's cell, not in the quantity's."""
    text = "Proof PDF\t2\t0,75 €\t1,50 €\nProof paper\t0\t3,50 €\t0 €\n"
    items = rows(("Proof PDF", 2, 0.75, 1.5), ("Proof paper", 0, 3.5, 0), keys="name qty price amount")
    assert [places(text, items)[f"/rows/1/{key}"][0] for key in ("qty", "price", "amount")] == [1, 2, 3]


def test_a_value_printed_once_is_shared() -> None:
    """Where the record prints a value once, it proves both fields, and nothing is lost."""
    text = "Chair\t70.00\nTable\t90.00\n"
    found = places(text, rows(("Chair", 70, 70), ("Table", 90, 90), keys="name price amount"))
    assert [found[f"/rows/0/{key}"][0] for key in ("price", "amount")] == [1, 1]


def test_the_order_of_columns_is_learned_from_other_records() -> None:
    """Where the amount is printed before the price, equal ones are told apart by the other rows."""
    text = "Chair\t1\t70.00\t70.00\nTable\t2\t180.00\t90.00\nLamp\t3\t60.00\t20.00\n"
    items = rows(("Chair", 1, 70, 70), ("Table", 2, 90, 180), ("Lamp", 3, 20, 60), keys="name qty price amount")
    assert [places(text, items)[f"/rows/0/{key}"][0] for key in ("price", "amount")] == [3, 2]


SHIFTED = [("Pump", 250), ("Valve", 75), ("Hose", 12), ("Seal", 800)]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Pump 500.00\nValve 250.00\nHose 75.00\nSeal 12.00\nMotor 800.00\n", 3),
        ("Pump\n250.00\nValve\n75.00\nHose\n12.00\nSeal\n800.00\n", 0),
    ],
)
def test_amounts_of_the_next_rows_prove_nothing(text: str, wrong: int) -> None:
    """A model that slips by one row gave each amount the line of the next name (the last one's is in no record); a line below is the record's own."""
    assert len(lost(ground(text, rows(*SHIFTED, keys="name amount")))) == wrong


def test_a_name_of_several_words_in_capitals_is_a_label() -> None:
    """Of two equal sums the one is taken whose name holds the field's words, as elements of XML are named."""
    text = "GrandTotalAmount: 340.96\nTotalPrepaidAmount: 0.00\nDuePayableAmount: 340.96\n"
    found = ground(text, {"grand_total": 340.96, "due_payable": 340.96})
    assert [text[: e.start or 0].count("\n") for e in found.evidence] == [2, 0]


MEMBERS = (
    "Profile\nScholar with a membership in several academies and more than one hundred and sixty articles.\n"
    + "His papers are kept by the library of the town.\n" * 30
    + "\n"
    "Service\n\n• Board Member, Art Guild (2004-2010)\n• President, Map Society (2002-2004)\n\n"
    "Awards\n\n• Lifetime Award, Art Guild (2021)\n• Premio Alba (2019)\n\n"
    "Societies\n\n• Fellow, Stone Academy\n• Member, Map Society\n• Member, Art Guild\n• Member, Coin Club\n"
)


def test_a_value_far_from_all_others_does_not_pull_its_record_away() -> None:
    """A class that one sentence far above has does not move its records to lines that are nearer to that sentence."""
    values = ("Fellow", "Stone Academy"), ("Member", "Map Society"), ("Member", "Art Guild"), ("Member", "Coin Club")
    found = ground(MEMBERS, rows(*(("Membership", *v) for v in values), keys="class role name"))
    lines = [MEMBERS[: e.start].rpartition("\n")[2] for e in found.evidence if e.path.endswith("name")]
    assert lines == ["• Fellow, ", "• Member, ", "• Member, ", "• Member, "]


def test_a_word_of_a_sentence_far_away_is_no_class_of_a_record() -> None:
    """Where other records have a field on their own lines, a sentence elsewhere that has the word proves nothing."""
    data = rows(
        ("Fellow", "Stone Academy"),
        ("Member", "Map Society"),
        ("Member", "Art Guild"),
        ("Membership", "Coin Club"),
        keys="class name",
    )
    assert lost(ground(MEMBERS, data)) == ["/rows/3/class"]


def test_an_item_of_a_marked_list_leaves_nothing_out() -> None:
    """The class of one bullet is not that of the next, which does not have the word."""
    data = rows(("Award", "Lifetime Award", "2021"), ("Award", "Premio Alba", "2019"), keys="class name year")
    assert lost(ground(MEMBERS, data)) == ["/rows/1/class"]


POSTS = "Posts\n\nCurator\nArt House | Rome | 2020 – Present\nKeeper\nMap House | Rome | 1998-2020\nScribe\nCoin House | Pisa | 1991–1998\n"


def test_a_value_stands_beside_the_others_of_its_record() -> None:
    """The year above a record's first line is nearer to it than its own, which stands beside the other year."""
    data = rows(("Curator", 2020, None), ("Keeper", 1998, 2020), ("Scribe", 1991, 1998), keys="name from to")
    found = {e.path: POSTS[: e.start or 0].rpartition("\n")[2] for e in ground(POSTS, data).evidence}
    assert (found["/rows/1/to"], found["/rows/2/to"]) == ("Map House | Rome | 1998-", "Coin House | Pisa | 1991–")


@pytest.mark.parametrize(
    ("text", "quote"), [("Museum of Art (2018)", "(2018)"), ("Museum of Art (2018-\n2022)", "2018-")]
)
def test_a_year_in_brackets_is_no_loss(text: str, quote: str) -> None:
    """Brackets behind a word, or a hyphen before the next line's year, do not make a year negative: it counts as printed."""
    found = ground(f"Arte (2010-2018)\n\n{text}", rows(("Museum of Art", 2018), keys="name year"))
    assert [e.quote for e in found.evidence if e.path.endswith("year")] == [quote]


def test_a_value_on_the_second_line_of_its_record_has_that_place() -> None:
    """An amount that equals the quantity of the first line is printed on the line below it, before the next record."""
    text = "1\tZS997\tAcid\t1,00\t-5 pcs\t19 %\n\t4123\t\t\t\t\t-5,00\n2\tGZ250\tSugar\t1,45\t-2 pcs\t7 %\n\t4124\t\t\t\t\t-2,90\n"
    data = rows(("Acid", -5, 1, -5.0), ("Sugar", -2, 1.45, -2.9), keys="name quantity price total")
    quotes = {e.path: e.quote for e in ground(text, data).evidence}
    assert (quotes["/rows/0/quantity"], quotes["/rows/0/total"]) == ("-5", "-5,00")


def test_what_one_record_shows_of_the_order_helps_the_next() -> None:
    """Three noughts of one row are told apart by the row before, whose price and total are equal."""
    text = "1\tCover\t50,0000\t1\t0 %\t50,00\n2\tPartner\t0,0000\t1\t0 %\t0,00\n"
    data = rows(("Cover", 1, 50.0, 50.0, 0), ("Partner", 1, 0.0, 0.0, 0), keys="name quantity price total rate")
    quotes = {e.path: e.quote for e in ground(text, data).evidence}
    assert [quotes[f"/rows/1/{k}"] for k in ("price", "total", "rate")] == ["0,0000", "0,00", "0"]


def test_a_short_row_in_which_pages_end_is_no_furniture() -> None:
    """A word alone in its line proves its record's value, though another page ends with the same line."""
    page = "Club run\nName\tYear\n{}\t1941\n3:12\n{}\t1942\n{}\n{}\t1943\n{}\nResults of the day\n"
    pages = (
        ("Ada", "Bea", "3:14", "Cyd", "DNS"),
        ("Dot", "Eve", "DNS", "Fay", "4:05"),
        ("Gil", "Hal", "3:15", "Ian", "DNS"),
    )
    text = "\f".join(page.format(*names) for names in pages)
    data = [row for a, b, second, c, third in pages for row in ((a, "3:12"), (b, second), (c, third))]
    found = ground(text, rows(*data, keys="name time"))
    assert [e.start for e in found.evidence if e.quote == "DNS"] == [m.start() for m in re.finditer("DNS", text)]


BILL = (
    "1\tCover\t50,0000\t1\t0 %\t50,00\n\tGross price : 50,0000\n2\tPartner\t20,0000\t1\t0 %\t20,00\n\n"
    "Kind\tBasis\tRate\tTax\nFree\t50,00\t0\t0,00\nSum\t50,00\n"
)


def test_a_line_of_one_list_is_rarely_a_record_of_another() -> None:
    """A tax line has the figures of an item's line, too, and is found where no item stands; so is a total."""
    items = [
        {"name": "Cover", "quantity": 1, "price": 50.0, "total": 50.0, "rate": 0},
        {"name": "Partner", "quantity": 1, "price": 20.0, "total": 20.0, "rate": 0},
    ]
    found = ground(BILL, {"total": 50.0, "taxes": [{"rate": 0, "basis": 50.0, "amount": 0.0}], "rows": items})
    starts = [e.start or 0 for e in found.evidence if e.path.startswith(("/taxes", "/total"))]
    assert min(starts) >= BILL.index("Free")


@pytest.mark.parametrize(
    ("text", "data", "before"),
    [
        ("Kind\tTotal\nRice 7.10\t1\t7.10\nTotal: 7.10", {"total": 7.1}, "Total: "),
        ("Invoice 4711-1\tOrder 4711", {"number": "4711"}, "Invoice 4711-1\tOrder "),
        ("From: ada@x.org\nTo: ada@x.org", {"to": ["ada@x.org"]}, "To: "),
    ],
)
def test_a_label_in_the_line_and_a_code_of_its_own_say_where_a_single_value_stands(
    text: str, data: dict[str, Any], before: str
) -> None:
    """Of several places that is chosen which has the label beside it, and none in a longer code."""
    (evidence,) = ground(text, data).evidence
    assert text[: evidence.start].rpartition("\n")[2] == before
