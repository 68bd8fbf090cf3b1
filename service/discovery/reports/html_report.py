"""Show a Matter as one HTML file without scripts: verdict, equations, exceptions, duplicates, threads, custodians, volumes.

Whatever comes from documents passes `html_text.py`: a hostile name is shown as text.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from itertools import islice

from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES, upper
from thresher.schemas.result import VERSION
from thresher.service.discovery.reconciliation.equations import Equation, Reconciliation
from thresher.service.discovery.reports.tables import Cell, MatterTable
from thresher.service.discovery.reports.volume_plots import Bar, bars, by_time, columns
from thresher.service.discovery.reports.volumes import Volumes
from thresher.service.exports.report.html_text import isolated, shown

ROWS_SHOWN = 200  # of a table; its CSV has all
TYPES_SHOWN = 12
ID_SHOWN_CHARS = 10  # of the 32 of an id; the rest shows under the pointer, and stands in the CSV
_ID = re.compile("[0-9a-f]{32}")
_IDS, _DATES = {"document", "master", "thread", "parent"}, {"sent", "first_date", "last_date"}
_NUMBERS = {"bytes", "documents", "families", "duplicates", "exceptions", "held", "depth"}
_LISTED = {
    "exceptions": "document code custodian path message resolution resolved_why",
    "duplicates": "document master custodian path all_custodians all_paths",
    "threads": "thread document parent depth link_evidence inclusive sent from subject",
    "custodians": "custodian documents families duplicates exceptions held bytes first_date last_date",
    "volumes_by_type": "kind media_type documents bytes",
}  # columns shown of each table
_SECTIONS = {
    "reconciliation": "Reconciliation",
    "exceptions": "Exceptions",
    "duplicates": "Duplicates",
    "threads": "Threads",
    "custodians": "Custodians",
    "volumes_by_type": "Volumes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterReport:
    """What is to be shown."""

    title: str
    made: str  # time, ISO 8601
    zone: str  # in which dates of the matter were understood
    reconciliation: Reconciliation
    volumes: Volumes
    tables: list[MatterTable]
    exceptions: list[tuple[str, str, int, int]] = field(default_factory=list)  # code, level, count, how many are open
    log_head: str = ""


def html_report(report: MatterReport) -> Iterator[str]:
    """Yield the HTML, piece by piece."""
    yield _head(report)
    yield f"<h1>{isolated(report.title)}</h1>\n{_verdict(report)}{_contents()}{_cards(report)}"
    yield _reconciliation(report)
    for table in report.tables:
        if table.name in _LISTED:
            yield _section(report, table)
    yield (
        f'<p class="said">Made {shown(report.made)} by Thresher {VERSION}. Dates are in UTC; where a document states no zone,'
        f" {shown(report.zone)} was assumed. Last line of the log: <code>{shown(report.log_head)}</code>.</p>\n"
        "</main></body></html>\n"
    )


def _head(report: MatterReport) -> str:
    """Return the beginning of the file: it may load nothing and run nothing."""
    style = "\n" + resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{shown(report.title)}</title>\n<style>{style}</style></head>\n<body><main>\n"
    )


def _verdict(report: MatterReport) -> str:
    found = report.reconciliation
    if found.state == "reconciled":
        count = len(found.equations)
        return f'<p class="verdict"><b>Reconciled.</b> All {count} equations hold: nothing that was found is missing.</p>\n'
    items = [f"{_scope(e)}: {shown(e.told)}" for e in found.failing] + [isolated(one) for one in found.unbalanced]
    told = "".join(f"<li>{item}</li>" for item in items)
    return f'<div class="verdict bad"><b>Not reconciled.</b> These counts do not come out:<ul>{told}</ul></div>\n'


def _contents() -> str:
    items = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in _SECTIONS.items())
    return f'<nav aria-label="Sections"><ul>{items}</ul></nav>\n'


def _cards(report: MatterReport) -> str:
    whole = report.volumes.whole
    facts = {
        "documents": f"{whole.documents:,}",
        "families": f"{whole.families:,}",
        "duplicates": f"{whole.duplicates:,}",
        "exceptions": f"{sum(count for _, _, count, _ in report.exceptions):,}",
        "still open": f"{sum(left for *_, left in report.exceptions):,}",
        "held back": f"{whole.held:,}",
        "bytes": _bytes(whole.bytes),
    }
    return f'<dl class="cards">{"".join(f"<div><dt>{n}</dt><dd>{v}</dd></div>" for n, v in facts.items())}</dl>\n'


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


# --- reconciliation


def _reconciliation(report: MatterReport) -> str:
    equations = report.reconciliation.equations
    whole = _equations(e for e in equations if e.scope.kind == "total")
    scopes = dict.fromkeys(e.scope for e in equations if e.scope.kind != "total")
    parts = []
    for scope in scopes:
        own = [e for e in equations if e.scope == scope]
        failing = sum(not e.holds for e in own)
        told = f"{failing} fail" if failing else f"all {len(own)} hold"
        mark = "fails" if failing else "holds"
        parts.append(
            f"<details{' open' if failing else ''}><summary>{_scope(own[0])}: "
            f'<span class="{mark}">{told}</span></summary>{_equations(own)}</details>\n'
        )
    said = "Each number was counted apart from the others: when items were found, in the rows, in the records, in the Results."
    return f'<section id="reconciliation"><h2>Reconciliation</h2>\n<p class="said">{said}</p>{whole}{"".join(parts)}</section>\n'


def _scope(equation: Equation) -> str:
    kind, name = equation.scope.kind, equation.scope.name
    return "in total" if kind == "total" else f"{'SOURCE' if kind == 'source' else kind} {isolated(name) or '(none)'}"


def _equations(equations: Iterable[Equation]) -> str:
    rows = []
    for one in equations:
        mark, word = ("holds", "holds") if one.holds else ("fails", "does not hold")
        rows.append(f'<tr class="{mark}"><td>{shown(one.told)}</td><td><b>{word}</b></td></tr>\n')
    return _framed("Equations", f'<table class="equations"><tbody>\n{"".join(rows)}</tbody></table>')


def _framed(label: str, table: str) -> str:
    """Return a table that scrolls by itself where the page is narrow."""
    return f'<div class="wide" tabindex="0" role="group" aria-label="{shown(label)}">{table}</div>\n'


# --- tables


def _section(report: MatterReport, table: MatterTable) -> str:
    title = _SECTIONS[table.name]
    before = {
        "exceptions": _codes(report.exceptions),
        "custodians": bars("Documents by custodian", _custodian_bars(report.volumes)),
        "volumes_by_type": _plots(report.volumes),
    }.get(table.name, "")
    return f'<section id="{table.name}"><h2>{title}</h2>\n{before}{_listed(table)}</section>\n'


def _codes(codes: list[tuple[str, str, int, int]]) -> str:
    if not codes:
        return ""
    rows = "".join(
        f'<tr class="{shown(level)}"><td>{shown(upper(code))}</td><td>{shown(level)}</td><td class="n">{count:,}</td>'
        f'<td class="n">{left:,}</td><td>{shown(EXCEPTION_CODES[code].remedy)}</td></tr>\n'
        for code, level, count, left in codes
    )
    head = '<th scope="col">code</th><th scope="col">level</th><th scope="col" class="n">count</th><th scope="col" class="n">open</th><th scope="col">what to do</th>'
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>"
    return f"{_framed('Codes', table)}<h3>Each of them</h3>\n"


def _custodian_bars(volumes: Volumes) -> list[Bar]:
    ordered = sorted(volumes.custodians.items(), key=lambda pair: (-pair[1].documents, pair[0]))
    return [Bar(name or "(none)", one.documents, _bytes(one.bytes)) for name, one in ordered[:TYPES_SHOWN]]


def _plots(volumes: Volumes) -> str:
    types: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for (_, media_type), one in volumes.types.items():
        types[media_type] += one.documents
        sizes[media_type] += one.bytes
    most = [Bar(name, count, _bytes(sizes[name])) for name, count in types.most_common(TYPES_SHOWN)]
    dated, outside = by_time({month: one.documents for month, one in volumes.months.items()})
    undated = volumes.months[""].documents if "" in volumes.months else 0
    drawn = columns("Documents by the date of their family", dated) if dated else ""
    notes = [f"{outside:,} documents are earlier or later than the plot" for _ in range(1) if outside]
    notes += [f"{undated:,} documents have no date" for _ in range(1) if undated]
    said = f'<p class="said">{"; ".join(notes)}; see volumes_by_date.csv.</p>\n' if notes else ""
    return f"{drawn}{said}{bars('Documents by type', most)}"


def _listed(table: MatterTable) -> str:
    names = _LISTED[table.name].split()
    positions = [table.columns.index(name) for name in names]
    rows = list(islice(table.rows(), ROWS_SHOWN + 1))
    if not rows:
        return '<p class="said">None.</p>\n'
    body = "".join(
        f"<tr>{''.join(_cell(names[i], row[p]) for i, p in enumerate(positions))}</tr>\n" for row in rows[:ROWS_SHOWN]
    )
    head = "".join(f'<th scope="col"{_numeric(name)}>{shown(name.replace("_", " "))}</th>' for name in names)
    more = (
        f'<p class="said">The first {ROWS_SHOWN} are shown; {table.name}.csv has all.</p>\n'
        if len(rows) > ROWS_SHOWN
        else ""
    )
    table_html = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
    return _framed(_SECTIONS[table.name], table_html) + more


def _numeric(name: str) -> str:
    return ' class="n"' if name in _NUMBERS else ""


def _cell(name: str, value: Cell) -> str:
    text = "" if value is None else str(value)
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, int):
        return f"<td{_numeric(name)}>{value:,}</td>"
    if name in _IDS and _ID.fullmatch(text):
        return f'<td title="{text}"><code>{text[:ID_SHOWN_CHARS]}…</code></td>'
    if name in _DATES:
        return f'<td class="date">{isolated(text[:16].replace("T", " "))}</td>'
    return f'<td class="{name}">{isolated(_without_remedy(text) if name == "message" else text)}</td>'


def _without_remedy(message: str) -> str:
    """Return a message without the remedy of its code, which stands in the table of codes."""
    remedy = next((fact.remedy for fact in EXCEPTION_CODES.values() if message.endswith(f": {fact.remedy}")), None)
    return message.removesuffix(f": {remedy}") if remedy else message
