"""Siblings: entries of running text that were left out beside others of their section are named, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.example_counts import many
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.source import Source
from thresher.service.records.completeness import record_count_of
from thresher.service.targets.loading import target_from_model


class Entry(BaseModel):
    """A record of a few values."""

    name: str
    place: str | None = None


class Book(BaseModel):
    """A target with one list."""

    entries: list[Entry]


TARGET = target_from_model(Book)
TOWNS = ("Aachen", "Bremen", "Cottbus", "Dresden", "Erfurt", "Fulda", "Gera", "Halle")
Record = tuple[str, str]


def _document(text: str) -> Document:
    builder = DocumentBuilder(Source(path="t", blob="t", sha256="", size=0), kind="text")
    builder.write(text)
    return builder.build()


def _named(text: str, told: list[Record]) -> list[str]:
    """What the ledger names if these records were told, each by its name and place."""
    document = _document(text)
    evidence = [
        Evidence(
            path=f"/entries/{i}/{key}", quote=value, start=(at := text.index(value)), end=at + len(value), match="exact"
        )
        for i, record in enumerate(told)
        for key, value in zip(("name", "place"), record, strict=True)
    ]
    found = record_count_of(document, [Extraction(chunk=0, data={}, evidence=evidence)], TARGET)
    return ["\n".join(document.text[a:b] for a, b in lines) for lines in found.unclaimed]


def _numbered(number: int, record: Record) -> str:
    return f"{number}. Notes on {record[0]}, with plates and\nan index. {record[1]} Press"


def _bulleted(_: int, record: Record) -> str:
    return f"• Fellow of {record[0]}, {record[1]}"


def _dated(number: int, record: Record) -> str:
    return f"Curator of {record[0]}\n{record[1]} Museum, {1990 + number} - {1991 + number}"


FORMS = {"numbered": _numbered, "bulleted": _bulleted, "dated": _dated}


def _records(count: int) -> list[Record]:
    return [(f"{town} Cathedral", f"{town}burg") for town in TOWNS[:count]]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(count=st.integers(4, len(TOWNS)), left_out=st.sets(st.integers(0, len(TOWNS) - 1), max_size=2))
@many(20)
def test_what_was_left_out_is_named_whole_and_nothing_else(form: object, count: int, left_out: set[int]) -> None:
    """Entries that are numbered, bulleted or dated, on one line or two, between sections that are none."""
    assert callable(form)
    records = _records(count)
    printed = [form(i, record) for i, record in enumerate(records, 1)]
    text = "\n".join(["ABOUT", "Some words of no list.", "WORKS", *printed, "LANGUAGES", "German and some Dutch"])
    told = [record for i, record in enumerate(records) if i not in left_out]
    lost = [entry for i, entry in enumerate(printed) if i in left_out]
    if len(told) > len(lost):
        assert _named(text, told) == lost


def test_other_sections_of_the_same_look_are_no_records() -> None:
    """Bullets under another heading, of which none is a record, are of another list."""
    told = _records(4)
    other = [f"• Reads {town} Weekly" for town in TOWNS]
    text = "\n".join(["WORKS", *(_bulleted(0, r) for r in told), "HOBBIES", *other])
    assert _named(text, told) == []


def test_most_of_what_bears_the_mark_must_be_records() -> None:
    """Where a few of many bullets were wanted, the others were not."""
    records = _records(8)
    text = "\n".join(["WORKS", *(_bulleted(0, r) for r in records)])
    assert _named(text, records[:2]) == []


def test_what_a_record_tells_from_another_place_was_told() -> None:
    """An entry that is printed twice and told once is not missed."""
    records = _records(5)
    printed = [_bulleted(0, r) for r in records]
    text = "\n".join(["WORKS", *printed, printed[1]])
    assert _named(text, records) == []


def test_sections_beside_sections_that_are_records() -> None:
    """Where each section is a record, one that nothing was told of is missed, whole."""
    bodies = {"RESEARCH": "Stones and mortar.", "PATENTS": "None so far.", "MEDIA": "Two talks.", "REVIEWS": "Many."}
    parts = [f"{title}\n{body}" for title, body in bodies.items()]
    told = [(title, body) for title, body in bodies.items() if title != "PATENTS"]
    assert _named("\n".join(parts), told) == [parts[1]]
    assert _named("\n".join(parts), list(bodies.items())) == []
