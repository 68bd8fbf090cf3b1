"""Write Results as tables: the one way from Results to XLSX, CSV, JSONL or Parquet, one Result in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, get_args

from thresher.service.exports.column_map import ColumnMap
from thresher.service.exports.columns import REASONS, Layout, Table, layout_of
from thresher.service.exports.finished_results import LeftOut
from thresher.service.exports.reviewed_results import ReviewedResult
from thresher.service.exports.rows import Row, rows_of
from thresher.service.exports.target_fields import TargetFields

Format = Literal["xlsx", "csv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)


class Tables(Protocol):
    """Where rows go. All tables are known from the beginning."""

    def write(self, table: Table, row: Row) -> None:
        """Add a row to a table."""
        ...

    def close(self) -> list[Path]:
        """Finish, and return the files."""
        ...

    def discard(self) -> None:
        """Delete what was begun."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is exported, and how."""

    out: Path  # a folder that is there
    form: Format
    targets: Sequence[TargetFields]  # of all Results
    columns: ColumnMap | None = None  # one table, with these columns
    bom: bool = False  # of CSV
    left_out: Sequence[LeftOut] = ()
    counts: dict[str, int] = field(default_factory=dict)  # rows of each table, filled while it is written


def export(results: Iterable[ReviewedResult], job: Export) -> list[Path]:
    """Write the tables of some Results; return the files. On any fault nothing is left behind.

    `results.xlsx`, or a `.csv` or `.parquet` file for each table; `results.jsonl` has a whole Result a line, or with
    chosen columns a row a line. Raises OSError; SetupProblem(extra_missing) for Parquet without pyarrow.
    """
    if job.form == "jsonl" and job.columns is None:
        return _whole_results(results, job)
    layout = job.columns.layout if job.columns else layout_of(job.targets)
    tables = _opened(job, layout.tables)
    try:
        for table, row in _rows(results, layout, job):
            job.counts[table.name] = job.counts.get(table.name, 0) + 1
            tables.write(table, row)
        return tables.close()
    except BaseException:
        tables.discard()
        raise


def _rows(results: Iterable[ReviewedResult], layout: Layout, job: Export) -> Iterable[tuple[Table, Row]]:
    for result in results:
        yield from job.columns.rows(result) if job.columns else rows_of(result, layout)
    for left in job.left_out:
        yield _left_out_row(layout.tables[0], left)
        yield REASONS, Row([left.source, left.status, None, None, left.why, None, None], gap=True)


def _left_out_row(table: Table, left: LeftOut) -> tuple[Table, Row]:
    known = {"source": left.source, "status": left.status, "reasons": left.why}
    return table, Row([None if c.path is not None else known.get(c.name) for c in table.columns], gap=True)


def _opened(job: Export, tables: tuple[Table, ...]) -> Tables:
    """Return the writer of a form; those that are slow to import are imported only here."""
    if job.form == "xlsx":
        from thresher.service.exports.xlsx_tables import XlsxTables  # noqa: PLC0415 - see above

        return XlsxTables(job.out / "results.xlsx", tables)
    if job.form == "parquet":
        from thresher.service.exports.parquet_tables import ParquetTables  # noqa: PLC0415 - see above

        return ParquetTables(job.out, tables)
    if job.form == "jsonl":
        from thresher.service.exports.jsonl_tables import JsonlTables  # noqa: PLC0415 - see above

        return JsonlTables(job.out / "results.jsonl", tables[0])
    from thresher.service.exports.csv_tables import CsvTables  # noqa: PLC0415 - see above

    return CsvTables(job.out, tables, bom=job.bom)


def _whole_results(results: Iterable[ReviewedResult], job: Export) -> list[Path]:
    from thresher.service.exports.jsonl_tables import write_results  # noqa: PLC0415 - see above

    return write_results((r.result for r in results), job.out / "results.jsonl", job.counts)
