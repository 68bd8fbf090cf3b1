"""Find missed entries of a list in running text, by a mark that each record of the section has once.

Marks are a number, a bullet, a heading, a range of years, or cells separated by bars. Where each found record has such a
mark once, other lines of the section with that mark begin missed records. The mark counts only if enough of what has it
are records, and an entry whose values a record already has is not missed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from statistics import median_low

from thresher.schemas.document import BlockKind, Document
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.target import Target
from thresher.service.records.record_lines import record_of

GAP_MAX_LINES = 4  # lines between values of a record that stand together; letters of a title
MIN_MARKED = 2  # records of a section that must have a mark
MARKED_ONCE_SHARE = 0.8  # share of the records of a section that must have the mark once
RECORDS_MIN_SHARE = 0.5  # share of lines with the mark that must be of records
MAX_LINES_FACTOR = 3  # times as many lines as the median record: the limit for one record
TALL_MIN_LINES = 3  # lines from which all lines of a record count as its own
MAIN_SHARE = 0.7  # share of a record's text that is most of it
TELLING_MIN_CHARS = 20  # code points of values that match hardly by chance
MAX_COMPARED = 100  # leftover entries up to which each is compared with found records
TITLE_MAX_CHARS = 60  # code points that a heading may have
_YEAR = r"(?:19|20)\d\d"
MARKS = ("number", "bullet", "heading", "years", "parted")  # in the order in which they count
_MARKS = {
    "number": re.compile(r"\s*[\[(]?\d{1,3}[.)\]]\s"),
    "bullet": re.compile(r"\s*[^\w\s\"'()\[\]$€£¥<>|]\s|\t[^\t\n]+$"),
    "years": re.compile(rf"\b{_YEAR}\s*[-–—]\s*(?:\w+\.? )?(?:{_YEAR}|[Pp]resent|[Nn]ow|[Cc]urrent|[Tt]oday)"),
    "parted": re.compile(r"[^|\t]+ \| [^|]+ \| [^|]+$"),
}

Group = tuple[int, ...]  # numbers of lines


@dataclass(slots=True)
class Entry:
    """A record that was found: its lines, and the texts of its values."""

    first: int
    last: int
    quotes: frozenset[str]
    chars: int  # code points of its values on these lines


@dataclass(frozen=True, slots=True)
class LineMarks:
    """The marks of a Document's lines, without any extraction."""

    lines: Sequence[tuple[int, int]]
    body: Sequence[bool]  # whether each may be of a record
    heads: Sequence[int]  # lines that begin sections, sorted
    titles: frozenset[int]  # those of them that are in capitals
    marks: dict[str, list[int]]  # lines with each mark, sorted


def line_marks(document: Document, lines: Sequence[tuple[int, int]], body: Sequence[bool]) -> LineMarks:
    """Return the headings and marks of the lines of a Document."""
    marks: dict[str, list[int]] = defaultdict(list)
    heads, titles = [], set()
    headings = {a for a, _, kind, _ in document.blocks if kind == BlockKind.HEADING}
    for i, (a, b) in enumerate(lines):
        text = document.text[a:b]
        if a in headings or body[i]:
            title = text.strip()
            is_head = len(title) <= TITLE_MAX_CHARS and (title.endswith(":") or _is_upper(title))
            if is_head:
                heads.append(i)
                titles.update([i] if _is_upper(title) else [])
            elif a in headings:
                marks["heading"].append(i)
            for name, pattern in _MARKS.items():
                if not is_head and (pattern.search if name == "years" else pattern.match)(text):
                    marks[name].append(i)
    return LineMarks(lines, body, heads, frozenset(titles), dict(marks))


def _is_upper(title: str) -> bool:
    """Whether a line is a title in capitals; a row of several cells is none."""
    return title.isupper() and title[0].isalpha() and "|" not in title and sum(map(str.isalpha, title)) >= GAP_MAX_LINES


def lines_of_found(lists: dict[str, list[Entry]], bare: set[int]) -> set[int]:
    """Return the lines that certainly belong to records, so that nothing there was missed.

    These are all lines of records, where most of a list have several lines; and `bare` lines (without figures) on which a
    record has most of its text.
    """
    found: set[int] = set()
    for records in lists.values():
        if median_low([r.last - r.first + 1 for r in records]) >= TALL_MIN_LINES:
            found.update(i for r in records for i in range(r.first, r.last + 1))
        telling = (r.first for r in records if r.chars >= max(TELLING_MIN_CHARS, MAIN_SHARE * sum(map(len, r.quotes))))
        found.update(bare.intersection(telling))
    return found


def missed_entries(
    document: Document, known: LineMarks, lists: dict[str, list[Entry]], claimed: set[int], held: set[int]
) -> list[Group]:
    """Return the lines of each missed record that has the mark of its section, or that is a whole section itself.

    `claimed`: lines on which any value stands; `held`: those of them where it does not stand by chance.
    """
    found: list[Group] = []
    taken = set(held)
    for records in lists.values():
        own = sorted(records, key=lambda r: r.first)
        for group in chain(_by_section(document, known, own), _whole_sections(known, own, claimed)):
            if taken.isdisjoint(group):
                found.append(group)
                taken.update(group)
    return found


def _by_section(document: Document, known: LineMarks, records: Sequence[Entry]) -> Iterator[Group]:
    """Yield the missed entries among the records of a list (sorted), section by section."""
    edges = [0, *known.heads, len(known.lines)]
    for number, group in groupby(records, lambda r: bisect_right(known.heads, r.first)):
        own = list(group)
        if len(own) >= MIN_MARKED:
            yield from _of_section(document, known, own, range(edges[number], edges[number + 1]))


def _of_section(document: Document, known: LineMarks, records: list[Entry], section: range) -> Iterator[Group]:
    """Yield the missed entries of a section, by the first mark that distinguishes its records."""
    within = {i for r in records for i in range(r.first, r.last + 1)}
    for mark in MARKS:
        bearing = _lines_with_mark(known.marks.get(mark, []), records, section)
        if bearing is None:
            continue
        here, firsts = bearing
        free = [i for i in here if i not in within]
        if not free or len(firsts) < RECORDS_MIN_SHARE * (len(free) + len(firsts)):
            continue
        above = median_low([i - r.first for r, i in firsts])
        size = median_low([r.last - r.first + 1 for r, _ in firsts])
        edges = sorted({*within, *(i - above for i in here), section.stop})
        for i in free:
            lines = range(max(i - above, section.start), edges[bisect_right(edges, i)])
            group = _group(known, lines, MAX_LINES_FACTOR * size)
            if len(group) * 2 >= size and not (
                len(free) <= MAX_COMPARED and _is_extracted(document, known, group, records)
            ):
                yield group
        return


def _whole_sections(known: LineMarks, records: list[Entry], claimed: set[int]) -> Iterator[Group]:
    """Yield sections without any value, where records of a list are whole sections."""
    sections = [s for s in _sections(known.heads, len(known.lines)) if s.start in known.titles]
    firsts = {r.first for r in records} & {s.start for s in sections}
    free = [s for s in sections if claimed.isdisjoint(s)]
    if len(firsts) >= max(MIN_MARKED, MARKED_ONCE_SHARE * len(records), len(free)):
        yield from (_group(known, section, len(section)) for section in free)


def _lines_with_mark(
    places: Sequence[int], records: list[Entry], section: range
) -> tuple[list[int], list[tuple[Entry, int]]] | None:
    """Return the lines of a section with a mark and the records that have it once; None unless nearly all have it.

    Records before the first and after the last with the mark may lack it; the lines then stop short of them.
    """
    marks = [(r, at[0]) for r in records if len(at := _inside(places, r)) == 1]
    if len({i for _, i in marks}) < max(MIN_MARKED, len(marks)):
        return None
    bearing = {id(r) for r, _ in marks}
    bare = [r for r in records if id(r) not in bearing]
    first, last = min(r.first for r, _ in marks), max(r.last for r, _ in marks)
    if len(marks) < MARKED_ONCE_SHARE * (len(marks) + sum(first <= r.first <= last for r in bare)):
        return None
    start = max((r.last + 1 for r in bare if r.first < first), default=section.start)
    stop = min((r.first for r in bare if r.first > last), default=section.stop)
    return list(places[bisect_left(places, start) : bisect_left(places, stop)]), marks


def _group(known: LineMarks, lines: range, most: int) -> Group:
    """Return the non-blank lines of a range, at most `most`."""
    return tuple(i for i in lines if known.lines[i][1] > known.lines[i][0])[:most]


def _is_extracted(document: Document, known: LineMarks, group: Group, records: list[Entry]) -> bool:
    """Whether some lines contain all values of one record, so that the record was extracted from another place."""
    text = document.text[known.lines[group[0]][0] : known.lines[group[-1]][1]]
    return any(all(quote in text for quote in r.quotes) for r in records)


def _inside(places: Sequence[int], record: Entry) -> list[int]:
    return list(places[bisect_left(places, record.first) : bisect_right(places, record.last)])


def _sections(heads: Sequence[int], end: int) -> Iterator[range]:
    edges = [0, *heads, end]
    return (range(a, b) for a, b in pairwise(edges) if b > a)


def found_entries(extractions: Iterable[Extraction], target: Target, starts: Sequence[int]) -> dict[str, list[Entry]]:
    """Return the found records of each list, each by the lines where most of its own values stand together."""
    lists: dict[str, list[Entry]] = defaultdict(list)
    for extraction in extractions:
        records: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
        for evidence in extraction.evidence:
            record = record_of(evidence.path, target) if evidence.start is not None else None
            if record is not None:
                records[record].append(evidence)
        shared = Counter(e.start for values in records.values() for e in values)
        for (name, _), values in records.items():
            own = [e for e in values if shared[e.start] == 1]
            lists[name].append(_together(own or values, starts))
    return lists


def _together(values: list[Evidence], starts: Sequence[int]) -> Entry:
    """Return the Entry of a record, by the group of neighbouring values with the most text."""
    quotes = frozenset(e.quote for e in values)
    entry = _entry(values, quotes, starts)
    if entry.last - entry.first <= GAP_MAX_LINES:
        return entry
    groups: list[list[Evidence]] = []
    for e in sorted(values, key=lambda e: e.start or 0):
        if not groups or _line(starts, e.start) - max(_line(starts, x.end, -1) for x in groups[-1]) > GAP_MAX_LINES:
            groups.append([])
        groups[-1].append(e)
    return max((_entry(group, quotes, starts) for group in groups), key=lambda entry: entry.chars)


def _entry(values: list[Evidence], quotes: frozenset[str], starts: Sequence[int]) -> Entry:
    first, last = min(e.start or 0 for e in values), max(e.end or 0 for e in values)
    return Entry(_line(starts, first), _line(starts, last, -1), quotes, sum(len(e.quote) for e in values))


def _line(starts: Sequence[int], offset: int | None, by: int = 0) -> int:
    """Return the number of the line of a character; with `by=-1` of the one before an end."""
    return bisect_right(starts, max((offset or 0) + by, 0)) - 1
