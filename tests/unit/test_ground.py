"""Every value is located by code, or named as unsupported; no two list items share a place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.schemas.target import Field, Kind, Target, Validation
from thresher.service.grounding.grounder import Grounded, Grounder
from thresher.service.grounding.text_index import TextIndex

SOURCE = Source(path="a.txt", blob="a.txt", sha256="", size=0)


def target_of(**kinds: Kind) -> Target:
    """A target of top-level fields and of `lines` with the fields named `lines__x`."""
    fields = tuple(Field(path="/" + name.replace("__", "/*/"), kind=kind) for name, kind in kinds.items())
    return Target(name="T", schema={}, validate=lambda data: Validation(data=data), fields=fields)


def document_of(text: str) -> Document:
    """A Document of plain paragraphs."""
    builder = DocumentBuilder(SOURCE, kind="text")
    for line in text.split("\n"):
        builder.block(line)
    return builder.build()


def ground(text: str, data: dict[str, Any], **kinds: Kind) -> tuple[Document, Grounded]:
    """Ground data in the whole of a text."""
    document = document_of(text)
    chunk = Chunk(index=0, start=0, end=len(document.text), text=document.text, count=len)
    return document, Grounder(document, chunk, target_of(**kinds), fuzzy=90.0).ground(data)


@pytest.mark.parametrize(
    ("text", "value", "quote", "match"),
    [
        ("Total 1,204.50 EUR", 1204.5, "1,204.50", "normalised"),
        ("Gesamt 1.204,50 EUR", 1204.5, "1.204,50", "normalised"),
        ("Total 12.50", "12.50", "12.50", "exact"),
        ("Paid on 3 March 2024.", "2024-03-03", "3 March 2024", "normalised"),
        ("Paid on 03/04/2024.", "2024-04-03", "03/04/2024", "normalised"),
        ("by Müller & Söhne GmbH", "MÜLLER & SÖHNE GMBH", "Müller & Söhne GmbH", "normalised"),
        ("the Agree-\nment of the parties", "the Agreement", "the Agree-\nment", "normalised"),
        ("Acme Widgets lnc., Boston", "Acme Widgets Inc., Boston", "Acme Widgets lnc., Boston", "fuzzy"),
        ("Currency: €", "EUR", "€", "normalised"),
    ],
)
def test_a_value_is_found_as_it_is_written(text: str, value: object, quote: str, match: str) -> None:
    """Numbers, dates, names and codes are found in the forms in which documents write them."""
    document, found = ground(text, {"value": value})
    assert not found.unsupported
    (evidence,) = found.evidence
    assert (evidence.quote, evidence.match) == (quote, match)
    assert document.text[evidence.start : evidence.end] == quote


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11,204.50 and 1204.505", 1204.5),
        ("Ref 712", "71"),
        ("3 May 2024", "2024-03-05"),
        ("Acme Widgets, 15 Main St", "Acme Widgets, 16 Main St"),
        ("nothing of the kind", True),
    ],
)
def test_what_the_text_does_not_hold_is_unsupported(text: str, value: object) -> None:
    """Part of a longer number, another day, another house number: none of them proves a value."""
    _, found = ground(text, {"value": value})
    assert [u.value for u in found.unsupported] == [value]
    assert not found.evidence


def test_a_label_decides_between_equal_values() -> None:
    """Of two equal amounts the one behind the field's own label is the evidence."""
    text = "Subtotal 100.00\nTax 0.00\nTotal amount due 100.00"
    document, found = ground(text, {"total": 100}, total="number")
    assert found.evidence[0].start == document.text.rindex("100.00")


def test_rows_are_placed_one_after_the_other() -> None:
    """Two rows that look alike have two places, and each row's values stand together."""
    text = "2024-01-05 Coffee 3.50\n2024-01-05 Tea 2.00\n2024-01-06 Coffee 3.50\n2024-01-06 Coffee 3.50"
    rows = [("2024-01-05", "Coffee", 3.5), ("2024-01-05", "Tea", 2), ("2024-01-06", "Coffee", 3.5)]
    rows.append(rows[-1])
    items = [{"day": d, "what": w, "amount": a} for d, w, a in rows]
    document, found = ground(text, {"lines": items})
    assert not found.unsupported
    for i in range(4):
        numbers = {document.line_number(e.start or 0) for e in found.evidence if e.path.startswith(f"/lines/{i}/")}
        assert numbers == {i + 1}


def test_a_row_written_twice_has_no_second_place() -> None:
    """An item that repeats another is handed back, not kept as a record."""
    items = [{"what": "Tea", "amount": 2}, {"what": "Tea", "amount": 2}]
    _, found = ground("Tea 2.00\nCoffee 3.50", {"lines": items})
    assert found.homeless == ["/lines/1"]
    assert {u.path for u in found.unsupported} == {"/lines/1/what", "/lines/1/amount"}


def test_an_invented_row_is_unsupported() -> None:
    """A record of which no value stands in the text has no place."""
    _, found = ground("Tea 2.00", {"lines": [{"what": "Tea", "amount": 2}, {"what": "Gin", "amount": 9}]})
    assert found.homeless == ["/lines/1"]


def test_a_date_printed_once_serves_the_rows_below_it() -> None:
    """A value that several rows share is no reason to refuse the rows."""
    text = "5 January 2024\nTea 2.00\nCoffee 3.50"
    items = [{"day": "2024-01-05", "what": "Tea", "amount": 2}, {"day": "2024-01-05", "what": "Coffee", "amount": 3.5}]
    _, found = ground(text, {"lines": items})
    assert not found.unsupported


@given(st.lists(st.tuples(st.sampled_from(["pen", "ink", "cap"]), st.integers(1, 3)), min_size=1, max_size=30))
def test_every_printed_row_keeps_its_place(rows: list[tuple[str, int]]) -> None:
    """However many rows look alike, an answer that is right is proved whole, row by row, in order."""
    text = "\n".join(f"{what}\t{count}" for what, count in rows)
    _, found = ground(text, {"lines": [{"what": w, "count": c} for w, c in rows]})
    assert not found.unsupported
    starts = {e.path: e.start for e in found.evidence}
    assert len({starts[f"/lines/{i}/what"] for i in range(len(rows))}) == len(rows)


def lines_of(document: Document, found: Grounded, item: str) -> set[int]:
    """The lines on which the values of an item were found."""
    return {document.line_number(e.start or 0) for e in found.evidence if e.path.startswith(item + "/")}


def test_rows_told_out_of_order_are_found_where_they_stand() -> None:
    """The order of the answer is a hint, no law."""
    text = "Tea 2.00\nGin 9.00\nRum 2.00\nAle 9.00"
    items = [{"what": w, "amount": a} for w, a in (("Rum", 2), ("Ale", 9), ("Tea", 2), ("Gin", 9))]
    document, found = ground(text, {"lines": items})
    assert [lines_of(document, found, f"/lines/{i}") for i in range(4)] == [{3}, {4}, {1}, {2}]


def test_values_in_another_order_than_the_fields() -> None:
    """What comes first in a record need not come first in its row."""
    text = "2.00 Tea 2024-01-05\n3.00 Tea 2024-01-06\n2.00 Gin 2024-01-06"
    rows = [("2024-01-05", "Tea", 2), ("2024-01-06", "Tea", 3), ("2024-01-06", "Gin", 2)]
    document, found = ground(text, {"lines": [{"day": d, "what": w, "amount": a} for d, w, a in rows]})
    assert [lines_of(document, found, f"/lines/{i}") for i in range(3)] == [{1}, {2}, {3}]


def test_a_row_wrapped_over_lines_or_pages_stays_together() -> None:
    """The second line of a row is the row's own, whatever stands below it."""
    text = "1 Tea, black\n  from Assam 2.00\n2 Tea, green 2.00\n3 Tea, white\n  from Fujian 2.00"
    items = [{"no": 1, "what": "Tea, black from Assam", "amount": 2}, {"no": 2, "what": "Tea, green", "amount": 2}]
    items.append({"no": 3, "what": "Tea, white from Fujian", "amount": 2})
    document, found = ground(text, {"lines": items})
    assert [lines_of(document, found, f"/lines/{i}") for i in range(3)] == [{1, 2}, {3}, {4, 5}]


def test_the_amount_of_the_next_row_proves_nothing() -> None:
    """In a table a value that stands only in another record is refused; the record itself stays."""
    text = "Tea\tbag\t\nGin\tcrate\t9.00\nRum\tcrate\t7.00\nAle\tkeg\t5.00"
    rows = [("Tea", "bag", 9), ("Gin", "crate", 9), ("Rum", "crate", 7), ("Ale", "keg", 5)]
    _, found = ground(text, {"lines": [{"what": w, "unit": u, "amount": a} for w, u, a in rows]})
    assert [u.path for u in found.unsupported] == ["/lines/0/amount"]
    assert not found.homeless


def test_amounts_that_were_swapped_are_refused() -> None:
    """Values of two rows exchanged: each stands in the text, and neither in its row."""
    text = "a Tea 2.00\nb Gin 9.00\nc Rum 7.00\nd Ale 5.00"
    rows = [("a", "Tea", 2), ("b", "Gin", 7), ("c", "Rum", 9), ("d", "Ale", 5)]
    _, found = ground(text, {"lines": [{"id": i, "what": w, "amount": a} for i, w, a in rows]})
    assert [u.path for u in found.unsupported] == ["/lines/1/amount", "/lines/2/amount"]


def test_a_date_printed_in_the_first_row_serves_the_rows_below() -> None:
    """Statements print a day once, in the first of its rows."""
    text = "5 Jan 2024\tTea\t2.00\n\tGin\t9.00\n\tRum\t7.00\n6 Jan 2024\tAle\t5.00"
    rows = [("2024-01-05", "Tea", 2), ("2024-01-05", "Gin", 9), ("2024-01-05", "Rum", 7), ("2024-01-06", "Ale", 5)]
    _, found = ground(text, {"lines": [{"day": d, "what": w, "amount": a} for d, w, a in rows]})
    assert not found.unsupported


def test_a_repeated_row_does_not_live_on_another_rows_amount() -> None:
    """A row written twice is refused though one of its values still stands somewhere."""
    items = [{"what": w, "amount": a} for w, a in (("Tea", 2), ("Tea", 2), ("Milk", 2))]
    _, found = ground("Tea 2.00\nMilk 2.00", {"lines": items})
    assert found.homeless == ["/lines/1"]


def test_lists_inside_items_stay_at_home() -> None:
    """The lines of the second order are found in the second order, though the first has equal ones."""
    text = "Order A\nTea 2.00\nGin 9.00\nOrder B\nTea 2.00\nRum 7.00"
    orders = [
        {"name": "Order A", "lines": [{"what": "Gin", "amount": 9}], "tags": ["Gin"]},
        {"name": "Order B", "lines": [{"what": "Tea", "amount": 2}, {"what": "Rum", "amount": 7}], "tags": ["Tea"]},
    ]
    document, found = ground(text, {"orders": orders})
    assert not found.unsupported
    assert lines_of(document, found, "/orders/0/lines/0") == {3}
    assert lines_of(document, found, "/orders/1/lines/0") == {5}
    assert lines_of(document, found, "/orders/1/tags") == {5}


def test_a_date_in_the_heading_of_every_page_is_found() -> None:
    """What interrupts a text is left out of it, so that a date may run across; its own dates stand all the same."""
    text = "due on 12\nFlight: 12/30/19 - 3/29/20\nMarch 2021"
    index = TextIndex(text, without=[(10, 37)])
    found = {
        day: [text[p.start : p.end] for p in index.find(day)] for day in ("2019-12-30", "2020-03-29", "2021-03-12")
    }
    assert found["2019-12-30"] == ["12/30/19"]
    assert found["2020-03-29"] == ["3/29/20"]
    assert len(found["2021-03-12"]) == 1


def test_an_item_without_a_place_keeps_what_is_inside_it() -> None:
    """A name that the text does not hold does not take the lines below it along, nor do they stay unlooked at."""
    orders = [{"name": "Order X", "lines": [{"what": "Tea", "amount": 2}, {"what": "Gin", "amount": 9}]}]
    _, found = ground("Tea 2.00", {"orders": orders})
    assert found.homeless == ["/orders/0/lines/1"]
    assert {u.path for u in found.unsupported} == {
        "/orders/0/name", "/orders/0/lines/1/what", "/orders/0/lines/1/amount",
    }  # fmt: skip


WORDS = st.sampled_from(["pen", "ink", "cap", "nib"])


@given(st.lists(st.tuples(WORDS, st.integers(1, 3)), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_in_any_order_every_row_has_a_row_of_its_own(rows: list[tuple[str, int]], dice: Any) -> None:
    """Shuffled answers: every item stands on one line that holds both its values, and no two share it."""
    text = "\n".join(f"{what}\t{count}" for what, count in rows)
    told = list(rows)
    dice.shuffle(told)
    document, found = ground(text, {"lines": [{"what": w, "count": c} for w, c in told]})
    assert not found.unsupported
    lines = [lines_of(document, found, f"/lines/{i}") for i in range(len(told))]
    assert all(len(on) == 1 for on in lines)
    assert len(set.union(*lines)) == len(told)


@given(st.lists(st.tuples(WORDS, st.integers(1, 3)), min_size=1, max_size=15), st.integers(0, 14))
def test_a_row_told_twice_is_told_once(rows: list[tuple[str, int]], which: int) -> None:
    """One row too many of any kind: exactly one item is refused."""
    text = "\n".join(f"{what}\t{count}" for what, count in rows)
    told = [*rows, rows[which % len(rows)]]
    _, found = ground(text, {"lines": [{"what": w, "count": c} for w, c in told]})
    assert len(found.homeless) == 1
