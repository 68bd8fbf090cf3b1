"""Lines of texts that have no line breaks, and records that only blank lines tell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.document import Document
from thresher.schemas.source import Source
from thresher.service.records.structure import structure_of
from thresher.service.records.text_lines import lines_of


@given(text=st.text("ab\n", max_size=60))
def test_ordinary_lines_are_those_of_the_text(text: str) -> None:
    """Nothing is parted that a page could hold."""
    assert [text[a:b] for a, b in lines_of(text)] == text.split("\n")


@given(
    words=st.lists(st.integers(10, 99_999), min_size=300, max_size=400),
    between=st.sampled_from(["; ", " | ", ", ", "\t"]),
)
def test_a_long_line_is_parted_where_its_separator_repeats(words: list[int], between: str) -> None:
    """Every part is one of what it separates, whatever that is."""
    text = between.join(f"A{w} x {w}.50" for w in words)
    assert [text[a:b] for a, b in lines_of(text)] == [f"A{w} x {w}.50" for w in words]


def test_a_long_line_without_a_separator_stays_one() -> None:
    """Two megabytes of one letter are one line."""
    assert list(lines_of("x" * 2_000_000)) == [(0, 2_000_000)]


def test_stanzas_are_records_where_lines_begin_too_late() -> None:
    """An address begins with the name, not with the house number below it."""
    text = "\n\n".join(f"Ada Keane\n{i} High Street\nLeeds" for i in range(1, 8))
    document = Document(source=Source(path="a", blob="a", sha256="", size=0), text=text)
    assert [text[s:].split()[0] for s in structure_of(document).starts] == ["Ada"] * 7


def test_paragraphs_of_prose_are_no_stanzas() -> None:
    """They are of different sizes."""
    text = "\n\n".join("\n".join(["some words"] * (2 + i % 4)) for i in range(12))
    document = Document(source=Source(path="a", blob="a", sha256="", size=0), text=text)
    assert list(structure_of(document).starts) == []
