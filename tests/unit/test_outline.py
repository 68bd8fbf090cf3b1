"""Nested data: what lies in what, where records begin, and what the beginning of a document says of all of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.chunkers.members import SECTIONS
from thresher.chunkers.openings import labels_of, terms_of, title_of
from thresher.chunkers.outline import outline_of
from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.source import Source

JSON_VALUE = st.recursive(
    st.none() | st.integers(0, 99) | st.text('ab:{["', max_size=4),
    lambda x: st.lists(x, max_size=4) | st.dictionaries(st.text("ab", max_size=2), x, max_size=4),
    max_leaves=20,
)
ORDERS = {
    "seller": "Acme",
    "orders": [
        {"id": f"A{i}", "buyer": f"Buyer {i}", "lines": [{"sku": f"X{i}-{k}", "qty": k} for k in range(6)]}
        for i in range(5)
    ],
}


def count(text: str) -> int:
    """A token is four characters."""
    return (len(text) + 3) // 4


def document_of(text: str, media_type: str = "text/plain", kind: str = "text") -> Document:
    """A Document of paragraphs, one a line."""
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0, name="a", media_type=media_type), kind=kind)
    for i, line in enumerate(text.split("\n")):
        builder.write("\n" if i else "")
        if line.strip():
            start, end = builder.write(line)
            indent = len(line) - len(line.lstrip())
            builder.document.blocks.add(start + indent, end, BlockKind.PARAGRAPH)
    return builder.build()


def xml_of(value: object, name: str, depth: int = 0) -> list[str]:
    """Data as the XML reader writes it."""
    if isinstance(value, dict):
        return ["  " * depth + f"{name}:", *(line for k, v in value.items() for line in xml_of(v, k, depth + 1))]
    if isinstance(value, list):
        return ["  " * depth + f"{name}:", *(line for v in value for line in xml_of(v, name.rstrip("s"), depth + 1))]
    return ["  " * depth + f"{name}: {value}"]


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        (json.dumps(ORDERS), "application/json"),
        (json.dumps(ORDERS, indent=1), "application/json"),
        ("\n".join(xml_of(ORDERS, "book")), "application/xml"),
    ],
)
@pytest.mark.parametrize("budget", [60, 90, 160])
def test_data_is_cut_between_records_and_carries_what_it_lies_in(text: str, media_type: str, budget: int) -> None:
    """No line of an order is cut, nothing is lost, and a part that begins within an order says which."""
    document = document_of(text, media_type)
    chunks = list(SECTIONS.chunk(document, budget, count))
    assert "".join("".join(c.text.split()) for c in chunks) == "".join(text.split())
    assert len(chunks) > 2
    for chunk in chunks:
        assert count(chunk.whole) <= budget
        assert chunk.text.count("sku") == chunk.text.count("qty")
    for chunk in chunks[1:]:
        first = next(f"{i}" for i in range(5) if f"X{i}-" in chunk.text)
        begins_order = f"A{first}" in chunk.text.partition("sku")[0]
        assert begins_order or f"A{first}" in chunk.context or budget < 90


@given(JSON_VALUE)
def test_any_json_has_an_outline(value: object) -> None:
    """Property: nodes lie in one another, and what is carried stands before the place, whatever the text."""
    document = document_of(json.dumps(value), "application/json")
    outline = outline_of(document)
    for offset in range(len(document.text)):
        for start, end in outline.around(offset) if outline else ():
            assert 0 <= start < end <= offset
    if outline:
        assert all(start <= 9 for start in outline.snapped([5, 9]))


@given(st.text('{}[]:,"a \n'))
def test_broken_json_has_one_too(text: str) -> None:
    """Property: nothing that is written there stops it."""
    outline = outline_of(document_of(text, "application/json"))
    assert outline is None or outline.starts == sorted(outline.starts)


def test_parties_and_terms_come_from_the_preamble() -> None:
    """The title, the line of the parties, and the words that each defined term stands for."""
    text = (
        'LICENCE AGREEMENT\n\nThis agreement is made between Acme Widgets Ltd, a company of Bristol (the "Licensor"), and Bora '
        "Trading GmbH (hereinafter the “Licensee”).\n\n1. The Licensor grants the Licensee a licence."
    )
    document = document_of(text)
    title = title_of(document)
    assert title is not None
    assert text[slice(*title)] == "LICENCE AGREEMENT"
    (told,) = (text[slice(*r)] for r in terms_of(document))
    assert told.startswith("This agreement is made between Acme Widgets Ltd")
    assert told.endswith("Bora Trading GmbH (hereinafter the “Licensee”)")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('Item 1.\nAcme Cloud, Inc. (the "Company") reports.', 'Acme Cloud, Inc. (the "Company")'),
        ('See No. 1 on Form 10-K (this "Amendment").', 'See No. 1 on Form 10-K (this "Amendment")'),
        ('EXPLANATORY NOTE\nBora Trading Corporation\n(the "Seller")', 'Bora Trading Corporation\n(the "Seller")'),
        ('all of this, together, the debt ("total debt") is due', None),
        ("among other things, sales fell in the quarter", None),
        ("between January 1 and March 31 the office moved", None),
        ('it pays interest on unsecured debentures ("Rates")', None),
    ],
)
def test_only_what_introduces_a_name_is_a_term(text: str, told: str | None) -> None:
    """With what it stands for, behind the sentence before; running text with brackets and quotes is none."""
    found = [text[slice(*r)] for r in terms_of(document_of(text))]
    assert found == ([told] if told else [])


def test_later_parts_are_told_the_title_and_the_parties() -> None:
    """As context, on a line each; the first part, which holds them, is not."""
    rest = "\n".join(f"§ {n} The parties agree that the Buyer pays on the first day of the month." for n in range(40))
    document = document_of(f'SALE\nbetween Acme Ltd and Bora Ltd (the "Buyer")\n\n{rest}')
    first, second, *_ = SECTIONS.chunk(document, 200, count)
    assert first.context == ""
    assert second.context == 'Title: SALE between Acme Ltd and Bora Ltd (the "Buyer")'
    assert all(document.text[a:b] for a, b in second.context_ranges)


def test_a_label_over_rows_is_carried() -> None:
    """A line by itself names the rows below it, up to the next one; the cut is made above it."""
    rows = [f"F-{n}   zinc size {n} mm   {n} boxes" for n in range(40)]
    text = "\n".join(
        ["Stock", "", "Bolts and nuts", "", *rows[:20], "", "Timber screws", "", *rows[20:], "", "2 pages"]
    )
    document = document_of(text)
    assert [text[slice(*r)] for r in labels_of(document)] == ["Bolts and nuts", "Timber screws"]
    chunks = list(SECTIONS.chunk(document, 120, count))
    for chunk in chunks[1:]:
        number = int(chunk.text[chunk.text.index("F-") + 2 :].split()[0])
        label = "Bolts and nuts" if number < 20 else "Timber screws"
        assert label in chunk.context or label in chunk.text.partition("F-")[0]
