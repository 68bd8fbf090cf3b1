"""Draw volumes as SVG: text alone, in the page's own colours, so that light and dark both read well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thresher.service.exports.report.html_text import shown

WIDTH_PIXELS, LABEL_PIXELS, NUMBER_PIXELS = 720, 200, 130
ROW_PIXELS, PLOT_PIXELS = 24, 150
MONTHS_MAX = 60  # more are drawn by year
LABELS_MAX = 12  # below the columns
_TICKS = 3
_TAIL = 0.005  # of the documents, at either end of time


@dataclass(frozen=True, slots=True)
class Bar:
    """A name with a number."""

    name: str
    value: int
    note: str = ""


def bars(title: str, values: Sequence[Bar]) -> str:
    """Draw one bar a row, its name on the left and its number on the right."""
    most = max((one.value for one in values), default=0) or 1
    room = WIDTH_PIXELS - LABEL_PIXELS - NUMBER_PIXELS
    body = []
    for i, one in enumerate(values):
        y, wide = i * ROW_PIXELS, max(room * one.value / most, 1.5)
        told = f"{one.value:,}{f' · {one.note}' if one.note else ''}"
        body += [
            f'<text x="{LABEL_PIXELS - 8}" y="{y + 16}" text-anchor="end">{shown(_short(one.name))}</text>',
            (
                f'<rect x="{LABEL_PIXELS}" y="{y + 4}" width="{wide:.1f}" height="{ROW_PIXELS - 8}" rx="2">'
                f"<title>{shown(one.name)}: {shown(told)}</title></rect>"
            ),
            f'<text x="{LABEL_PIXELS + wide + 8:.1f}" y="{y + 16}">{shown(told)}</text>',
        ]
    return _svg(title, ROW_PIXELS * max(len(values), 1), body)


def columns(title: str, values: Sequence[Bar]) -> str:
    """Draw one column a value over a ground line, with names below as far as they fit."""
    most = _round_up(max((one.value for one in values), default=0))
    left, ground = 64, PLOT_PIXELS + 12
    step = (WIDTH_PIXELS - left - 8) / max(len(values), 1)
    body = [_grid(ground - PLOT_PIXELS * i / _TICKS, left, most * i / _TICKS) for i in range(_TICKS + 1)]
    every = max(1, -(-len(values) // LABELS_MAX))
    for i, one in enumerate(values):
        tall = max(PLOT_PIXELS * one.value / most, 1.5) if one.value else 0
        x, wide = left + step * (i + 0.12), max(step * 0.76, 1)
        body.append(
            f'<rect x="{x:.1f}" y="{ground - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}">'
            f"<title>{shown(one.name)}: {one.value:,}</title></rect>"
        )
        if i % every == 0:
            middle = left + step * (i + 0.5)
            body.append(f'<text x="{middle:.1f}" y="{ground + 18}" text-anchor="middle">{shown(one.name)}</text>')
    return _svg(title, ground + 28, body)


def _round_up(value: int) -> int:
    """Return the next number that three ticks part evenly: 3, 6, 9, 15, 30, 60 and so on.

    >>> _round_up(0), _round_up(4194), _round_up(31)
    (3, 6000, 60)
    """
    scale = 1
    while value > 9 * scale:
        scale *= 10
    steps = (3, 6, 9) if scale == 1 else (1.5, 3, 6, 9)
    return next(int(step * scale) for step in steps if value <= step * scale)


def _grid(y: float, left: int, value: float) -> str:
    told = f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    return (
        f'<line x1="{left}" y1="{y:.1f}" x2="{WIDTH_PIXELS}" y2="{y:.1f}"/>'
        f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{told}</text>'
    )


def by_time(counts: dict[str, int]) -> tuple[list[Bar], int]:
    """Return the counts of months ("2001-05") in order, with those of 0 between them; and how many are left out.

    Where the months are too many for a plot, the earliest and latest of the documents, a hundredth at most, are left out
    if that is enough, for a few wrong dates must not hide the rest; else the counts are those of years.

    >>> [(bar.name, bar.value) for bar in by_time({"2001-11": 2, "2002-01": 1})[0]]
    [('2001-11', 2), ('2001-12', 0), ('2002-01', 1)]
    """
    months = {_number(month): count for month, count in counts.items() if month}
    core = _core(months) if months and max(months) - min(months) >= MONTHS_MAX else months
    if not core:
        return [], 0
    first, last = min(core), max(core)
    if last - first < MONTHS_MAX:
        made = [Bar(f"{n // 12:04d}-{n % 12 + 1:02d}", core.get(n, 0)) for n in range(first, last + 1)]
        return made, sum(months.values()) - sum(core.values())
    years: dict[int, int] = {}
    for number, count in months.items():
        years[number // 12] = years.get(number // 12, 0) + count
    span = range(min(years), max(years) + 1) if max(years) - min(years) <= MONTHS_MAX else sorted(years)
    return [Bar(f"{year:04d}", years.get(year, 0)) for year in span], 0


def _core(months: dict[int, int]) -> dict[int, int]:
    """Return the months without the earliest and the latest two-hundredth of the documents."""
    whole, before, kept = sum(months.values()), 0, {}
    for number in sorted(months):
        after = whole - before - months[number]
        if before + months[number] > whole * _TAIL and after + months[number] > whole * _TAIL:
            kept[number] = months[number]
        before += months[number]
    return kept


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"


def _svg(title: str, height: int, body: list[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH_PIXELS} {height}" role="img" aria-label="{shown(title)}">'
    return f"<figure><figcaption>{shown(title)}</figcaption>{head}{''.join(body)}</svg></figure>\n"
