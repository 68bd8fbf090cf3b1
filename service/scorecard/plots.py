"""Draw plots as SVG text, without scripts or libraries, and readable without colour."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import log10

INK, MUTED, GRID = "#1c2733", "#66707a", "#dfe4e8"
MACHINE, HUMAN, BETTER, WORSE = "#2a6f97", "#b7791f", "#2d7d46", "#b3402e"
LABEL_PIXELS, PLOT_PIXELS, ROW_PIXELS, NOTE_PIXELS = (
    300,
    420,
    22,
    150,
)  # pixels: labels, plot, height of a row, figures on the right
TOP_PIXELS, AXIS_PIXELS = 8, 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One row of a forest plot: a value with its interval, and optionally a second value."""

    label: str
    value: float
    low: float
    high: float
    second_value: float | None = None
    colour: str = MACHINE
    note: str = ""  # shown on the right


def forest(marks: list[Mark], low: float = 0.0, high: float = 1.0) -> str:
    """Draw values with their intervals, one a row, on one axis from `low` to `high`."""
    height = TOP_PIXELS + ROW_PIXELS * len(marks) + AXIS_PIXELS
    rows = [_row(mark, TOP_PIXELS + ROW_PIXELS * i + ROW_PIXELS / 2, (low, high)) for i, mark in enumerate(marks)]
    body = [*_axis(low, high, height), *rows]
    return _svg(LABEL_PIXELS + PLOT_PIXELS + NOTE_PIXELS, height, body, f"{len(marks)} values with their 95% intervals")


def columns(values: list[tuple[str, float]]) -> str:
    """Draw one column for each document, the weakest first; a value of 0 is a short line on the ground line."""
    width, height, ground = LABEL_PIXELS + PLOT_PIXELS + NOTE_PIXELS, 180, 150
    step = (width - 60) / max(1, len(values))
    body = [_text(44, y + 4, f"{v:.1f}", "end", MUTED) for v in (0, 0.5, 1) if (y := ground - 130 * v)]
    body += [_line((50, y), (width - 10, y), GRID) for v in (0.0, 0.5, 1.0) if (y := ground - 130 * v)]
    for i, (name, value) in enumerate(values):
        tall = max(130 * value, 2.0)
        box = f'x="{50 + step * (i + 0.1):.1f}" y="{ground - tall:.1f}" width="{step * 0.8:.1f}" height="{tall:.1f}"'
        colour = WORSE if value == 0 else MACHINE
        body.append(f'<rect {box} fill="{colour}"><title>{escape(name)}: {value:.3f}</title></rect>')
    body.append(_text(50, height - 8, f"{len(values)} documents, the weakest first", "start", MUTED))
    return _svg(width, height, body, "F1 of each document")


def by_length(points: list[tuple[str, int, float]]) -> str:
    """Draw the F1 of each document over its pages, on a logarithmic scale."""
    width, height, ground = LABEL_PIXELS + PLOT_PIXELS + NOTE_PIXELS, 220, 180
    most = max(1.0, log10(max(pages for _, pages, _ in points)))
    body = []
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = ground - 160 * value
        body += [_line((50, y), (width - 10, y), GRID), _text(44, y + 4, f"{value:.2f}", "end", MUTED)]
    for ticks in (1, 3, 10, 30, 100, 300, 1000):
        if log10(ticks) <= most:
            body.append(_text(_at(ticks, most, width), ground + 18, str(ticks), "middle", MUTED))
    for name, pages, value in points:
        place = f'cx="{_at(pages, most, width):.1f}" cy="{ground - 160 * value:.1f}"'
        title = f"<title>{escape(name)}: {pages} pages, F1 {value:.3f}</title>"
        body.append(f'<circle {place} r="5" fill="{MACHINE}" fill-opacity="0.55">{title}</circle>')
    body.append(_text(width - 10, ground + 34, "pages", "end", MUTED))
    return _svg(width, height, body, "F1 of each document over its pages")


def _at(pages: int, most: float, width: int) -> float:
    return 62 + (width - 90) * log10(max(1, pages)) / most


def _axis(low: float, high: float, height: int) -> list[str]:
    found = []
    for i in range(5):
        value = low + (high - low) * i / 4
        x, dark = LABEL_PIXELS + PLOT_PIXELS * i / 4, abs(value) < 1e-9 and low < 0
        shown = f"{value:+.2f}" if low < 0 and not dark else f"{value:.2f}"
        found.append(_line((x, TOP_PIXELS), (x, height - AXIS_PIXELS), MUTED if dark else GRID))
        found.append(_text(x, height - 8, shown, "middle", MUTED))
    return found


def _row(mark: Mark, y: float, ends: tuple[float, float]) -> str:
    def x(value: float) -> float:
        return LABEL_PIXELS + PLOT_PIXELS * (min(max(value, ends[0]), ends[1]) - ends[0]) / (ends[1] - ends[0])

    title = f"<title>{escape(mark.label)}: {mark.value:.3f} ({mark.low:.3f} to {mark.high:.3f})</title>"
    parts = [
        _text(LABEL_PIXELS - 12, y + 4, _short(mark.label), "end", INK),
        _line((x(mark.low), y), (x(mark.high), y), mark.colour, 3),
        f'<circle cx="{x(mark.value):.1f}" cy="{y:.1f}" r="5" fill="{mark.colour}">{title}</circle>',
        _text(LABEL_PIXELS + PLOT_PIXELS + 12, y + 4, mark.note, "start", INK),
    ]
    if mark.second_value is not None:
        at = x(mark.second_value)
        shape = f"M{at:.1f},{y - 6:.1f} l6,6 l-6,6 l-6,-6 z"
        parts.append(f'<path d="{shape}" fill="none" stroke="{HUMAN}" stroke-width="2"/>')
    return "".join(parts)


def _short(label: str) -> str:
    return label if len(label) <= 42 else f"…{label[-41:]}"


def _text(x: float, y: float, words: str, anchor: str, colour: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _line(start: tuple[float, float], end: tuple[float, float], colour: str, wide: int = 1) -> str:
    ends = f'x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{wide}"/>'


def _svg(width: int, height: int, body: list[str], title: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img"'
    return (
        f'{head} aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="12">{"".join(body)}</svg>'
    )
