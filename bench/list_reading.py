"""What of a generated list is ours, model aside: the text and rows that arrive, the records told apart, the evidence.

    python -m bench.list_reading --form pdf --rows 300 --seeds 1,2 --kinds statement,thread

text     share of the letters and figures of a page that arrive in their order; of a table's cells that are as written
begins   share of the records before which the Structure lets a window begin; wrong: beginnings inside a record
cut      windows that begin inside a record
placed   share of the true values, given as answers about the windows their records begin in, with evidence in the record
pages    share of those whose boxes are on every page that the value is printed on
"""

from __future__ import annotations

import argparse
import asyncio
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from statistics import fmean
from typing import Any

from rapidfuzz.distance import Levenshtein

from bench.list_case import Case, documents_of, made_of
from bench.list_forms import FORMS, has_form, is_inside, layout_of, page_texts, places, record_rows
from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import Layout
from tests.simulation.generator.lines import Setter
from tests.simulation.generator.make import told
from tests.simulation.generator.nouns import Generated, Range, Row
from tests.simulation.reader.faults import NAMED
from tests.simulation.reader.in_process import end
from tests.simulation.reader.reader import Reader
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence
from thresher.schemas.policy import Policy
from thresher.service.extraction.document_chunks import chunks_of
from thresher.service.extraction.engine import engine_of
from thresher.service.grounding.grounder import Grounder
from thresher.service.llm.rate_limiting import ProviderLimiter
from thresher.service.llm.stack import SharedServices, build_model
from thresher.service.records.structure import Structure, structure_of
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.targets.loading import load_target

TITLES = ("document", "form", "seed", "text", "begins", "wrong", "windows", "cut", "placed", "pages")
FUZZY = 90.0


@dataclass(frozen=True, slots=True)
class Read:
    """A document as it was read, beside its truth."""

    made: Generated
    document: Document
    structure: Structure
    true: list[Range]  # where each record stands
    rows: list[dict[str, Any]]


def measured(case: Case) -> list[str]:
    """One line of the table."""
    made = made_of(case)
    (document, *_) = asyncio.run(documents_of(case, made))
    rows = next(v for v in made.truth.values() if isinstance(v, list))
    true = [_trimmed(document.text, place) for place in places(made, case.form, document)]
    read = Read(made, document, structure_of(document), true, rows)
    arrived = [r for r in read.true if r[1]]
    begins, wrong = _begins(read, arrived)
    windows = _windows(case, read)
    placed, paged = _placed(case, read, windows)
    shares = [_text(case.form, read), begins]
    return [
        case.kind,
        case.form,
        str(case.seed),
        *(f"{int(s * 1e4) / 1e4:.4f}" for s in shares),
        str(wrong),
        str(len(windows)),
        str(sum(is_inside(_first(read, w), arrived) for w in windows)),
        *(f"{int(s * 1e4) / 1e4:.4f}" for s in (placed, paged)),
    ]


def _trimmed(text: str, place: Range) -> Range:
    """A range without the bars and blanks before it, which belong to nobody."""
    start, end = place
    return end - len(text[start:end].lstrip("| \t\n")), end


def _text(form: str, read: Read) -> float:
    """How much of the text is there, as the form has it."""
    if form in {"xlsx", "html"}:
        return fmean(_cells(form, read))
    wanted = ["\n".join(page) for page in read.made.pages]
    shown = [read.document.text] if form == "text" else page_texts(read.document)
    wanted = ["\n".join(wanted)] if form == "text" else wanted
    pairs = zip(wanted, shown, strict=True)
    return fmean(Levenshtein.normalized_similarity("".join(w.split()), "".join(s.split())) for w, s in pairs)


def _cells(form: str, read: Read) -> Iterator[float]:
    """For each cell of each record whether it is what the layout shows."""
    layout: Layout = layout_of(read.made)
    if form == "xlsx":  # cells are typed
        layout = replace(layout, numbers="en", signs="minus", dates="iso")
    setter, made, document = Setter(KINDS[read.made.kind], layout), read.made, read.document
    story = told(made.kind, len(made.ranges), made.seed)
    (table,) = document.tables
    known = {number: r for r, number in enumerate(table.row)}
    records = (item for item in story.items if isinstance(item, Row))
    for number, item in zip(record_rows(made, layout), records, strict=True):
        shown = setter.shown(item.values)
        cells = {column: document.text[a:b] for a, b, column in table.cells(known[number])}
        yield from (float(cells.get(i, "") == shown[name]) for i, name in enumerate(setter.names))


def _begins(read: Read, true: list[Range]) -> tuple[float, int]:
    """The share of records that the Structure parts from the one before, and its beginnings within records."""
    starts = read.structure.starts
    between = [bisect_left(starts, a[1]) < bisect_left(starts, b[0] + 1) for a, b in pairwise(true)]
    return fmean(between), sum(is_inside(s, true) for s in starts)


def _windows(case: Case, read: Read) -> list[Chunk]:
    model = build_model(
        end(Reader(NAMED["perfect"], case.seed)), ProviderLimiter(1), SharedServices(records=MemoryStore())
    )
    engine = engine_of(model, load_target(KINDS[case.kind].model), Policy(model="reader"))
    return chunks_of(engine, read.document, read.structure)


def _first(read: Read, window: Chunk) -> int:
    """The first character of a window that is neither blank nor furniture."""
    text = read.document.text
    at = window.start
    while at < window.end and (text[at].isspace() or read.structure.is_apart(at)):
        at += 1
    return at


def _placed(case: Case, read: Read, windows: list[Chunk]) -> tuple[float, float]:
    """Shares of the records' values with evidence in their record, and of those with boxes on all their pages."""
    target = load_target(KINDS[case.kind].model)
    wanted, right, paged = 0, 0, 0
    for window in windows:
        chosen = [i for i, (a, _) in enumerate(read.true) if window.start <= a < window.end]
        rows = [{n: v for n, v in read.rows[i].items() if v is not None} for i in chosen]
        grounder = Grounder(read.document, window, target, fuzzy=FUZZY, structure=read.structure)
        found = grounder.ground({KINDS[case.kind].rows: rows}).evidence
        wanted += sum(len(row) for row in rows)
        good = [e for e in found if _is_in(e, read.true[chosen[int(e.path.split("/")[2])]])]
        right += len(good)
        paged += sum(_is_boxed(e, read.document) for e in good)
    return right / max(wanted, 1), paged / max(right, 1)


def _is_in(evidence: Evidence, record: Range) -> bool:
    assert evidence.start is not None
    assert evidence.end is not None
    return record[0] <= evidence.start and evidence.end <= record[1]


def _is_boxed(evidence: Evidence, document: Document) -> bool:
    """Whether there are boxes on the first and on the last page of a value; a form without pages has none."""
    if not len(document.lines):
        return True
    pages = {document.page_at(evidence.start or 0), document.page_at((evidence.end or 1) - 1)}
    boxed = {evidence.page, *(p.page for p in evidence.continued)}
    return bool(evidence.boxes) and pages <= boxed


def main(given: argparse.Namespace) -> None:
    """Print the table, line by line."""
    print("| " + " | ".join(TITLES) + " |\n|" + "---|" * len(TITLES), flush=True)
    for kind, seed in product(given.kinds.split(","), given.seeds.split(",")):
        if has_form(kind, given.form):
            case = Case(kind=kind, form=given.form, rows=given.rows, seed=int(seed), narrow=given.narrow)
            print("| " + " | ".join(measured(case)) + " |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", default="text", choices=FORMS)
    parser.add_argument("--kinds", default="statement,claims,register,transcript,thread")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--narrow", action="store_true", help="short pages and narrow columns; text and PDF alone")
    main(parser.parse_args())
