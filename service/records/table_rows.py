"""Find table rows that look like records of the same table: figures and words in the same columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from thresher.schemas.document import Document, Table
from thresher.service.records.record_lines import ListLines

Form = tuple[tuple[int, bool], ...]  # the filled columns of a row, each with whether it has figures

RECORDS_MIN_SHARE = 0.5  # share of the rows of a form that must be records before the others count
WHOLE_ROW_MIN_CELLS = 3  # cells that a record must fill to be a whole row
NEAR_SHARE = 0.8  # share of the columns with figures of a whole record that another row must have


def rows_like_records(document: Document, starts: list[int], claim: ListLines) -> set[int]:
    """Return the numbers of the lines of rows with figures and words in the same columns as records of their table.

    They count only where most rows of such a form are records (in the whole table, or from its first record to its
    last), or where a record fills a whole row. A row with a single filled cell has no form.
    """
    found: set[int] = set()
    for table in document.tables:
        rows = {i: (_form(document, table, r), r) for r, i in _body_rows(table, starts)}
        forms = {form for i, (form, _) in rows.items() if i in claim.homes and len(form) > 1}
        whole = any(_is_whole(table, r, claim.values.get(i, set())) for i, (_, r) in rows.items() if i in claim.homes)
        alike = {i for i, (form, _) in rows.items() if form in forms or (whole and _is_near(form, forms))}
        here = sorted(alike & claim.homes)
        # below the last record, totals often look like rows
        among = {i for i in alike if here and here[0] <= i <= here[-1]}
        for some in (alike, among):
            if whole or len(here) > max(1, RECORDS_MIN_SHARE * len(some)):
                found |= some
                break
    return found


def _is_near(form: Form, others: set[Form]) -> bool:
    """Whether a row has figures in nearly all columns in which one of the others has."""
    columns = _figure_columns(form)
    return any(
        len(columns & own) >= max(WHOLE_ROW_MIN_CELLS, NEAR_SHARE * len(own)) for own in map(_figure_columns, others)
    )


def _figure_columns(form: Form) -> set[int]:
    """Return the columns with figures."""
    return {column for column, is_figure in form if is_figure}


def _is_whole(table: Table, row: int, values: set[int]) -> bool:
    """Whether the values of a record fill most cells of a row."""
    cells = table.cells(row)
    held = sum(any(a <= v < max(b, a + 1) for v in values) for a, b, _ in cells)
    return held >= WHOLE_ROW_MIN_CELLS and held > RECORDS_MIN_SHARE * len(cells)


def _body_rows(table: Table, starts: list[int]) -> Iterator[tuple[int, int]]:
    """Yield (row, line) of each row below the header that has text."""
    for r in range(table.header_rows, len(table)):
        start, end = table.row_range(r)
        if end > start:
            yield r, bisect_right(starts, start) - 1


def _form(document: Document, table: Table, row: int) -> Form:
    """Return the filled columns of a row, each with whether it has figures."""
    cells = ((column, document.text[a:b]) for a, b, column in table.cells(row))
    return tuple((column, any(c.isdigit() for c in text)) for column, text in cells if text.strip())
