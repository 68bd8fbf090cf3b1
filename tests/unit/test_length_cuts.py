"""A vast text is cut for a search by its length: nothing is lost, no Chunk has too many tokens, rows stay whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from thresher.chunkers.length_cuts import SAMPLE_CHARS, SAMPLES, cut_by_length
from thresher.chunkers.packing import TOKENS_PER_BYTE
from thresher.chunkers.table_heads import TableHeads, filled_cells, is_group
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.source import Source
from thresher.service.extraction.planning.bm25 import Bm25
from thresher.service.prompts.part_description import _inside

SOURCE = Source(path="a", blob="a", sha256="", size=0)
TEXTS = st.text(st.sampled_from(list("ab,. \n\t7é€漢😀")), max_size=400)
ROWS = st.lists(st.lists(st.sampled_from(["", "Region", "north", "7.00", "x y"]), min_size=1, max_size=4), max_size=30)


def dense(text: str) -> int:
    """Count as the finest tokenizer would: two tokens a byte."""
    return TOKENS_PER_BYTE * len(text.encode())


def sheet(rows: list[list[str]]) -> Document:
    """A Document that is one table, as readers of sheets make it."""
    builder = DocumentBuilder(SOURCE, kind="sheet")
    builder.table(rows, header_rows=1, is_sheet=True)
    return builder.build()


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_nothing_is_lost(text: str) -> None:
    """Chunks hold every character but white space, in order, and none has more tokens than it may."""
    document = Document(source=SOURCE, text=text, kind="text")
    chunks = list(cut_by_length(document, 30, 120, dense))
    assert "".join("".join(c.text.split()) for c in chunks) == "".join(text.split())
    assert all(c.tokens <= 120 and c.text == text[c.start : c.end] for c in chunks)
    assert [c.index for c in chunks] == list(range(len(chunks)))


def test_rows_stay_whole() -> None:
    """A Chunk ends between two rows, and each has the head of the table."""
    document = sheet([["number", "buyer"], *([f"PO-{n}", f"Acme {n}"] for n in range(500))])
    chunks = list(cut_by_length(document, 300, 1200, len))
    assert len(chunks) > 20
    assert all(c.context == "number\tbuyer" for c in chunks[1:])
    assert [line for c in chunks for line in c.text.split("\n")] == document.text.split("\n")


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_kinds_of_rows_are_as_each_row_is(rows: list[list[str]]) -> None:
    """What is told of usual rows at a glance is what a look at each of them tells."""
    document = sheet(rows)
    for table in document.tables:
        full, groups = TableHeads(document).kinds(table)
        assert list(full) == [filled_cells(table, r) > 1 for r in range(len(table))]
        assert list(groups) == [is_group(document, table, r) for r in range(len(table))]


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 200), st.integers(0, 100))
def test_rows_of_a_part_are_found(rows: list[list[str]], start: int, length: int) -> None:
    """The rows that begin in a part are found without a look at all others."""
    for table in sheet(rows).tables:
        part = Chunk(index=0, start=start, end=start + length, text="", count=len)
        first = range(table.header_rows, len(table))
        assert _inside(table, part) == [r for r in first if part.start <= table.row_range(r)[0] < part.end]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["Total", "totals", "taxId", "CLASS", "is", "İs", "8"])), min_size=1, max_size=5)
)
def test_scores_need_only_the_words_of_the_queries(texts: list[list[str]]) -> None:
    """Scores are the same whether all words are kept or only those that will be asked for, in all their forms."""
    chunks = [Chunk(index=i, start=0, end=0, text=" ".join(t), count=len) for i, t in enumerate(texts)]
    queries = ["total taxes", "tax id class", "totals is"]
    narrow, whole = Bm25(chunks, queries), Bm25(chunks)
    assert [narrow.scores(q) for q in queries] == [whole.scores(q) for q in queries]


def test_only_samples_and_contexts_are_counted() -> None:
    """The text of no Chunk is counted: it would take longer than all else for a hundred megabytes."""
    counted: list[int] = []

    def count(text: str) -> int:
        counted.append(len(text))
        return len(text) // 4

    chunks = list(
        cut_by_length(sheet([["number", "buyer"], *([f"PO-{n}", "Acme"] for n in range(20_000))]), 300, 1200, count)
    )
    assert sum(counted) <= SAMPLES * SAMPLE_CHARS + 2 * len("number\tbuyer\n") * len(chunks)
