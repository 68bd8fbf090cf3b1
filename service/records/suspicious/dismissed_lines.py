"""Remove leftover lines that are known to be no records, and find lines that a printed total needs.

Not records are: totals (`total_lines`), column headings, lines without figures in lists of amounts (headings, the rest of a
wrapped label), and what follows the total that closes a list. A line without which a printed total does not come out is a
record even where a model says that it is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median_low

from thresher.schemas.document import Document
from thresher.schemas.extraction import Extraction
from thresher.schemas.target import Target
from thresher.service.records.arithmetic.column_sums import columns_of
from thresher.service.records.arithmetic.line_amounts import YEARS, Figure, figures
from thresher.service.records.arithmetic.total_lines import Totals, lines_needed
from thresher.service.records.line_shapes import shape
from thresher.service.records.record_lines import RecordLines

LINES_ABOVE, LINES_BELOW = 20, 60  # lines above and below found records that may be totals
BLANK_MAX_LINES = 3  # lines searched for the next non-blank one
FEW_GROUPS, FEW_GROUPS_SHARE = 2, 0.1  # groups below a closing total, or share of the records found, that make no list
MAX_GROUPS = 300  # groups from which no sums are tried
SMALL_MAX_LINES = 2_000  # lines of a Document below which sums are tried even without groups
MAX_ROWS_ABOVE = 12  # lines without records above a total that it may need
FIRM_TOKENS = ("D", "T", "I")  # tokens (line_shapes) with which records begin, and totals hardly ever
MIN_HOMES = 2  # records that show that all have figures
_DASH = re.compile(r"(?:^|\s)[-–—]+(?:\s|$)")  # a dash in place of a figure
_CELL = re.compile(r"\t|\||[ ]{2,}")

Group = tuple[int, ...]  # numbers of lines


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """A Document and what was found in it, by the numbers of its lines."""

    document: Document
    starts: Sequence[int]  # where its lines begin
    claims: RecordLines
    extractions: Sequence[Extraction]
    target: Target

    def text(self, line: int) -> str:
        """Return the text of a line."""
        end = self.starts[line + 1] - 1 if line + 1 < len(self.starts) else len(self.document.text)
        return self.document.text[self.starts[line] : end]

    @property
    def usual(self) -> int:
        """Return the median count of figures on home lines of records."""
        return median_low([_count(self.text(i)) for i in self.claims.homes] or [0])


@dataclass(slots=True)
class RemainingGroups:
    """The remaining groups, and the lines that a printed total needs."""

    groups: list[Group]
    wanted: set[int] = field(default_factory=set)


def remaining_groups(found: FoundRecords, groups: Sequence[Group]) -> RemainingGroups:
    """Return the groups that may be records, and the lines that a printed total needs, in text order."""
    if not found.claims.found or not (groups or len(found.starts) < SMALL_MAX_LINES):
        return RemainingGroups(list(groups))
    left = {i for group in groups for i in group}
    totals, wanted = _totals(found, left) if len(groups) < MAX_GROUPS else (Totals(()), set[int]())
    known = {*totals.known, *totals.shares} - wanted
    none = known | _heading_lines(found, groups) | _without_figures(found, groups)
    kept = [g for g in groups if not _is_no_record(found, g, none, known)]
    beyond = _below_last_total(found, kept, totals)
    more = [(i,) for i in wanted - left]
    return RemainingGroups(sorted([*(g for g in kept if g not in beyond), *more]), wanted)


def without_totals(found: FoundRecords, groups: Sequence[Group]) -> list[Group]:
    """Return the groups that are no totals, where what they contain is among what was found."""
    totals, wanted = _totals(found, {i for group in groups for i in group})
    known = {*totals.known, *totals.shares} - wanted
    return [g for g in groups if not _is_no_record(found, g, known, known)]


def _totals(found: FoundRecords, left: set[int]) -> tuple[Totals, set[int]]:
    """Return the totals among lines without records, and the lines without records that they need."""
    free = _free_lines(found, left)
    totals = Totals(columns_of(found.extractions, found.target, found.starts, free))
    held = {i for column in totals.columns for i in column.lines} - left
    printed = {i: figs for i in free if i not in held and (figs := figures(found.text(i)))}
    usual, homes = found.usual, found.claims.homes
    several = len(totals.columns) > len(found.claims.lists)
    looks = {shape(found.text(i)) for i in homes}
    wanted: set[int] = set()
    rows: list[int] = []  # lines so far that may be records
    for i, figs in printed.items():
        many = sum(not f.is_percent for f in figs)
        is_row = _is_firm(found.text(i), looks)
        is_total = not is_row and totals.tell(i, figs, whole=several and many >= usual > 1)
        missing = frozenset[int]()
        is_like_found = i in left and many >= usual > 1  # it adds nothing up, and looks like a record
        if not (is_total or is_row or is_like_found):
            missing = _missing_lines(totals, (i, figs), {at: printed[at] for at in rows[-MAX_ROWS_ABOVE:]}, left)
        if missing and homes:
            totals.known[i] = [a for f in figs for a in f.readings]
            wanted |= {at for at in missing if min(homes) < at and (at < max(homes) or _is_complete(found, at))}
        if i in left or (many >= usual and not is_total and not missing and _is_among(found, i)):
            rows.append(i)
    return totals, wanted


def _is_among(found: FoundRecords, line: int) -> bool:
    """Whether a value stands directly above a line and a record directly below it; else the line may be a balance."""
    near = range(max(line - BLANK_MAX_LINES, 0), min(line + BLANK_MAX_LINES, len(found.starts)))
    above = next((i for i in reversed(near) if i < line and found.text(i).strip()), line)
    below = next((i for i in near if i > line and found.text(i).strip()), line)
    return above in found.claims.lines and below in found.claims.homes


def _missing_lines(
    totals: Totals, total: tuple[int, Sequence[Figure]], rows: dict[int, tuple[Figure, ...]], left: set[int]
) -> frozenset[int]:
    """Return the lines that a figure needs.

    They are taken from leftover lines first, then also from those taken for totals; of all other lines, only a single one.
    """
    line, figs = total
    over = {at: row for at, row in rows.items() if at in left and at not in totals.known}
    first = lines_needed(totals, line, figs, over)
    taken = {at: row for at, row in rows.items() if at in left}
    if not first and len(taken) > len(over):
        first = lines_needed(totals, line, figs, taken)
    single = lines_needed(totals, line, figs, rows) if not first and len(rows) > len(taken) else frozenset[int]()
    return first or (single if len(single) == 1 else frozenset())


def _free_lines(found: FoundRecords, left: set[int]) -> list[int]:
    """Return the non-blank lines near records on which no record stands, and leftover ones; sorted."""
    held = {i for claim in found.claims.lists.values() for i in (*claim.homes, *claim.places)}
    near = range(max(min(held, default=0) - LINES_ABOVE, 0), min(max(held, default=0) + LINES_BELOW, len(found.starts)))
    return sorted({i for i in near if i not in held and found.text(i).strip()} | left)


def _is_no_record(found: FoundRecords, group: Group, none: set[int], totals: set[int]) -> bool:
    """Whether no line of a group can be a record: each is known to be none, or continues a total without a figure."""
    own = [i for i in group if found.text(i).strip()]
    return all(i in none or (own[0] in totals and not figures(found.text(i))) for i in own)


def _heading_lines(found: FoundRecords, groups: Iterable[Group]) -> set[int]:
    """Return the lines without figures that head a table or columns, and repetitions of their text."""
    heads: set[int] = set()
    texts: set[str] = set()
    for i in sorted({i for group in groups for i in group}):
        text = " ".join(found.text(i).split()).casefold()
        if any(f.readings.isdisjoint(YEARS) for f in figures(found.text(i))):
            continue
        if text in texts or _heads_table(found, i) or _heads_columns(found, i):
            heads.add(i)
            texts.add(text)
    return heads


def _heads_table(found: FoundRecords, line: int) -> bool:
    table = found.document.table_at(found.starts[line])
    return table is not None and len(table) > 1 and found.starts[line] < table.row_range(max(table.header_rows, 1))[0]


def _heads_columns(found: FoundRecords, line: int) -> bool:
    """Whether a line of several cells stands directly above the first record of a stretch."""
    if len([c for c in _CELL.split(found.text(line).strip()) if c.strip()]) < FEW_GROUPS:
        return False
    below = next(
        (i for i in range(line + 1, min(line + BLANK_MAX_LINES, len(found.starts))) if found.text(i).strip()), line
    )
    above = next((i for i in range(line - 1, max(line - BLANK_MAX_LINES, -1), -1) if found.text(i).strip()), line)
    return below in found.claims.homes and above not in found.claims.lines and bool(figures(found.text(below)))


def _without_figures(found: FoundRecords, groups: Iterable[Group]) -> set[int]:
    """Return the lines without digits and without a dash in place of one, where all found records have figures."""
    homes = found.claims.homes
    if len(homes) < MIN_HOMES or not all(figures(found.text(i)) for i in homes):
        return set()
    texts = {i: found.text(i) for group in groups for i in group}
    return {i for i, text in texts.items() if not any(c.isdigit() for c in text) and not _DASH.search(text)}


def _below_last_total(found: FoundRecords, groups: Sequence[Group], totals: Totals) -> set[Group]:
    """Return the groups below the total that closes the lists, where these are few and do not look like records."""
    homes = found.claims.homes or {0}
    last = totals.last()
    if last <= max(homes) and not _is_totalled_above(totals, min(homes)):
        return set()
    last = max(last, *homes)
    below = {g for g in groups if g[0] > last}
    looks = {shape(found.text(i)) for i in found.claims.homes}
    firm = any(_is_firm(found.text(i), looks) or _is_complete(found, i) for g in below for i in g)
    return set() if firm or len(below) > max(FEW_GROUPS, FEW_GROUPS_SHARE * found.claims.found) else below


def _is_totalled_above(totals: Totals, first: int) -> bool:
    """Whether a line above the first record prints the sum of all amounts of a column."""
    sums = {abs(column.sums[-1]) for column in totals.columns}
    return any(at < first and not sums.isdisjoint(some) for at, some in totals.known.items())


def _is_firm(text: str, looks: set[str]) -> bool:
    """Whether a line begins with a date, a time or a code, and has a shape of records."""
    own = shape(text)
    return own in looks and own.lstrip(">")[:1] in FIRM_TOKENS


def _is_complete(found: FoundRecords, line: int) -> bool:
    """Whether a line has as many figures as records usually have, and several."""
    return _count(found.text(line)) >= found.usual > 1


def _count(text: str) -> int:
    return sum(not f.is_percent for f in figures(text))
