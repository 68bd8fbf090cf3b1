"""Forms of a generated document: the file that a reader gets, and where each true record stands in what was read.

Text and PDF keep the generator's lines; a workbook and a web page have one table, a record a row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

from rapidfuzz.distance import Levenshtein

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import STANDARD, Layout, draw_layout
from tests.simulation.generator.make import told
from tests.simulation.generator.nouns import Generated, Note, Range, Row
from tests.simulation.generator.pdf import as_pdf, as_scan
from tests.simulation.generator.sheets import as_html, as_xlsx
from thresher.schemas.document import Document

FORMS = ("text", "pdf", "scan", "xlsx", "html")
TABLES = frozenset({"statement", "claims", "register"})  # kinds that workbooks and web pages hold
SUFFIXES = {"text": "txt", "scan": "pdf"}


def has_form(kind: str, form: str) -> bool:
    """Whether the generator writes a kind of document in a form."""
    return kind in TABLES or form not in {"xlsx", "html"}


def written(made: Generated, form: str, *, standard: bool = False) -> bytes:
    """The file of a document."""
    layout = layout_of(made, standard=standard)
    rows = len(made.ranges)
    files: dict[str, Callable[[], bytes]] = {
        "text": made.text.encode,
        "pdf": lambda: as_pdf(made),
        "scan": lambda: as_scan(made),
        "xlsx": lambda: as_xlsx(made.kind, rows, made.seed, layout),
        "html": lambda: as_html(made.kind, rows, made.seed, layout).encode(),
    }
    return files[form]()


def layout_of(made: Generated, *, standard: bool = False) -> Layout:
    """How a document is set."""
    return STANDARD if standard else draw_layout(made.seed)


def places(made: Generated, form: str, document: Document, *, standard: bool = False) -> list[Range]:
    """Where each true record stands in the Document, in its code points; (0, 0) for one that did not arrive.

    The Document of a text has no form feeds.
    """
    if form == "text":
        feeds = [i for i, c in enumerate(made.text) if c == "\f"]
        return [(a - bisect_left(feeds, a), b - bisect_left(feeds, b)) for a, b in made.ranges]
    if form in {"pdf", "scan"}:
        return _on_pages(made, document)
    return _rows(document, record_rows(made, layout_of(made, standard=standard)))


def record_rows(made: Generated, layout: Layout) -> list[int]:
    """The number of each record's row in a workbook or a web page: 1-based, as `tests.simulation.generator.sheets` writes them."""
    kind = KINDS[made.kind]
    story = told(made.kind, len(made.ranges), made.seed)
    first = 3 + sum(not f.last for f in kind.facts)  # behind the title, the facts and the titles of columns
    kept = [x for x in story.items if isinstance(x, Row | Note) or layout.totals]
    return [number for number, item in enumerate(kept, first) if isinstance(item, Row)]


def _rows(document: Document, numbers: list[int]) -> list[Range]:
    known = {number: table.row_range(r) for table in document.tables for r, number in enumerate(table.row)}
    return [known.get(number, (0, 0)) for number in numbers]


def _on_pages(made: Generated, document: Document) -> list[Range]:
    """Ranges of the text found again by its letters, page by page: what was misread does not move what follows."""
    own = list(accumulate((len(page) + 1 for page in made.text.split("\f")), initial=0))
    known: dict[int, int] = {}
    for number, (lines, read) in enumerate(zip(made.pages, page_texts(document), strict=False)):
        start = document.pages.start[number]
        known |= {own[number] + a: start + b for a, b in aligned("\n".join(lines), read)}
    offsets = sorted(known)
    return [_again(made.text, known, offsets, r) for r in made.ranges]


def _again(text: str, known: dict[int, int], offsets: list[int], place: Range) -> Range:
    inside = offsets[bisect_left(offsets, place[0]) : bisect_left(offsets, place[1])]
    wanted = sum(not c.isspace() for c in text[slice(*place)])
    if len(inside) < wanted / 2:
        return 0, 0
    found = [known[i] for i in inside]
    return min(found), max(found) + 1


def page_texts(document: Document) -> list[str]:
    """The text of each page."""
    starts = [*document.pages.start, len(document.text)]
    return [document.text[a:b] for a, b in pairwise(starts)]


def aligned(wanted: str, read: str) -> Iterator[Range]:
    """(offset in the one, offset in the other) of each character that both have, white space aside."""
    ours, theirs = ([i for i, c in enumerate(t) if not c.isspace()] for t in (wanted, read))
    ops = Levenshtein.opcodes("".join(wanted[i] for i in ours), "".join(read[i] for i in theirs))
    for op in ops:
        if op.tag == "equal":
            yield from zip(ours[op.src_start : op.src_end], theirs[op.dest_start : op.dest_end], strict=True)


def is_inside(offset: int, records: list[Range]) -> bool:
    """Whether an offset lies within one of the records, which are sorted, behind its first character."""
    i = bisect_right(records, (offset,)) - 1
    return i >= 0 and records[i][0] < offset < records[i][1]
