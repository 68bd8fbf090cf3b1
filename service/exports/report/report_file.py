"""Write the report: one HTML file of some Results, at most 20 MB.

    Results -> what each needs of the file (text, pages) -> pictures within what is left -> HTML, a document at a time

Where all does not fit, page pictures get coarser, then those of the least doubtful pages are left out, then the values of
the least doubtful documents; the file says so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Protocol

from thresher.schemas.result import VERSION
from thresher.service.exports.columns import Layout, layout_of
from thresher.service.exports.finished_results import LeftOut
from thresher.service.exports.report.document_html import DocumentView, heading_of, values_of, view_of
from thresher.service.exports.report.evidence_places import Page
from thresher.service.exports.report.html_text import isolated, shown
from thresher.service.exports.report.page_figures import LEAST_BYTES, PictureBudget, page_figure, text_passages
from thresher.service.exports.reviewed_results import ReviewedResult
from thresher.service.exports.target_fields import TargetFields

MAX_BYTES = 20_000_000  # of the file
TEXT_MAX_BYTES = 12_000_000  # of it, for everything but pictures
MARGIN_BYTES = 200_000  # head, style and what the file says of itself
DOCUMENT_LINE_BYTES = 400  # of a document whose values are left out, and of its line in the overview
GONE = "the document is not there any more, or has changed"


class Originals(Protocol):
    """Give what the documents of Results look like. None: it can not be had."""

    async def picture(self, view: DocumentView, page: Page) -> bytes | None:
        """Return a page as PNG or JPEG with `page_figures.SCALE` pixels a point."""
        ...

    async def text(self, view: DocumentView, source: str) -> str | None:
        """Return the text of a source, as its Document had it."""
        ...


class NoOriginals:
    """Where nothing but the Results is there."""

    async def picture(self, view: DocumentView, page: Page) -> bytes | None:
        """Return None."""

    async def text(self, view: DocumentView, source: str) -> str | None:
        """Return None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is to be shown."""

    title: str
    results: Callable[[], Iterable[ReviewedResult]]  # read more than once, one in memory at a time
    targets: Iterable[TargetFields]
    originals: Originals = field(default_factory=NoOriginals)
    left_out: tuple[LeftOut, ...] = ()
    max_bytes: int = MAX_BYTES

    def of(self, originals: Originals) -> Report:
        """Return the report with the documents of these originals."""
        return replace(self, originals=originals)


@dataclass(slots=True)
class _Plan:
    """What the first pass finds, by the number of each document."""

    text_bytes: list[int] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    pages: list[dict[Page, int]] = field(default_factory=list)  # with the number of their doubtful places
    overview: list[str] = field(default_factory=list)
    whole: set[int] = field(default_factory=set)  # documents whose values are shown


async def write_report(report: Report, write: Callable[[str], object]) -> None:
    """Write the HTML of a report, piece by piece."""
    layouts = {t.fingerprint: layout_of([t]) for t in report.targets}
    plan = _planned(report, layouts)
    budget = _budget(report, plan)
    write(_head(report))
    overview = _overview(report, plan)
    write(overview)
    for view in _views(report, layouts):
        write(
            await _section(view, report.originals, budget, whole=view.number in plan.whole, level=2 if overview else 1)
        )
    write(_said(plan, budget) + "</main></body></html>\n")


def _views(report: Report, layouts: dict[str, Layout]) -> Iterator[DocumentView]:
    for number, one in enumerate(report.results()):
        yield view_of(number, one, layouts[one.result.target.fingerprint])


def _planned(report: Report, layouts: dict[str, Layout]) -> _Plan:
    plan = _Plan()
    for view in _views(report, layouts):
        plan.text_bytes.append(len((heading_of(view) + values_of(view)).encode()) + _frames_bytes(view))
        plan.doubtful.append(view.doubtful)
        plan.pages.append({page: sum(p.doubtful for p in places) for page, places in view.places.pages().items()})
        plan.overview.append(_overview_row(view))
    room = min(TEXT_MAX_BYTES, report.max_bytes * 6 // 10) - DOCUMENT_LINE_BYTES * len(plan.doubtful)
    for number in sorted(range(len(plan.doubtful)), key=lambda n: (-plan.doubtful[n], plan.text_bytes[n])):
        if plan.text_bytes[number] <= room:
            room -= plan.text_bytes[number]
            plan.whole.add(number)
    return plan


def _frames_bytes(view: DocumentView) -> int:
    """Return about how many bytes the frames and passages of a document take."""
    return sum(360 + len(p.evidence.quote.encode()) * 3 + 70 * len(p.evidence.boxes) for p in view.places.all) + sum(
        500 for _ in view.places.passages()
    )


def _budget(report: Report, plan: _Plan) -> PictureBudget:
    """Share out what is left of the file among the pages, the most doubtful first."""
    used = sum(plan.text_bytes[n] for n in plan.whole) + DOCUMENT_LINE_BYTES * len(plan.doubtful)
    left = max(report.max_bytes - used - MARGIN_BYTES, 0)
    every = [(doubtful, n, page) for n in sorted(plan.whole) for page, doubtful in plan.pages[n].items()]
    most = left * 3 // 4 // LEAST_BYTES
    chosen = sorted(every, key=lambda one: -one[0])[:most]
    return PictureBudget(
        left=left, wanted=len(chosen), chosen={(n, page) for _, n, page in chosen}, dropped=len(every) - len(chosen)
    )


async def _section(view: DocumentView, originals: Originals, budget: PictureBudget, *, whole: bool, level: int) -> str:
    head = f'<section id="d{view.number}">\n{heading_of(view, level)}'
    if not whole:
        return (
            f'{head}<p class="said">Its values are left out, for the file is full; its Result has them.</p></section>\n'
        )
    seen = await _pages(view, originals, budget) + await _texts(view, originals)
    if not seen:
        return f"{head}{values_of(view)}</section>\n"
    label = f"pages of {view.result.source.path}"
    pages = f'<div class="pages" tabindex="0" role="group" aria-label="{shown(label)}">{seen}</div>'
    return f'{head}<div class="both"><div>{values_of(view)}</div>{pages}</div></section>\n'


async def _pages(view: DocumentView, originals: Originals, budget: PictureBudget) -> str:
    parts, missing = [], 0
    for page, places in view.places.pages().items():
        if (view.number, page) not in budget.chosen:
            continue
        png = await originals.picture(view, page)
        if png is None:
            missing, budget.wanted = missing + 1, budget.wanted - 1
        elif picture := budget.encode(png):
            name = f"{page[0]}, " if page[0] != view.result.source.path else ""
            parts.append(page_figure(picture, page, places, f"{name}page {page[1]}"))
    if missing:
        parts.append(f'<p class="said">{missing} pages are not shown: {GONE}.</p>\n')
    return "".join(parts)


async def _texts(view: DocumentView, originals: Originals) -> str:
    parts = []
    for source, places in view.places.passages().items():
        text = await originals.text(view, source)
        if text is None:
            parts.append(f'<p class="said">{isolated(source)}: its text is not shown: {GONE}.</p>\n')
        elif made := text_passages(text, places):
            parts.append(f"<h3>{isolated(source)}</h3>\n{made}")
    return "".join(parts)


def _head(report: Report) -> str:
    """Return the beginning of the file: it may load nothing and run nothing."""
    style = "\n" + resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer"><meta name="generator" content="Thresher {VERSION}">\n'
        f"<title>{shown(report.title)}</title>\n<style>{style}</style></head>\n"
        "<body><main>\n"
    )


def _overview_row(view: DocumentView) -> str:
    result = view.result
    return (
        f'<tr><td><a href="#d{view.number}">{isolated(result.source.path)}</a></td><td>{isolated(result.target.name)}</td>'
        f'<td><span class="status {shown(result.status)}">{shown(result.status)}</span></td>'
        f"<td>{view.doubtful or ''}</td><td>{shown(result.review.state) if result.review else ''}</td></tr>\n"
    )


def _overview(report: Report, plan: _Plan) -> str:
    """Return a table of all documents, and of the files without a Result; nothing for a single one."""
    left = "".join(
        f'<tr class="gap"><td>{isolated(one.source)}</td><td></td><td>{shown(one.status)}</td><td colspan="2">{isolated(one.why)}</td></tr>\n'
        for one in report.left_out
    )
    if len(plan.overview) == 1 and not left:
        return ""
    head = "".join(f'<th scope="col">{n}</th>' for n in ("document", "target", "status", "doubtful", "review"))
    return f"<h1>{isolated(report.title)}</h1>\n<table><thead><tr>{head}</tr></thead><tbody>\n{''.join(plan.overview)}{left}</tbody></table>\n"


def _said(plan: _Plan, budget: PictureBudget) -> str:
    """Return what the file says of itself: what was left out or made coarser to keep it small."""
    said = [f"Written by Thresher {VERSION}."]
    if budget.coarser:
        said.append(
            f"{budget.coarser} of {budget.shown} page pictures are coarser than they could be, to keep this file small."
        )
    if budget.dropped:
        said.append(f"{budget.dropped} pages with the least doubtful values have no picture, to keep this file small.")
    if left := len(plan.doubtful) - len(plan.whole):
        said.append(f"The values of {left} documents, the least doubtful ones, are left out, to keep this file small.")
    return f'<p class="said">{" ".join(said)}</p>'
