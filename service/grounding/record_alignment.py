"""Place the items of a list: each where its values stand closest together, no two at the same place.

Items are placed in the order of the answer, which is mostly that of the text, but a late item is found where it stands.
Where the list is a table with one record per line, a value counts only on its own record's line, on lines without a record
(a date printed once above several), or where the record above has the same value and its own line leaves that cell blank
(printed once for both): the amount of another row proves nothing about this one.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from itertools import islice

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.service.grounding.companion_values import CompanionPlacer
from thresher.service.grounding.free_positions import FreePlaces
from thresher.service.grounding.heading_values import HeadingCheck
from thresher.service.grounding.match_positions import Place
from thresher.service.grounding.own_places import OwnPlaces
from thresher.service.grounding.printed_signs import refuse_lost_signs
from thresher.service.grounding.record_items import ELSEWHERE, NOT_FOUND, REPEATED, Leaf, Record
from thresher.service.grounding.row_cells import is_left_blank
from thresher.service.grounding.strayed_words import is_in_sentence, refuse_strayed
from thresher.service.records.structure import Structure

LINE_COST = 200  # cost of a line break, in code points: values of one record prefer one line
RECORD_COST = 3 * LINE_COST  # cost of the beginning of a record, where the structure knows records
FREE_PLACE_SLACK_CHARS = 80  # code points by which a free place may be farther away than a taken one
BACKWARD_COST = LINE_COST // 2  # cost of going back in the text; less than that of taking values from two lines
FAR_COST = (
    2 * RECORD_COST
)  # the most that one value costs: where it stands far off, it says nothing of its record's place
OUTSIDE_COST = 100 * LINE_COST  # cost of leaving the part of the text in which a list is expected
MAX_ANCHORS = 24  # free places on each side of the cursor that are compared
MAX_NEAR = 8  # values of an item beside which another is looked for
MAX_RARE = 3  # values of an item that are tried as anchors
MAX_SEARCHED = 64  # places on each side that are searched for one outside all records
TABLE_MIN_RECORDS = 2  # records that make a table

Found = tuple[Leaf, FreePlaces]


class RecordPlacer:
    """Places the lists of one answer; a place taken by one item is not free for another item of the same field."""

    def __init__(self, document: Document, structure: Structure, others: Collection[int] = ()) -> None:
        """Prepare for one Document.

        `structure` separates its records, where it knows any; `others`: where lines of records of other answers begin.
        """
        self._headings = HeadingCheck(document)
        self._line, self._text = document.line_number, document.text
        self._structure = structure
        self._others = {document.line_number(at) for at in others}
        self._numbers: dict[
            int, tuple[int, int, int]
        ] = {}  # by offset: numbers of its line, record and line of the text
        self._taken: dict[str, set[int]] = {}
        self._rows: dict[int, str] = {}  # by line: the list of which a record stands there
        self._list = ""  # pattern of the list that is placed
        self._slots: dict[tuple[str, Hashable], FreePlaces] = {}

    def place(self, items: list[list[Leaf]], home: tuple[int, int]) -> list[Record]:
        """Return a Record for each item. `home` is the range of the text in which the list is expected."""
        records, seen, cursor = [], set[Hashable](), home[0]
        self._list = next((_list_of(leaf.path) for leaves in items for leaf in leaves), "")
        for leaves in items:
            record = Record(leaves)
            look = tuple((json_pointer.pattern(leaf.path), str(leaf.value)) for leaf in leaves)
            self._fill(record, cursor, home, again=look in seen)
            seen.add(look)
            cursor = record.anchor.start if record.anchor else cursor
            records.append(record)
        found = [r for r in records if r.anchor]
        CompanionPlacer(self._line, self._text).fill(found)
        self._verify(found)
        for at, place in OwnPlaces(self._text, found).part():
            self._taken[json_pointer.pattern(at)].add(place.start)
        refuse_lost_signs(found, self._text)
        self._headings.carry(found)
        self._rows.update((self._line(self._anchor_start(r)), self._list) for r in found if self._own_count(r) > 1)
        return records

    def _fill(self, record: Record, cursor: int, home: tuple[int, int], *, again: bool) -> None:
        """Find a record's places and take them. `again`: an equal item came before."""
        known = [(leaf, self._slot(leaf)) for leaf in record.leaves if leaf.places]
        free = [(leaf, slots) for leaf, slots in known if slots.any_free()]
        record.refused = {leaf.path: NOT_FOUND for leaf in record.leaves if not leaf.places}
        if not free:
            record.refuse(REPEATED)
            return
        anchor, leaf = self._best(free, known, cursor, home)
        record.anchor = anchor
        record.placed = {leaf.path: anchor} | self._company(anchor, [f for f in known if f[0] is not leaf])
        fresh = [p.start not in self._taken[json_pointer.pattern(at)] for at, p in record.placed.items()]
        if again and 2 * sum(fresh) <= len(fresh) and len(fresh) > 1:
            record.refuse(REPEATED)
            return
        for at, place in record.placed.items():
            self._taken[json_pointer.pattern(at)].add(place.start)

    def _company(self, anchor: Place, rest: list[Found]) -> dict[str, Place]:
        """Return the places of the other values of an item, the rarest first, each beside one that was placed before."""
        placed, near = {}, [anchor]
        for leaf, slots in sorted(rest, key=lambda f: len(f[1].places)):
            place = min((self._beside(p, slots) for p in near), key=lambda q: min(self._gap(p, q) for p in near))
            placed[leaf.path] = place
            if self._gap(anchor, place) < FAR_COST and len(near) < MAX_NEAR:
                near.append(place)
        return placed

    def _slot(self, leaf: Leaf) -> FreePlaces:
        pattern = json_pointer.pattern(leaf.path)
        key = pattern, (type(leaf.value), str(leaf.value))
        if key not in self._slots:
            self._slots[key] = FreePlaces(leaf.places, self._taken.setdefault(pattern, set()))
        return self._slots[key]

    def _best(self, free: list[Found], known: list[Found], cursor: int, home: tuple[int, int]) -> tuple[Place, Leaf]:
        """Return the free place of a rare value around which the other values stand closest, and that value.

        A value that stands far from all others says nothing about where its record is: then those less rare are tried.
        """
        free = sorted(free, key=lambda f: len(f[1].places))
        fewest = len(free[0][1].places)
        rarest = next((i for i, f in enumerate(free) if len(f[1].places) > fewest), len(free))
        found: list[tuple[int, int, Place, Leaf]] = []
        for i, (leaf, slots) in enumerate(free[: rarest + MAX_RARE]):
            if MAX_RARE <= i < rarest or (i >= rarest and min(found)[0] < FAR_COST * (len(known) - 1)):
                continue
            rest = [s for other, s in known if other is not leaf]
            place, cost = self._anchor(slots, rest, cursor, home)
            found.append((cost, i, place, leaf))
            if cost < LINE_COST:
                break
        _, _, place, leaf = min(found, key=lambda f: f[:2])
        return place, leaf

    def _anchor(
        self, slots: FreePlaces, rest: list[FreePlaces], cursor: int, home: tuple[int, int]
    ) -> tuple[Place, int]:
        """Return the free place around which the others stand closest, and its cost.

        Of equals the first after the cursor.
        """
        found: list[tuple[int, int, Place]] = []
        for i, place in enumerate(self._around(slots, cursor)):
            cost = self._spread(place, rest) + BACKWARD_COST * (place.start < cursor)
            cost += OUTSIDE_COST * (not home[0] <= place.start < home[1]) + RECORD_COST * self._is_foreign(place)
            found.append((cost, i, place))
            if cost < LINE_COST:  # all on one line, after the cursor
                break
        cost, _, best = min(found, key=lambda f: f[:2])
        return best, cost

    def _is_foreign(self, place: Place) -> bool:
        """Whether a place is in the line of a record of another list, none that this one is in."""
        other = self._rows.get(self._line(place.start), self._list) if self._rows else self._list
        return not (self._list.startswith(other) or other.startswith(self._list))

    @staticmethod
    def _around(slots: FreePlaces, cursor: int) -> Iterator[Place]:
        yield from islice(slots.ahead(cursor), MAX_ANCHORS)
        yield from islice(slots.behind(cursor), MAX_ANCHORS)

    def _spread(self, anchor: Place, rest: list[FreePlaces]) -> int:
        """Return the sum of the distances of the other values of an item to an anchor.

        Taking another item's place costs extra.
        """
        cost = 0
        for slots in rest:
            place = self._beside(anchor, slots)
            cost += min(self._gap(anchor, place), FAR_COST) + LINE_COST * (
                not slots.is_free(place) and slots.any_free()
            )
        return cost

    def _beside(self, anchor: Place, slots: FreePlaces) -> Place:
        """Return the place nearest to an anchor; a free one is preferred unless a taken one is much nearer."""
        best = self._nearest(anchor, slots.beside(anchor.start, free=False))
        if best is None or slots.is_free(best):
            return best or slots.places[0]
        own = self._nearest(anchor, slots.beside(anchor.start, free=True))
        if own and self._gap(anchor, own) <= 4 * self._gap(anchor, best) + FREE_PLACE_SLACK_CHARS:
            return own
        return best

    def _nearest(self, anchor: Place, places: list[Place]) -> Place | None:
        if len(places) < 2:
            return places[0] if places else None
        return min(places, key=lambda p: self._gap(anchor, p))

    def _gap(self, a: Place, b: Place) -> int:
        """Return the distance of two places in code points, plus a cost for each line and each record between them."""
        first, second = (a, b) if a.start <= b.start else (b, a)
        end = min(first.end, second.start)
        if not self._structure.starts:
            return second.start - end + LINE_COST * (self._line(second.start) - self._line(end))
        (line, record, own), (last, final, other) = self._at(end), self._at(second.start)
        breaks = last - line or min(other - own, 1)  # the structure counts no headings
        return min(second.start - end, LINE_COST) + LINE_COST // 2 * breaks + RECORD_COST * (final - record)

    def _at(self, offset: int) -> tuple[int, int, int]:
        known = self._numbers.get(offset)
        if known is None:
            known = self._numbers[offset] = (*self._structure.at(offset), self._line(offset))
        return known

    def _verify(self, records: list[Record]) -> None:
        """Take from records the values that stand on another record's line, of a table or of another answer."""
        lines = {self._line(r.anchor.start): r for r in records if r.anchor}
        is_apart = len(records) >= TABLE_MIN_RECORDS and len(lines) == len(records)
        is_table = is_apart and self._is_table(records, lines)
        rows = records if is_table else [r for r in records if self._others and self._own_count(r) > 1]
        owners = lines if is_table else {}
        above: Record | None = None
        for record in sorted(rows, key=self._anchor_start):
            for leaf in record.leaves:
                if leaf.path in record.placed:
                    self._check(record, leaf, owners, above)
            above = record
        refuse_strayed(records, self._text, FAR_COST)

    @staticmethod
    def _anchor_start(record: Record) -> int:
        return record.anchor.start if record.anchor else 0

    def _is_table(self, records: list[Record], lines: dict[int, Record]) -> bool:
        """Whether nine of ten records have most of their values, and at least two, on one line, or are mixed up."""
        whole = {id(r) for r in records if 1 < self._own_count(r) > len(r.placed) / 2}
        if len(whole) >= 0.9 * len(records):
            return True
        mixed = self._shifted(records, lines)
        is_mixed = len(whole | mixed) >= 0.9 * len(records) or len(mixed) >= len(records) - 1
        return len(records) > TABLE_MIN_RECORDS and is_mixed

    def _shifted(self, records: list[Record], lines: dict[int, Record]) -> set[int]:
        """Return which records have a value on the line of another one, whose own value stands elsewhere: rows that are mixed up."""
        at = {(json_pointer.pattern(path), self._line(p.start), id(r)) for r in records for path, p in r.placed.items()}
        return {
            id(record)
            for record in records
            for path, place in record.placed.items()
            if (owner := lines.get(line := self._line(place.start), record)) is not record
            and (json_pointer.pattern(path), line, id(owner)) not in at
        }

    def _own_count(self, record: Record) -> int:
        """Return how many values of a record stand on its own line."""
        own = self._line(self._anchor_start(record))
        return sum(self._line(p.start) == own for p in record.placed.values())

    def _check(self, record: Record, leaf: Leaf, lines: dict[int, Record], above: Record | None) -> None:
        """Keep a value's place, or find a better one, or refuse the value."""
        place, row = record.placed[leaf.path], self._anchor_start(record)
        line = self._line(place.start)
        if line == self._line(row) or not (line in lines or line in self._others):
            return
        same = place if line in self._others else _same_field(above, leaf)
        is_above = same is not None and same.start < row and is_left_blank(self._text, row, same)
        better = same if is_above else self._outside(record, leaf, lines)
        if better:
            record.placed[leaf.path] = better
            return
        del record.placed[leaf.path]
        record.refused[leaf.path] = ELSEWHERE

    def _outside(self, record: Record, leaf: Leaf, lines: dict[int, Record]) -> Place | None:
        """Return the nearest place that is on no record's line, for a text not one in a sentence far away."""
        start = record.anchor.start if record.anchor else 0
        slots = FreePlaces(leaf.places, frozenset())
        near = [*islice(slots.behind(start), MAX_SEARCHED), *islice(slots.ahead(start), MAX_SEARCHED)]
        free = [p for p in near if self._line(p.start) not in lines and self._line(p.start) not in self._others]
        anchor = record.anchor or near[0]
        best = self._nearest(anchor, free)
        is_stray = (
            best
            and isinstance(leaf.value, str)
            and self._gap(anchor, best) >= FAR_COST
            and is_in_sentence(self._text, best)
        )
        return None if is_stray else best


def _list_of(path: str) -> str:
    """Return the pattern of the innermost list that a value is in."""
    return json_pointer.pattern(path).rpartition("/*")[0]


def _same_field(above: Record | None, leaf: Leaf) -> Place | None:
    """Return where the record above has the same value of the same field."""
    pattern = json_pointer.pattern(leaf.path)
    if above is None:
        return None
    for other in above.leaves:
        if json_pointer.pattern(other.path) == pattern and other.value == leaf.value:
            return above.placed.get(other.path)
    return None
