"""Every value is located by code, or named as unsupported; no two list items share a place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.chunk import Chunk
from schemas.document import Document, DocumentBuilder
from schemas.source import Source
from schemas.target import Field, Kind, Target, Validation
from service.ground import Grounded, Grounder

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
    chunk = Chunk(index=0, start=0, end=len(document.text), text=document.text, tokens=0)
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


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["pen", "ink", "cap"]), st.integers(1, 3)), min_size=1, max_size=30))
def test_every_printed_row_keeps_its_place(rows: list[tuple[str, int]]) -> None:
    """However many rows look alike, an answer that is right is proved whole, row by row, in order."""
    text = "\n".join(f"{what}\t{count}" for what, count in rows)
    _, found = ground(text, {"lines": [{"what": w, "count": c} for w, c in rows]})
    assert not found.unsupported
    starts = {e.path: e.start for e in found.evidence}
    assert len({starts[f"/lines/{i}/what"] for i in range(len(rows))}) == len(rows)
