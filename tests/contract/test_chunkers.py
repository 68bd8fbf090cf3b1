"""The promises of every chunker, on Documents nobody wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.chunkers.members import CHUNKERS, choose
from thresher.chunkers.tokens import counter
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.errors import InputProblem
from thresher.schemas.source import Source
from thresher.service.extraction.document_chunks import characters_outside

COUNT = counter("o200k_base")
SOURCE = Source(path="a", blob="a", sha256="", size=0)
TEXT = st.text(alphabet="abc .!?\n\té漢😀", max_size=120)
KINDS = (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.QUOTE, BlockKind.MAIL_HEADER, BlockKind.LIST_ITEM)
BLOCK = st.tuples(TEXT, st.sampled_from(KINDS), st.integers(0, 4))
TABLE = st.lists(st.lists(st.text(alphabet="ab 1", max_size=12), min_size=1, max_size=4), min_size=1, max_size=8)


def build(parts: list[tuple[str, BlockKind, int] | list[list[str]] | None], kind: str = "text") -> Document:
    """A Document of Blocks, tables (lists) and page breaks (None)."""
    builder = DocumentBuilder(SOURCE, kind=kind)
    for part in parts:
        if part is None:
            builder.page(612, 792)
        elif isinstance(part, list):
            builder.table(part, header_rows=1)
        else:
            builder.block(*part)
    return builder.build()


def covered(document: Document, chunks: list[Chunk]) -> str:
    """Characters of the Document that some Chunk owns, blanks left out."""
    at, owned = 0, []
    for chunk in chunks:
        owned.append(document.text[max(at, chunk.start) : chunk.end])
        at = max(at, chunk.end)
    return "".join("".join(owned).split())


@given(
    parts=st.lists(st.one_of(BLOCK, TABLE, st.none()), max_size=12),
    name=st.sampled_from(sorted(CHUNKERS)),
    budget=st.integers(12, 80),
    overlap=st.integers(0, 20),
)
def test_nothing_lost_order_kept_budget_exact(
    parts: list[tuple[str, BlockKind, int] | list[list[str]] | None], name: str, budget: int, overlap: int
) -> None:
    """Every non-blank character is in a Chunk, ranges ascend, no Chunk passes its budget, overlap is told truly."""
    document = build(parts)
    chunks = list(CHUNKERS[name].chunk(document, budget, COUNT, overlap))
    assert covered(document, chunks) == "".join(document.text.split())
    assert characters_outside(document.text, chunks) == 0
    for i, chunk in enumerate(chunks):
        rest = [*chunks[:i], *chunks[i + 1 :]]
        lost = len("".join(document.text.split())) - len(covered(document, rest))
        assert characters_outside(document.text, rest) == lost >= int(not overlap and bool(chunk.text))
    end = 0
    for i, chunk in enumerate(chunks):
        assert chunk.index == i
        assert chunk.text == document.text[chunk.start : chunk.end] == chunk.text.strip()
        shown = f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text
        assert COUNT(shown) == chunk.tokens <= budget
        assert chunk.overlap == max(0, end - chunk.start)
        assert chunk.end > end
        assert overlap or chunk.start >= end
        end = chunk.end


@given(rows=st.lists(st.lists(st.sampled_from(["pen", "ink", "12"]), min_size=3, max_size=3), min_size=1, max_size=60))
def test_rows_stay_whole_under_their_header(rows: list[list[str]]) -> None:
    """A row that fits is never cut, and every later piece of a table carries the header row."""
    document = build([[["Item", "Kind", "Price"], *rows]], kind="sheet")
    chunks = list(CHUNKERS["tables"].chunk(document, 40, COUNT))
    lines = [line for c in chunks for line in c.text.split("\n")]
    assert lines == document.text.split("\n")
    assert all(c.context == "Item\tKind\tPrice" for c in chunks[1:])


def test_sections_are_cut_at_headings_and_carry_their_path() -> None:
    """A later Chunk says under which headings it stands, and begins at a heading where it can."""
    body = "The tenant pays the rent on the first day of each month. " * 3
    parts: list[tuple[str, BlockKind, int] | list[list[str]] | None] = [("Lease", BlockKind.HEADING, 1)]
    for n in range(6):
        parts += [(f"Section {n}", BlockKind.HEADING, 2), (body, BlockKind.PARAGRAPH, 0)]
    chunks = list(CHUNKERS["sections"].chunk(build(parts), 100, COUNT))
    assert len(chunks) > 2
    assert all(c.text.startswith("Section") for c in chunks[1:])
    assert all(c.context == "Title: Lease" for c in chunks[1:])


def test_mail_chunks_carry_the_headers() -> None:
    """Every later Chunk of a mail says who wrote it, when and about what."""
    parts: list[tuple[str, BlockKind, int] | list[list[str]] | None] = [
        ("From: sales@example.com", BlockKind.MAIL_HEADER, 0),
        ("Subject: Offer 7", BlockKind.MAIL_HEADER, 0),
        ("We offer the following goods at the following price. " * 12, BlockKind.PARAGRAPH, 0),
    ]
    document = build(parts, kind="mail")
    chunks = list(choose(document).chunk(document, 60, COUNT))
    assert len(chunks) > 1
    assert all(c.context == "From: sales@example.com\nSubject: Offer 7" for c in chunks[1:])


def test_one_endless_line_is_cut_and_kept_whole() -> None:
    """A line of 200,000 characters without a space becomes Chunks within the budget, in bounded time."""
    document = build([("x1" * 100_000, BlockKind.PARAGRAPH, 0)])
    chunks = list(CHUNKERS["plain"].chunk(document, 1000, COUNT))
    assert "".join(c.text for c in chunks) == document.text
    assert max(c.tokens for c in chunks) <= 1000


def test_a_budget_that_holds_nothing_is_refused() -> None:
    """A budget smaller than one character's tokens is a Problem, not an endless loop."""
    with pytest.raises(InputProblem, match="budget_too_small"):
        list(CHUNKERS["plain"].chunk(build([("😀漢" * 9, BlockKind.PARAGRAPH, 0)]), 0, COUNT))


@pytest.mark.parametrize(
    ("kind", "parts", "name"),
    [
        ("mail", [("Hi", BlockKind.PARAGRAPH, 0)], "thread"),
        ("sheet", [[["a", "b"]]], "tables"),
        ("pdf", [None, ("Hi", BlockKind.PARAGRAPH, 0)], "pages"),
        ("pdf", [None, *[(f"S{n}", BlockKind.HEADING, 1) for n in range(3)]], "sections"),
        ("text", [("Hi", BlockKind.PARAGRAPH, 0)], "sections"),
    ],
)
def test_the_chunker_suits_the_document(
    kind: str, parts: list[tuple[str, BlockKind, int] | list[list[str]] | None], name: str
) -> None:
    """`auto` goes by kind, and for paged Documents by whether they have headings."""
    assert choose(build(parts, kind)).name == name
