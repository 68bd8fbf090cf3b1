"""Packets: signals of gaps, boundaries by code and by a model, parts that tile the pages."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.example_counts import many
from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.errors import ModelProblem, note
from thresher.schemas.policy import Policy
from thresher.schemas.question import ModelFacts
from thresher.schemas.source import Source
from thresher.service.llm.providers.scripted import Line, scripted
from thresher.service.readers.base import Reading
from thresher.service.runs.units import units
from thresher.service.splitting import Gap, gaps, split, split_by_code
from thresher.service.splitting.boundaries import boundaries_by_code, unsure_gaps
from thresher.service.splitting.boundary_question import boundary_question
from thresher.service.splitting.boundary_scorer import load_scorer
from thresher.service.splitting.boundary_signals import FilePages
from thresher.service.splitting.document_parts import parts
from thresher.service.splitting.page_edges import page_views
from thresher.service.splitting.page_numbers import (
    PrintedNumber,
    numbering_signals,
    printed_numbers,
    roman,
    without_numbers,
)

SOURCE = Source(path="in/packet.pdf", blob="packet.pdf", sha256="ab" * 32, size=9, name="packet.pdf")
PROSE = "The supplier shall deliver the goods to the place that the buyer names in writing, at its own cost and risk."


def paper(*pages: list[str], kind: str = "pdf") -> Document:
    """A Document of pages, each row a Block with a printed line."""
    builder = DocumentBuilder(SOURCE, kind=kind)
    for number, rows in enumerate(pages, 1):
        builder.page(595.0, 842.0)
        for i, row in enumerate(rows):
            start, end = builder.block(row)
            builder.document.lines.add(start, end, number, (72.0, 50.0 + 14 * i, 400.0, 60.0 + 14 * i))
            builder.document.words.add(start, end, 72.0, 400.0)
    return builder.build()


def invoice(n: int) -> list[str]:
    """A page of an invoice; all are of one template and carry no page number."""
    return [
        "Acme Lamps Ltd, 5 High Street, London",
        "INVOICE",
        f"Invoice No: {4700 + n}",
        f"Date: {n % 28 + 1}.03.2024",
        f"Customer: Baker & Sons {n}",
        *(f"Lamp {i}   {n + i}   {10 * i}.50" for i in range(12)),
        f"Total due {100 + n}.00",
    ]


def begins(document: Document) -> list[int]:
    """First pages of the parts, by code."""
    return [part.pages.first for part in split_by_code(document, Policy())]


def test_twelve_invoices_of_one_template_are_twelve() -> None:
    """Equal letterheads and equal words do not hold together what bears different invoice numbers."""
    assert begins(paper(*(invoice(n) for n in range(12)))) == list(range(1, 13))


def test_an_ordinary_document_stays_whole() -> None:
    """Pages of prose, of a statement and of a register are one document each, with page numbers or without."""
    prose = [[*[PROSE] * 40, str(n)] for n in range(1, 9)]
    assert begins(paper(*prose)) == [1]
    assert begins(paper(*(rows[:-1] for rows in prose))) == [1]
    statement = [
        ["First Bank", "Account no. 1234567", *(f"{k} March  Payment {n}{k}  9.10" for k in range(30))]
        for n in range(6)
    ]
    assert begins(paper(*statement)) == [1]


def test_page_numbers_that_begin_again_begin_a_document() -> None:
    """Page 2 of 2 before, page 1 of 3 after."""
    counted = [[f"Page {p} of {n}", f"Report {n}", *[PROSE] * 20] for n in (2, 3) for p in range(1, n + 1)]
    assert begins(paper(*counted)) == [1, 3]


def test_blank_pages_stay_with_what_is_before_them() -> None:
    """A separator belongs to the document that it ends; no part begins with it."""
    assert begins(paper(invoice(1), [], invoice(2), [])) == [1, 3]


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        (["Report", "text", "Page 3 of 12"], PrintedNumber("page", 3, 12)),
        (["Rechnung 7\tSeite 2 von 3", "text"], PrintedNumber("page", 2, 3)),
        (["text", "text", "- 4 -"], PrintedNumber("bare", 4)),
        (["text", "text", "iv"], PrintedNumber("roman", 4)),
        (["text", "text", "F-12"], PrintedNumber("F-", 12)),
        (["text", "text", "2 / 5"], PrintedNumber("of", 2, 5)),
    ],
)
def test_page_numbers_as_they_are_printed(rows: list[str], number: PrintedNumber) -> None:
    """In several languages and styles, at the head or the foot."""
    assert number in printed_numbers(page_views(paper(rows))[0])


def test_amounts_and_years_are_no_page_numbers() -> None:
    """A bare number in the middle of a page or beyond the length of books is none."""
    rows = ["Sum", "2024", "a", "b", "12", "c", "d", "e", "f", "99,00", "Lane 2/3\tSmith"]
    assert printed_numbers(page_views(paper(rows))[0]) == []


def test_numbers_over_a_gap() -> None:
    """Going on, starting again, and a page between that has none."""
    one, two, three = [PrintedNumber("page", 1, 3)], [PrintedNumber("page", 2, 3)], [PrintedNumber("page", 3, 3)]
    assert numbering_signals([one, two], 0, 1)["count_goes_on"] == 1
    again = numbering_signals([three, one], 0, 1)
    assert (again["count_starts"], again["count_ends"]) == (1, 1)
    assert numbering_signals([one, [], three], 0, 1)["number_bridges"] == 1
    assert numbering_signals([one, [], two], 0, 2)["count_goes_on"] == 1


def test_small_things_of_numbering() -> None:
    """Roman numbers, and rows without the page number in them."""
    assert [roman(t) for t in ("i", "xiv", "xlix", "iix")] == [1, 14, 49, 0]
    assert without_numbers("Order 7\tPage 3 of 12") == "Order 7"


def test_a_gap_has_a_reason() -> None:
    """Scores name the signals behind them."""
    (gap,) = gaps(paper(invoice(1), invoice(2)))
    assert gap.score > 0.9
    assert "code differs" in gap.reason


def test_the_weights_cover_every_signal() -> None:
    """No signal is computed without a weight, and none is weighed that is not computed."""
    signals = FilePages.of(paper(invoice(1), invoice(2))).gap(1)
    assert signals is not None
    assert signals.keys() == load_scorer().weights.keys()


def test_one_sure_gap_makes_a_packet() -> None:
    """Likely gaps alone do not split; beside a sure one they do, and what is between is asked about."""
    likely, certain, faint = (Gap(page=p, score=s, reason="") for p, s in ((1, 0.7), (2, 0.95), (3, 0.2)))
    assert boundaries_by_code([likely, faint]) == []
    assert boundaries_by_code([likely, certain, faint]) == [likely, certain]
    assert unsure_gaps([likely, certain, faint]) == [likely, faint]


@many(40)
@given(
    st.lists(st.lists(st.text("ab\t.", min_size=1, max_size=6), max_size=3), min_size=1, max_size=8),
    st.lists(st.integers(0, 9), max_size=6),
)
def test_parts_tile_the_pages(pages: list[list[str]], first: list[int]) -> None:
    """Every page is in exactly one part, in order, with its text, its lines and its number in the file."""
    document = paper(*pages)
    made = parts(document, first)
    numbers = [n for part in made for n in range(part.pages.range[0], part.pages.range[1] + 1)]
    assert numbers == list(range(1, len(pages) + 1))
    assert "".join(p.text for p in made).replace("\n", "") == document.text.replace("\n", "")
    assert sum(len(p.lines) for p in made) == len(document.lines)
    assert sum(len(p.blocks) for p in made) == len(document.blocks)
    for part in made:
        for start, end, page in zip(part.lines.start, part.lines.end, part.lines.page, strict=True):
            anchor = part.anchor(start, end)
            assert anchor.page == page == part.page_at(start)
            assert part.text[start:end] == pages[page - 1][round((anchor.boxes[0][1] - 50) / 14)].strip("\n")


def test_a_block_and_a_table_over_an_edge_are_cut_there() -> None:
    """What runs over a boundary stays on both sides, each with its own characters."""
    builder = DocumentBuilder(SOURCE, kind="pdf")
    builder.page(595.0, 842.0)
    builder.table([["Item", "Price"], ["Lamp", "1.00"], ["Desk", "2.00"]], header_rows=1)
    document = builder.build()
    document.pages.add(document.text.index("Desk"), 595.0, 842.0)
    document.part_starts.append(0)
    document.part_labels.append("body")
    one, two = parts(document, [1])
    assert [p.text for p in (one, two)] == ["Item\tPrice\nLamp\t1.00", "Desk\t2.00"]
    assert [(len(t), t.header_rows) for p in (one, two) for t in p.tables] == [(2, 1), (1, 0)]
    assert [p.text[a:b] for p in (one, two) for a, b, k, _ in p.blocks if k == BlockKind.TABLE] == [one.text, two.text]
    assert two.part_at(0) == "body"


def test_a_part_says_what_it_is() -> None:
    """Its path sorts by page, its identity is its own, its Notes and mended words those of its pages or of the whole file."""
    document = paper(*([f"page {n}"] for n in range(12)))
    document.facts["title"] = "Scan"
    document.notes += [note("no_text", "page 5", 5), note("corrupt_partial", "the file")]
    document.mended += [(document.text.index("page 5"), document.text.index("page 5") + 4)]
    made = parts(document, [3, 4])
    assert [p.mended for p in made] == [[], [], [(7, 11)]]
    assert [p.source.path for p in made] == ["in/packet.pdf!p01-03", "in/packet.pdf!p04", "in/packet.pdf!p05-12"]
    assert len({p.source.id for p in made} | {SOURCE.id}) == 4
    assert [[n.code for n in p.notes] for p in made] == [
        ["corrupt_partial"],
        ["corrupt_partial"],
        ["no_text", "corrupt_partial"],
    ]
    assert made[0].facts == {}
    assert parts(document, [0]) == [document]


def test_every_so_many_pages_and_off() -> None:
    """`pages:N` cuts without looking, `off` not at all, and what has no pages of paper is never cut."""
    document = paper(*(invoice(n) for n in range(5)))
    assert [len(p.pages) for p in split_by_code(document, Policy(split="pages:2"))] == [2, 2, 1]
    assert split_by_code(document, Policy(split="off")) == [document]
    slides = paper(*(invoice(n) for n in range(5)), kind="office")
    assert split_by_code(slides, Policy(split="pages:2")) == [slides]


@pytest.mark.parametrize("choice", ["pages:0", "pages:", "yes", "pages:-1"])
def test_other_choices_are_refused(choice: str) -> None:
    """A choice that means nothing is an error, not a default."""
    with pytest.raises(ValidationError):
        Policy(split=choice)


@pytest.fixture
def doubtful(monkeypatch: pytest.MonkeyPatch) -> Document:
    """Three pages: code is unsure of the first gap, and sure that the second is none."""
    found = [Gap(page=1, score=0.4, reason=""), Gap(page=2, score=0.01, reason="")]
    monkeypatch.setattr("thresher.service.splitting.splitter.gaps", lambda _: found)
    return paper(["Alpha", "one"], ["Beta", "two"], ["Gamma", "three"])


async def test_a_model_decides_where_code_is_unsure(doubtful: Document) -> None:
    """It is asked about that gap alone."""
    model = scripted({"Beta": {"new_document": True}})
    assert [p.pages.range for p in await split(doubtful, Policy(), model)] == [(1, 1), (2, 3)]
    model = scripted({"Beta": {"new_document": False}})
    assert await split(doubtful, Policy(), model) == [doubtful]


async def test_a_model_that_chooses_is_not_asked(doubtful: Document) -> None:
    """The embedded model can not judge: code decides alone."""
    small = scripted({}, facts=ModelFacts(window=2048, most_answer=64, style="candidates"))
    assert await split(doubtful, Policy(), small) == [doubtful]


@pytest.mark.parametrize("said", [ModelProblem("model_unavailable", "away"), "perhaps", {"new_document": "yes"}])
async def test_a_model_that_does_not_answer_leaves_it_to_code_with_a_note(doubtful: Document, said: Line) -> None:
    """Nothing is split on no answer, and the Result will say that nobody answered."""
    (whole,) = await split(doubtful, Policy(), scripted(lambda _: said))
    (why,) = whole.notes
    assert why.page == 2
    assert why.code in {"model_unavailable", "model_misbehaved"}


def test_the_question_shows_both_sides() -> None:
    """The end of the last page with text, and the start of the one after the gap."""
    question = boundary_question(paper(["A" * 3000 + "end"], [], ["start" + "B" * 3000]), 2)
    shown = question.messages[1].content
    assert re.search(r"<<<END OF THE PAGE BEFORE ([0-9a-f]{16})\nA+end\nEND OF THE PAGE BEFORE \1>>>", shown)
    assert re.search(r"<<<START OF THE PAGE AFTER ([0-9a-f]{16})\nstartB", shown)
    assert len(shown) < 3500


async def test_a_packet_is_a_wrapping() -> None:
    """Each part is a Unit by itself, and so is what is attached to the file: nobody knows to which part it belongs."""
    packet = paper(invoice(1), invoice(2))
    attached = SOURCE.model_copy(update={"path": "in/packet.pdf!/1-a.txt", "parent": SOURCE.id, "relation": "embedded"})

    async def readings() -> AsyncIterator[Reading]:
        yield Reading(packet, [attached])
        yield Reading(Document(source=attached, text="a"))

    async def cut(document: Document) -> list[Document]:
        return split_by_code(document, Policy())

    found = [[d.source.path for d in u.documents] async for u in units(readings(), "family", cut)]
    assert found == [["in/packet.pdf!p1"], ["in/packet.pdf!p2"], ["in/packet.pdf!/1-a.txt"]]


def test_a_file_of_many_documents_is_cut_in_proportion() -> None:
    """300 parts of 600 pages are no copies of the whole each, which took minutes for 5,000 pages."""
    builder = DocumentBuilder(Source(path="a.pdf", blob="a", sha256="", size=0), kind="pdf")
    for page in range(600):
        builder.page(612, 792)
        for line in range(40):
            builder.block(f"line {line} of page {page}")
        builder.table([["Item", "Price"], [f"Pen {page}", "2.00"]], header_rows=1)
    whole, begun = builder.build(), time.process_time()
    made = parts(whole, list(range(2, 600, 2)))
    assert time.process_time() - begun < 5
    assert "".join(f"{part.text}\n" for part in made) == f"{whole.text}\n"
    assert [(len(part.pages), len(part.blocks), len(part.tables[1])) for part in made] == [(2, 82, 2)] * 300
