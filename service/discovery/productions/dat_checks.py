"""Check the rows of a load file, column by column and block by block: what needs no file of the volume.

A million rows go through here, so whole columns are checked at once, and a row is looked at alone only where its column has a fault.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from thresher.service.discovery.loadfiles.columns import ColumnMap, dictionary
from thresher.service.discovery.loadfiles.dat_file import DatFile
from thresher.service.discovery.loadfiles.dates import DateColumn, DateOrder, is_none, split_date, time_of_day
from thresher.service.discovery.loadfiles.rows import RowBlock
from thresher.service.discovery.loadfiles.typed_values import bad_values, bates_range, integer, several
from thresher.service.discovery.loadfiles.zones import zone_of
from thresher.service.discovery.productions.bates_ranges import BatesRanges
from thresher.service.discovery.productions.family_links import Families, FamilyCollector, FamilyEvidence
from thresher.service.discovery.productions.findings import Finding, Findings

Column = Sequence[str]
NO_COUNT = -1
LARGEST_COUNT = 1 << 30
ZONES_MAX = 100  # texts of time zones that are looked at
_CHECKED = frozenset({"integer", "flag", "hash"})


class DatChecks:
    """Everything that the rows of one load file tell, and what is wrong with them."""

    def __init__(self, dat: DatFile, findings: Findings, date_order: DateOrder | None = None) -> None:
        """Begin with no rows; `date_order` is the job's, for columns whose values settle none."""
        self.dat, self.findings, self.date_order = dat, findings, date_order
        self.collector, self.ranges = FamilyCollector(), BatesRanges()
        self.row_numbers, self.pages, self.attach_counts = array("i"), array("i"), array("i")  # by ordinal
        self.rows = self.bad_rows = 0
        fields, columns = dictionary(), dat.columns
        self._dates = {n: DateColumn() for n in columns.positions if fields[n].type == "date"}
        self._times: dict[str, bool] = {}  # texts of times of day, and whether they are some
        self._zones: set[str] = set()  # texts that should name a time zone
        self._clocks = [n for n in columns.positions if fields[n].type == "time"]
        self._typed = {n: fields[n].type for n in columns.positions if fields[n].type in _CHECKED}

    def add(self, block: RowBlock) -> tuple[list[list[str]], Sequence[int]]:
        """Check a block; return its sound rows and their numbers."""
        rows, numbers = self._sound(block)
        if "BEGBATES" not in self.dat.columns.positions:
            self.bad_rows += len(rows)
        elif rows:
            columns = list(zip(*rows, strict=True))
            self._check_types(columns, numbers)
            self._check_dates(columns, numbers)
            self._note_zones(columns)
            self._add_documents(columns, numbers)
        return rows, numbers

    def _sound(self, block: RowBlock) -> tuple[list[list[str]], Sequence[int]]:
        """Return the rows with as many cells as there are columns, and say which have not, or are the header once more."""
        self.rows += len(block.rows)
        for stray in block.strays:
            self._find("dat_stray_qualifier", stray.row, column=self._header(stray.column - 1))
        width, numbers = len(self.dat.columns.headers), range(block.first_row, block.first_row + len(block.rows))
        if block.unclosed:
            self._find("dat_unclosed_value", numbers[-1])
        header = list(self.dat.columns.headers)
        odd = {i for i, row in enumerate(block.rows) if len(row) != width or row == header}
        if not odd:
            return block.rows, numbers
        self.bad_rows += len(odd)
        for i in sorted(odd):
            row = block.rows[i]
            if row == header:
                self._find("dat_header_repeated", numbers[i])
                continue
            first = self.dat.columns.positions.get("BEGBATES", width)
            document_id = row[first] if first < len(row) else None
            self._find("dat_column_count", numbers[i], id=document_id, detail=f"{len(row)} for {width} columns")
        kept = [i for i in range(len(block.rows)) if i not in odd]
        return [block.rows[i] for i in kept], [numbers[i] for i in kept]

    def _header(self, position: int) -> str:
        headers = self.dat.columns.headers
        return headers[position] if position < len(headers) else f"column {position + 1}"

    def _find(self, code: str, row: int | None = None, **more: str | None) -> None:
        self.findings.add(Finding(code=code, file=self.dat.name, row=row, **more))  # type: ignore[arg-type]

    def _find_in_column(self, code: str, name: str, bad: Iterable[str], column: Column, numbers: Sequence[int]) -> None:
        """Record each row whose value is one of the bad ones."""
        bad, header = set(bad), self.dat.columns.headers[self.dat.columns.positions[name]]
        for value, number in zip(column, numbers, strict=True):
            if value.strip() in bad:
                self._find(code, number, column=header, detail=value.strip()[:80])

    def _check_types(self, columns: Sequence[Column], numbers: Sequence[int]) -> None:
        for name, kind in self._typed.items():
            column = columns[self.dat.columns.positions[name]]
            if bad := bad_values(kind, column):
                self._find_in_column("bad_value", name, bad, column, numbers)
        for name in self._clocks:
            column = columns[self.dat.columns.positions[name]]
            if bad := {v.strip() for v in set(column) if not self._is_time(v)}:
                self._find_in_column("bad_date", name, bad, column, numbers)

    def _check_dates(self, columns: Sequence[Column], numbers: Sequence[int]) -> None:
        for name, dates in self._dates.items():
            column = columns[self.dat.columns.positions[name]]
            texts = {split_date(value) for value in set(column)}
            has_bad = dates.add({day for day, _ in texts})
            bad_times = {time for _, time in texts if not self._is_time(time)}
            if has_bad or bad_times:
                bad = (v.strip() for v in column if split_date(v)[0] in dates.bad or split_date(v)[1] in bad_times)
                self._find_in_column("bad_date", name, bad, column, numbers)

    def _note_zones(self, columns: Sequence[Column]) -> None:
        position = self.dat.columns.positions.get("TIMEZONE")
        if position is not None and len(self._zones) < ZONES_MAX:
            self._zones |= {text.strip() for text in set(columns[position])} - {""}

    def _is_time(self, text: str) -> bool:
        known = self._times.get(text)
        if known is None:
            if len(self._times) > 200_000:
                self._times.clear()
            known = self._times[text] = is_none(text) or time_of_day(text) is not None
        return known

    def _add_documents(self, columns: Sequence[Column], numbers: Sequence[int]) -> None:
        """Add each row as a document: its id, its Bates range, its family, its counts."""
        at = _Cells(self.dat.columns, columns, len(numbers))
        evidence, counts, pages = self._evidence(at), at.column("ATTACHCOUNT"), at.column("PGCOUNT")
        given = zip(at.column("BEGBATES"), at.column("ENDBATES"), evidence, counts, pages, numbers, strict=True)
        for document_id, end, family, count, page_count, number in given:
            if self._is_new(document_id, family, number):
                self.row_numbers.append(number)
                self.attach_counts.append(_attached(count))
                self._check_range(document_id, end, page_count, number)

    def _is_new(self, document_id: str, family: FamilyEvidence | None, row: int) -> bool:
        """Add a document's id; say what is wrong with one that is missing or not new."""
        if document_id and self.collector.add(document_id, family):
            return True
        self.bad_rows += 1
        if document_id:
            self._find("duplicate_id", row, id=document_id, detail=f"first in row {self._first(document_id)}")
        else:
            self._find("missing_id", row)
        return False

    def _first(self, document_id: str) -> int:
        return self.row_numbers[self.collector.ordinals[document_id]]

    def _evidence(self, at: _Cells) -> Sequence[FamilyEvidence | None]:
        """Return what each row says of its family; None where no column does."""
        begins, ends = at.column("BEGATTACH"), at.column("ENDATTACH")
        if at.has("ATTACHRANGE") and not at.has("BEGATTACH"):
            both = [bates_range(text) if text else ("", "") for text in at.column("ATTACHRANGE")]
            begins, ends = [begin for begin, _ in both], [end for _, end in both]
        elif not any(at.has(name) for name in ("PARENTID", "ATTACHIDS", "GROUPID", "BEGATTACH")):
            return [None] * len(begins)
        split = self.dat.delimiters
        children = [tuple(several(text, split)) if text else () for text in at.column("ATTACHIDS")]
        return list(map(FamilyEvidence, at.column("PARENTID"), children, at.column("GROUPID"), begins, ends))

    def _check_range(self, document_id: str, end: str, page_count: str, row: int) -> None:
        """Add a document's Bates range, and compare it with PGCOUNT."""
        pages = self.ranges.add(document_id, end)
        self.pages.append(pages or 0)
        if pages is None:
            self._find("bates_range", row, id=document_id, detail=end)
        if " " in document_id or (pages == 0 and end):
            self._find("bad_bates", row, id=document_id)
        if pages and page_count and page_count != str(pages) and (said := integer(page_count)) not in {None, pages}:
            self._find("page_count_mismatch", row, id=document_id, detail=f"PGCOUNT {said}, Bates {pages}")

    def finish(self) -> tuple[Families, list[str]]:
        """Check what only all rows together tell; return families and document ids by ordinal."""
        ids = list(self.collector.ordinals)
        for name, dates in self._dates.items():
            if dates.is_ambiguous(self.date_order):
                self._find("ambiguous_date_order", column=self.dat.columns.headers[self.dat.columns.positions[name]])
        for text in sorted(self._zones):
            if zone_of(text) is None:
                header = self.dat.columns.headers[self.dat.columns.positions["TIMEZONE"]]
                self._find("zone_unknown", column=header, detail=text[:80])
        for document, earlier in self.ranges.overlaps():
            self._find("bates_overlap", self.row_numbers[document], id=ids[document], detail=ids[earlier])
        families = self.collector.linked()
        self._check_families(families, ids)
        return families, ids

    def _check_families(self, families: Families, ids: list[str]) -> None:
        for child, parent in families.missing_parents.items():
            self._find("parent_missing", self.row_numbers[child], id=ids[child], detail=parent)
        for child_id, lister in families.missing_children.items():
            self._find("child_missing", self.row_numbers[lister], id=ids[lister], detail=child_id)
        for conflict in families.conflicts:
            row = self.row_numbers[conflict.document]
            self._find("family_conflict", row, id=ids[conflict.document], detail=conflict.detail)
        for i, (said, counted) in enumerate(zip(self.attach_counts, families.child_counts(), strict=True)):
            if said not in {NO_COUNT, counted}:
                self._find(
                    "attach_count_mismatch", self.row_numbers[i], id=ids[i], detail=f"{said} said, {counted} found"
                )

    def date_orders(self) -> dict[str, DateOrder | None]:
        """Return the order of day and month of each column of dates; None where it is not known."""
        return {name: dates.order(self.date_order) for name, dates in self._dates.items()}


def _attached(text: str) -> int:
    """Return ATTACHCOUNT as an array of 32 bits takes it."""
    count = integer(text) if text else None
    return NO_COUNT if count is None else min(count, LARGEST_COUNT)


class _Cells:
    """Columns of a block by canonical name, trimmed; a missing column is empty texts."""

    def __init__(self, names: ColumnMap, columns: Sequence[Column], count: int) -> None:
        self._names, self._columns = names, columns
        self._trimmed: dict[str, list[str]] = {}
        self._empty = [""] * count

    def has(self, name: str) -> bool:
        return name in self._names.positions

    def column(self, name: str) -> list[str]:
        if name not in self._names.positions:
            return self._empty
        if name not in self._trimmed:
            self._trimmed[name] = [value.strip() for value in self._columns[self._names.positions[name]]]
        return self._trimmed[name]
