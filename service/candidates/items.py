"""Items: a list of objects read from a table, its columns known by their headers, every row taken or left out on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.target import Field, Target
from service.candidates.concepts import meaning, spoken
from service.candidates.find import FINDERS, fits, kinds_of, shape_of
from service.candidates.grids import Cell, Grid, grids
from service.candidates.layout import Layout, lay_out
from service.candidates.rank import own_words
from service.candidates.span import Span
from service.candidates.wording import plain, words_of

LINE_LEVEL = (
    "tax",
    "unit_price",
    "line_total",
    "quantity",
    "tax_rate",
    "line_number",
    "unit",
    "item_code",
    "item_description",
)
FIT = 0.55  # least likeness of a header to a field
WORTH = 1.4  # least sum of likeness of a table's headers to a list's fields
_TOTALS = ("total", "net_total", "tax", "discount", "rounding", "shipping", "tendered", "change")
TABLE = 0.3  # worth of the reader's having seen a table where the pieces only stand in line
ENDING = 0.8  # likeness of a row's first words to a total, at which it is no item

Item = dict[str, Span]  # by field path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A grid read for a list: which column gives which field, and how well the headers agree."""

    grid: Grid
    columns: dict[str, int]  # field path to column
    score: float


def find_items(layout: Layout, target: Target) -> dict[str, list[Item]]:
    """Items of every list of objects, by the list's pattern; a table serves one list only, the one it fits best."""
    fits_ = [(f.score, p, f) for p in target.lists if p.count("*") == 0 for f in _fits(layout, fields_of(target, p))]
    found: dict[str, list[Item]] = {}
    taken: list[tuple[int, int]] = []
    for _, pattern, fit in sorted(fits_, key=lambda t: (-t[0], t[2].grid.start)):
        items = _items(layout, fit, fields_of(target, pattern))
        reach = [(s.start, s.end) for item in items for s in item.values()]
        if (
            items
            and not any(a < e and s < b for a, b in reach for s, e in taken)
            and (pattern not in found or _same(found[pattern], fit))
        ):
            found.setdefault(pattern, []).extend(items)
            taken += reach
    return {p: sorted(items, key=lambda i: min(s.start for s in i.values())) for p, items in found.items()}


def fields_of(target: Target, pattern: str) -> list[Field]:
    """The leaves of one item of a list that are no lists themselves."""
    inside = [f for f in target.fields if f.path.startswith(f"{pattern}/*/")]
    return [f for f in inside if "*" not in f.path[len(pattern) + 3 :]]


def _same(items: list[Item], fit: Fit) -> bool:
    """Whether a further table has the columns of the one before: the list goes on."""
    return set().union(*items) <= set(fit.columns)


def _fits(layout: Layout, fields: list[Field]) -> list[Fit]:
    found = []
    for grid in grids(layout):
        columns, score = _columns(grid, fields)
        _percents(layout, grid, fields, columns)
        if score >= min(WORTH, 0.8 * len(fields)):
            found.append(Fit(grid=grid, columns=columns, score=score + TABLE * grid.is_table))
    return found


def _columns(grid: Grid, fields: list[Field]) -> tuple[dict[str, int], float]:
    pairs = sorted(
        ((likeness_of(head, f), -i, f.path, c) for i, f in enumerate(fields) for c, head in grid.heads.items()),
        key=lambda t: (-t[0], -t[1], t[3]),
    )
    columns: dict[str, int] = {}
    score = 0.0
    for like, _, path, column in pairs:
        if like >= FIT and path not in columns and column not in columns.values():
            columns[path] = column
            score += like
    return columns, score


def _percents(layout: Layout, grid: Grid, fields: list[Field], columns: dict[str, int]) -> None:
    """Give a rate that found no header the column without one in which most cells are percentages."""
    rates = [f for f in fields if f.path not in columns and _shape(f) == "percent"]
    free = sorted({c for row in grid.rows for c in row} - set(columns.values()))
    for column in free if rates else ():
        cells = [layout.text[slice(*row[column])] for row in grid.rows if column in row]
        if sum("%" in c for c in cells) > len(cells) / 2:
            columns[rates[0].path] = column
            return


def _shape(field: Field) -> str:
    return shape_of(field, meaning(in_full(field), kinds_of(field), LINE_LEVEL)) or "text"


def in_full(field: Field) -> Field:
    """The field with the name of its list among its names: "rate" of "/taxes" is also "tax rate".

    >>> in_full(Field(path="/taxes/*/rate", kind="number")).aliases
    ('tax rate',)
    """
    parent = words_of(field.path.split("/*")[0].rpartition("/")[2])
    one = parent.removesuffix("xes") + "x" if parent.endswith("xes") else parent.removesuffix("s")
    return replace(field, aliases=(*field.aliases, f"{one} {words_of(field.name)}"))


def likeness_of(head: str, field: Field) -> float:
    """How well the words over a column name a field of an item (0 to about 1)."""
    words = plain(head)
    field = in_full(field)
    concept = meaning(field, kinds_of(field), LINE_LEVEL)
    own = own_words(words, field, concept)
    rivals = spoken(words, ("money", "number", "percent", "text", "identifier", "word", "date"))
    rival = max(
        (s for k, s in rivals.items() if k in LINE_LEVEL and (concept is None or k != concept.key)), default=0.0
    )
    return own - 0.5 * max(0.0, rival - own)


def _items(layout: Layout, fit: Fit, fields: Sequence[Field]) -> list[Item]:
    items: list[Item] = []
    for row in fit.grid.rows:
        if _ends(layout, row):
            if items and _is_last(layout, row):
                break
            continue
        item = {
            f.path: s for f in fields if f.path in fit.columns and (s := _cell(layout, row.get(fit.columns[f.path]), f))
        }
        if len(item) >= max(2, (len(fit.columns) + 1) // 2) or len(fit.columns) == len(item):
            items.append(item)
    return items


def _cell(layout: Layout, cell: Cell | None, field: Field) -> Span | None:
    if cell is None:
        return None
    shape = _shape(field)
    inside = lay_out(layout.document, *cell)
    start, end = cell
    text = layout.text[start:end]
    if shape in ("text", "word", "name", "title", "identifier"):
        return Span(start=start, end=end, text=text, value=" ".join(text.split()))
    spans = [s for s in FINDERS[shape](inside, field) if s.value is not None and fits(field, s)]
    return max(spans, key=lambda s: _form(s, shape), default=None)


def _form(span: Span, shape: str) -> int:
    percent = bool(span.hints.get("percent"))
    return bool(span.hints.get("money")) - 2 * percent if shape == "money" else percent * (shape == "percent")


def _first_words(layout: Layout, row: dict[int, Cell]) -> str:
    first = min(row.values())
    return plain(layout.text[first[0] : first[1]])[:40]


def _ends(layout: Layout, row: dict[int, Cell]) -> bool:
    """Whether a row is a subtotal, a total or a tax line: words of one, and few cells."""
    if not row or len(row) > 3:
        return not row
    said = spoken(_first_words(layout, row), ("money",))
    return any(said.get(k, 0.0) >= ENDING for k in _TOTALS) or _first_words(layout, row).startswith(
        ("subtotal", "total ")
    )


def _is_last(layout: Layout, row: dict[int, Cell]) -> bool:
    return spoken(_first_words(layout, row), ("money",)).get("total", 0.0) >= ENDING and "sub" not in _first_words(
        layout, row
    )
