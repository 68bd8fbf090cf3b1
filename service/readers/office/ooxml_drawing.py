"""Return charts and diagrams of OOXML files as text, from the values cached in the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MAX_POINTS = 10_000  # of a series; a chart with more shows a table that is elsewhere


def chart_rows(root: Any) -> tuple[str, list[list[str]]]:
    """Return a chart's titles and labels, one a line, and its data: a row of series names, then one row a category.

    Titles are those of the chart and its axes, which often name the unit; labels, those that somebody wrote at a point.
    """
    title = "\n".join(filter(None, map(_written, root.iter("{*}title", _C + "dLbl"))))
    series = list(root.iter(_C + "ser"))
    if not series:
        return title, list(_extended_rows(root))
    names = ["".join(_values(s.find(_C + "tx")).values()) for s in series]
    categories = _values(_first(series[0], "cat", "xVal"))
    columns = [_values(_first(s, "val", "yVal")) for s in series]
    indices = sorted(set(categories).union(*columns))[:_MAX_POINTS]
    rows = [[categories.get(i, ""), *(column.get(i, "") for column in columns)] for i in indices]
    return title, [["", *names], *rows]


def _extended_rows(root: Any) -> Iterator[list[str]]:
    """Yield the data of a chart of a kind that is newer than 2007 (waterfall, funnel, treemap), in the same form."""
    names = {s.find("{*}dataId").get("val"): s for s in root.iter("{*}series") if s.find("{*}dataId") is not None}
    for data in root.iter("{*}data"):
        levels = data.iterfind("{*}*/{*}lvl")
        columns = [
            {int(at): (p.text or "").strip() for p in level if (at := p.get("idx", "")).isdecimal()} for level in levels
        ]
        series = names.get(data.get("id"))
        yield [*[""] * (len(columns) - 1), "" if series is None else _written(series)]
        for i in sorted(set().union(*columns))[:_MAX_POINTS]:
            yield [column.get(i, "") for column in columns]


def diagram_text(root: Any) -> str:
    """Return the texts of a SmartArt diagram, one a line."""
    return "\n".join(line for paragraph in root.iter(_A + "p") if (line := _run_text(paragraph)))


def crop_of(rectangle: Any | None) -> tuple[float, float, float, float]:
    """Return the shares (0..1) that an `a:srcRect` cuts off a picture: left, top, right, bottom. None cuts nothing."""
    if rectangle is None:
        return 0.0, 0.0, 0.0, 0.0
    left, top, right, bottom = (_share(rectangle.get(name, "0")) for name in "ltrb")
    return left, top, right, bottom


def _share(text: str) -> float:
    """Return a percentage ("12.5%", or 12500 in thousandths of a percent) as a share; 0 for a negative one."""
    try:
        share = float(text.rstrip("%")) / (100 if text.endswith("%") else 100_000)
    except ValueError:
        return 0.0
    return min(max(share, 0.0), 1.0)


def _first(parent: Any, *names: str) -> Any | None:
    return next((found for name in names if (found := parent.find(_C + name)) is not None), None)


def _values(parent: Any | None) -> dict[int, str]:
    if parent is None:
        return {}
    points = {int(idx): v for idx, v in _points(parent) if idx.isdecimal()}
    return points or dict(enumerate([v.text for v in parent.iter(_C + "v") if v.text]))


def _points(parent: Any) -> Iterator[tuple[str, str]]:
    for point in parent.iter(_C + "pt"):
        yield point.get("idx", ""), (point.findtext(_C + "v") or "").strip()


def _written(element: Any) -> str:
    """Return the text of a title or label: its own, or that of the cell from which it was taken."""
    own = _run_text(element)
    return own or " ".join(v.text.strip() for tx in element.iter("{*}tx") for v in tx.iter("{*}v") if v.text)


def _run_text(element: Any) -> str:
    return "".join(t.text or "" for t in element.iter(_A + "t")).strip()
