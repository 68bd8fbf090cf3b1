"""Render reports: one HTML file without scripts or external parts, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources

from thresher.service.scorecard import report_tables
from thresher.service.scorecard.contrast import Change, Contrast
from thresher.service.scorecard.plots import BETTER, MUTED, WORSE, Mark, by_length, columns, forest
from thresher.service.scorecard.report_tables import Table
from thresher.service.scorecard.summary import Summary, document_f1

AXIS_ENDS = (0.1, 0.25, 0.5, 1.0)  # ends of the axis of differences
MAX_DOCUMENTS_WITH_ERRORS = 40  # documents whose errors are listed


def html_of_run(summary: Summary) -> str:
    """Render one run as an HTML page."""
    cases = report_tables.weakest_first(summary)
    parts = [
        _cards(report_tables.headline(summary)),
        _plot("F1 by field", forest(_marks(summary)), _legend(summary)),
        _plot("F1 by document", columns([(c.name, document_f1(c)) for c in cases]), ""),
        _plot("F1 by length", by_length([(c.name, c.pages, document_f1(c)) for c in cases]), ""),
        *(
            _table(t)
            for t in (*report_tables.others(summary), report_tables.cost(summary), report_tables.fields(summary))
        ),
        _table(report_tables.documents(summary)),
        "<h2>What is not right</h2>",
        *(_details(report_tables.errors(c)) for c in cases[:MAX_DOCUMENTS_WITH_ERRORS] if c.errors),
        _facts("How this was made", report_tables.made_of(summary)),
    ]
    return _page(f"Scorecard: {summary.run.model}", parts)


def html_of_contrast(found: Contrast) -> str:
    """Render the comparison of two runs as an HTML page."""
    whole, count = found.whole, len(found.before.cases)
    cards = [
        ("before", f"{whole.before:.3f}", f"document F1, {found.before.model}, {found.before.id}"),
        ("after", f"{whole.after:.3f}", f"document F1, {found.after.model}, {found.after.id}"),
        (
            "difference",
            f"{whole.difference:+.3f}",
            f"{whole.interval.low:+.3f} to {whole.interval.high:+.3f}, {whole.verdict}",
        ),
    ]
    marks = [_difference(c) for c in (whole, *found.fields)]
    end = next(e for e in AXIS_ENDS if e >= min(AXIS_ENDS[-1], max(max(-m.low, m.high) for m in marks)))
    parts = [
        _cards(cards),
        _plot("Difference in F1", forest(marks, -end, end), ""),
        _table(report_tables.changes(found)),
    ]
    if found.left_out:
        parts.append(
            f"<p>Left out, for only one run has them or their truth changed: {escape(', '.join(found.left_out))}.</p>"
        )
    return _page(f"Two runs over {count} shared documents", parts)


def markdown_of_run(summary: Summary) -> str:
    """Render one run as Markdown."""
    cases = [c for c in report_tables.weakest_first(summary) if c.errors]
    head = [f"# Scorecard: {summary.run.model}", ""]
    head += [f"- **{name}** {value} ({remark})" for name, value, remark in report_tables.headline(summary)]
    parts = [
        *report_tables.others(summary),
        report_tables.cost(summary),
        report_tables.fields(summary),
        report_tables.documents(summary),
    ]
    body = [_markdown(t) for t in (*parts, *(report_tables.errors(c) for c in cases[:MAX_DOCUMENTS_WITH_ERRORS]))]
    facts = ["## How this was made", "", *(f"- {name}: {value}" for name, value in report_tables.made_of(summary))]
    return "\n".join([*head, "", *body, *facts]) + "\n"


def markdown_of_contrast(found: Contrast) -> str:
    """Render the comparison of two runs as Markdown."""
    head = [
        f"# Two runs over {len(found.before.cases)} shared documents", "",
        f"- before: {found.before.id}, {found.before.model}", f"- after: {found.after.id}, {found.after.model}",
        *([f"- left out: {', '.join(found.left_out)}"] if found.left_out else []), "",
    ]  # fmt: skip
    return "\n".join([*head, _markdown(report_tables.changes(found))])


def _marks(summary: Summary) -> list[Mark]:
    return [
        Mark(
            label=line.field,
            value=line.f1.value,
            low=line.f1.interval.low,
            high=line.f1.interval.high,
            second_value=line.human_and_machine[0].f1 if line.human_and_machine else None,
            note=f"{line.f1.value:.3f}  · {sum(line.counts)} places",
        )
        for line in summary.fields
    ]


def _difference(change: Change) -> Mark:
    colour = {"better": BETTER, "worse": WORSE, "no clear change": MUTED}[change.verdict]
    return Mark(
        label=change.field,
        value=change.difference,
        low=change.interval.low,
        high=change.interval.high,
        colour=colour,
        note=f"{change.difference:+.3f} {change.verdict if change.verdict != 'no clear change' else ''}",
    )


def _legend(summary: Summary) -> str:
    people = " A diamond is a second person on the cases that both did." if summary.human_and_machine else ""
    return f"A dot is the value, the bar its 95% interval; on the right F1, correct absence credited, and how many places it counts.{people}"


def _page(title: str, parts: Iterable[str]) -> str:
    style = resources.files(__package__).joinpath("report.css").read_text("utf-8")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{style}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n'


def _cards(found: list[tuple[str, str, str]]) -> str:
    cards = [
        f"<div><b>{escape(name)}</b><strong>{escape(value)}</strong><small>{escape(note)}</small></div>"
        for name, value, note in found
    ]
    return f'<section class="cards">{"".join(cards)}</section>'


def _plot(title: str, svg: str, remark: str) -> str:
    remark_html = f"<p>{escape(remark)}</p>" if remark else ""
    return f"<h2>{escape(title)}</h2>{remark_html}<figure>{svg}</figure>"


def _table(table: Table) -> str:
    return f"<h2>{escape(table.title)}</h2>{_remark(table)}{_grid(table)}"


def _details(table: Table) -> str:
    return f"<details><summary>{escape(table.title)}</summary>{_grid(table)}{_remark(table)}</details>"


def _remark(table: Table) -> str:
    return f"<p>{escape(table.remark)}</p>" if table.remark else ""


def _grid(table: Table) -> str:
    head = "".join(f"<th>{escape(c)}</th>" for c in table.columns)
    rows = "".join(f"<tr>{''.join(_cell(v) for v in row)}</tr>" for row in table.rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(value: str) -> str:
    number = value.replace(" to ", "").translate(str.maketrans("", "", "+-.,<")).isdigit()
    return f'<td class="n">{escape(value)}</td>' if number else f"<td>{escape(value)}</td>"


def _facts(title: str, facts: list[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts)
    return f"<h2>{escape(title)}</h2><dl>{rows}</dl>"


def _markdown(table: Table) -> str:
    def row(values: list[str]) -> str:
        return f"| {' | '.join(v.replace('|', chr(92) + '|') for v in values)} |"

    lines = [f"## {table.title}", "", row(table.columns), f"|{'---|' * len(table.columns)}", *map(row, table.rows), ""]
    return "\n".join([*lines, *([table.remark, ""] if table.remark else [])])
