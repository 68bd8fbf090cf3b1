"""Find every value of a partial answer in the Chunk it came from, in code.

A value that is not in the text is returned as unsupported. Items of a list are located one after the other, each where its
values stand closest together, and no two items may claim the same place: a row that the model wrote twice has no second
place, and two rows that look alike have two.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Box, Document, PageBoxes
from thresher.schemas.extraction import Evidence, Method, Unsupported
from thresher.schemas.target import Target
from thresher.service.base.gc_pause import gc_paused
from thresher.service.grounding.answer_parts import list_ranges, lists, scalars, width
from thresher.service.grounding.heading_values import heading_above, is_line
from thresher.service.grounding.label_words import WordsBefore, label_words
from thresher.service.grounding.match_positions import Place, in_code
from thresher.service.grounding.normalised_text import Range
from thresher.service.grounding.number_spans import scale_heads
from thresher.service.grounding.record_alignment import RecordPlacer
from thresher.service.grounding.record_items import ELSEWHERE, NOT_FOUND, REPEATED, Leaf, Record
from thresher.service.grounding.searchable_range import searchable
from thresher.service.grounding.shared_places import SharedPlaces
from thresher.service.records.structure import Structure, structure_of

__all__ = ["NOT_FOUND", "REPEATED", "Grounded", "Grounder"]

ALONE_MIN_CHARS = 4  # characters of a text that may be misread where it stands only once
_EVIDENCE_FIELDS = set(Evidence.model_fields)  # shared, because documents have hundreds of thousands of Evidences


@dataclass(slots=True)
class Grounded:
    """The result of grounding; paths point into the partial answer."""

    evidence: list[Evidence] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)
    homeless: list[str] = field(default_factory=list)  # paths of list items without any place


class Grounder:
    """Grounds answers in one Chunk of one Document."""

    def __init__(
        self,
        document: Document,
        chunk: Chunk,
        target: Target,
        *,
        fuzzy: float,
        structure: Structure | None = None,
        others: Collection[int] = (),
    ) -> None:
        """Prepare the search; `fuzzy` is the least similarity (0..100) of a fuzzy match.

        `structure`: that of the Document, where already known; `others`: where lines of records of other answers begin.
        """
        self._document, self._chunk = document, chunk
        self._source = document.evidence_source
        self._fields = {f.path: f for f in target.fields}
        self._before = WordsBefore(document.text)
        own_text = chunk.ranges or ((chunk.start, chunk.end),)
        self._own = len(own_text)
        spans = [*own_text, *chunk.context_ranges]
        structure = structure or structure_of(document)
        powers = scale_heads("\n".join(document.text[a:b] for a, b in chunk.context_ranges))
        self._stacks = [(start, searchable(document, (start, end), fuzzy, structure, powers)) for start, end in spans]
        self._structure = structure
        self._placer = RecordPlacer(document, structure, others)
        self._known: dict[tuple[type, str], list[Place]] = {}
        self._headings: dict[str, list[Place]] = {}
        self._found = Grounded()

    @gc_paused()
    def ground(self, data: dict[str, Any]) -> Grounded:
        """Return evidence for every leaf of `data` that can be located, and the rest as unsupported."""
        self._object(data, "")
        self._apart_from_lists(data)
        self._apart_from_records(data)
        self._found.evidence.sort(key=lambda e: e.path)
        return self._found

    def quote(self, path: str, quote: str) -> Evidence | None:
        """Return evidence for a value by a passage that the model names.

        None where the text does not contain the passage.
        """
        places = self._places(quote)
        return self._evidence(path, places[0]) if places else None

    def _places(self, value: Any, *, beside: bool = False) -> list[Place]:
        """Return the places of a value in the Chunk, or, where there are none, in its context.

        `beside`: return places that prove it only next to others of its record, or after its label.
        """
        for stacks in (self._stacks[: self._own], self._stacks[self._own :]):
            found = [
                p.moved(offset) if offset else p
                for offset, stack in stacks
                for p in (stack.beside(value) if beside else stack.find(value))
            ]
            if found:
                return found
        return []

    def _in_lists(self, value: Any) -> list[Place]:
        """Return the places of a value of a list item, if it stands elsewhere, too, without furniture but for lines of its own."""
        key = type(value), str(value)
        if key not in self._known:
            places = self._places(value)
            self._known[key] = [p for p in places if not self._is_apart(p, value)] or places
        return self._known[key]

    def _is_apart(self, place: Place, value: Any) -> bool:
        """Whether a place is in page furniture; a line that is only a word may be the short row in which several pages end."""
        is_word = isinstance(value, str) and value.isalpha() and is_line(self._document.text, place.start, place.end)
        return not is_word and self._structure.is_apart(place.start)

    def _leaf(self, path: str, value: Any) -> Leaf:
        places = self._in_lists(value)
        beside = [] if places and value != 0 else self._places(value, beside=True)
        above = [] if places or beside else self._above(value)
        return Leaf(path, value, places, beside, above)

    def _above(self, value: Any) -> list[Place]:
        """Return a heading before the Chunk that contains a value."""
        key = str(value)
        if key not in self._headings:
            self._headings[key] = heading_above(self._document, self._chunk.start, value)
        return self._headings[key]

    def _object(self, value: Any, path: str) -> None:
        """Ground the scalars of an object, then its lists; a list inside a list item is grounded with the item."""
        for leaf, single in scalars(value, path):
            self._scalar(leaf, single)
        self._lists(value, path, (0, len(self._document.text)))

    def _scalar(self, path: str, value: Any) -> None:
        places = self._places(value) or self._labelled(path, value)
        if places:
            self._found.evidence.append(self._evidence(path, self._best(path, places)))
        else:
            self._unsupported(path, value, NOT_FOUND)

    def _apart_from_lists(self, data: dict[str, Any]) -> None:
        """Reject numbers of single fields that stand only in cells of a list and after no label of the field."""
        cells, lists_at = (
            {e.start for e in self._found.evidence if "*" in json_pointer.pattern(e.path)},
            list_ranges(self._found.evidence),
        )
        for i, evidence in enumerate(self._found.evidence):
            value = json_pointer.get(data, evidence.path)
            if evidence.start not in cells or isinstance(value, str) or "*" in json_pointer.pattern(evidence.path):
                continue
            others = [p for p in self._places(value) if p.start not in cells]
            if others:
                outside = [p for p in others if not any(p.start in rows for rows in lists_at)]
                self._found.evidence[i] = self._evidence(evidence.path, self._best(evidence.path, outside or others))
            elif not self._is_labelled(evidence):
                self._found.evidence[i] = evidence.model_copy(update={"match": "none"})
                self._unsupported(evidence.path, value, ELSEWHERE)
        self._found.evidence = [e for e in self._found.evidence if e.match != "none"]

    def _apart_from_records(self, data: dict[str, Any]) -> None:
        """Reject values that a record has from another one, though its own lines print something else there."""
        document = self._document
        gone = set(SharedPlaces(document.text, document.line_number, self._found.evidence).wrong())
        for path in sorted(gone):
            self._unsupported(path, json_pointer.get(data, path), ELSEWHERE)
        self._found.evidence = [e for e in self._found.evidence if e.path not in gone]

    def _is_labelled(self, evidence: Evidence) -> bool:
        """Whether a word of the field's label stands before the evidence in its line."""
        words = label_words(self._fields.get(json_pointer.pattern(evidence.path)), evidence.path)
        return bool(words & self._words_before(evidence.start or 0))

    def _labelled(self, path: str, value: Any) -> list[Place]:
        """Return places of a value that need a second sign and have it.

        The sign is a label of the field on the same line, or, for a text, that there is no other place.
        """
        places = self._places(value, beside=True)
        words = label_words(self._fields.get(json_pointer.pattern(path)), path)
        labelled = [p for p in places if words & self._words_before(p.start)]
        alone = isinstance(value, str) and len(places) == 1 and len(value) >= ALONE_MIN_CHARS
        return labelled or (places if alone else [])

    def _words_before(self, offset: int) -> set[str]:
        """Return the words before a place in its line."""
        return self._before.in_line(offset)

    def _best(self, path: str, places: list[Place], *, above: bool = True) -> Place:
        """Return the place with the best label in its line, then, if `above`, before it; the first of equals."""
        if len(places) == 1:
            return places[0]
        words = label_words(self._fields.get(json_pointer.pattern(path)), path)
        return max(places, key=lambda p: (*self._rank(p, words), above * self._label_score(p, words), -p.start))

    def _rank(self, place: Place, words: set[str]) -> tuple[bool, int]:
        return not in_code(self._document.text, place), len(words & self._words_before(place.start))

    def _label_score(self, place: Place, words: set[str]) -> int:
        return len(words & self._before.at(place.start)) if words else 0

    def _members(self, path: str, items: list[Any], home: Range) -> None:
        """Ground a list of scalars: each member takes the first place that no equal member before it took."""
        taken: set[Range] = set()
        for i, item in enumerate(items):
            at = json_pointer.join(path, i)
            if item is None:
                continue
            places = self._places(item)
            free = [p for p in places if (p.start, p.end) not in taken]
            if not free:
                self._unsupported(at, item, REPEATED if places else NOT_FOUND)
                self._found.homeless.append(at)
                continue
            best = self._best(path, [p for p in free if home[0] <= p.start < home[1]] or free, above=False)
            taken.add((best.start, best.end))
            self._found.evidence.append(self._evidence(at, best))

    def _items(self, path: str, items: list[Any], home: Range) -> None:
        """Ground a list of objects or lists: each item at its own place, what is inside it near that place."""
        paths = [json_pointer.join(path, i) for i in range(len(items))]
        leaves = [[self._leaf(p, v) for p, v in scalars(item, at)] for item, at in zip(items, paths, strict=True)]
        records = self._placer.place(leaves, home)
        homes = _homes(records, home)
        for item, at, record, inner in zip(items, paths, records, homes, strict=True):
            self._keep(record)
            before = len(self._found.evidence)
            self._lists(item, at, inner)
            if record.leaves and record.anchor is None and len(self._found.evidence) == before:
                self._found.homeless.append(at)

    def _lists(self, value: Any, path: str, home: Range) -> None:
        widest_first = sorted(lists(value, path), key=lambda known: -max((width(i) for i in known[1]), default=0))
        for at, items in widest_first:
            nested = any(isinstance(i, (dict, list)) for i in items)
            self._items(at, items, home) if nested else self._members(at, items, home)

    def _keep(self, record: Record) -> None:
        for leaf in record.leaves:
            if leaf.path in record.placed:
                method: Method = "judged" if leaf.path in record.carried else "read"
                self._found.evidence.append(self._evidence(leaf.path, record.placed[leaf.path], method))
            else:
                self._unsupported(leaf.path, leaf.value, record.refused.get(leaf.path, NOT_FOUND))

    def _unsupported(self, path: str, value: Any, reason: str) -> None:
        self._found.unsupported.append(Unsupported(path=path, value=value, reason=reason))

    def _evidence(self, path: str, place: Place, method: Method = "read") -> Evidence:
        document = self._document
        boxes = _page_boxes(document, place)
        mended = document.is_mended(place.start, place.end)
        return Evidence.model_construct(
            _EVIDENCE_FIELDS,
            path=path,
            quote=document.text[place.start : place.end],
            start=place.start,
            end=place.end,
            page=boxes[0].page if boxes else document.page_at(place.start),
            boxes=boxes[0].boxes if boxes else (),
            continued=tuple(boxes[1:]),
            part=document.part_at(place.start),
            match="normalised" if mended and place.match == "exact" else place.match,
            method=method,
            struck=document.is_struck(place.start, place.end),
            chunk=self._chunk.index,
            source=self._source,
            ocr_confidence=document.confidence(place.start, place.end),
        )


def _homes(records: list[Record], home: Range) -> list[Range]:
    """Return for each record the text from its anchor to the next anchor, where its inner values are expected."""
    starts = sorted({r.anchor.start for r in records if r.anchor})
    following = dict(zip(starts, [*starts[1:], max([home[1], *starts])], strict=False))
    return [(r.anchor.start, following[r.anchor.start]) if r.anchor else home for r in records]


def _page_boxes(document: Document, place: Place) -> list[PageBoxes]:
    """Return the boxes of a place, page by page, without those of text that interrupts it."""
    found: dict[int, tuple[Box, ...]] = {}
    for start, end in place.pieces or ((place.start, place.end),):
        for on in document.page_boxes(start, end):
            found[on.page] = (*found.get(on.page, ()), *on.boxes)
    return [PageBoxes(page, boxes) for page, boxes in found.items()]
