"""Choose which text is read again, and for which fields, where the whole fails a check.

A failed check of a list item makes that item suspect: its own lines are read again, with the loose lines next to them.
Any other failed check makes the fields that it names suspect: the Chunks that their evidence came from are read again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.result import FieldError
from thresher.schemas.target import Target
from thresher.service.merging.record_identity import last_place
from thresher.service.merging.tree import Merged
from thresher.service.records.chunk_parts import chunk_of_records
from thresher.service.targets.error_fields import fields_of_error

LIST_CHUNKS_MAX = 4  # Chunks in which a whole list is read again at once; one that spans more waits for the last round
ITEM_BEFORE_CHARS = 800  # of an item, before its last value
LOOSE_TEXT_CHARS = 400  # on either side of an item
NEXT_ITEM_CHARS = 1_600  # up to the next item, where one is known: the edges of two pages may lie between

Range = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A Chunk of the Document with the ordinal `document`, and the suspect fields in it."""

    document: int
    chunk: Chunk
    fields: tuple[str, ...]  # pointers of single fields and of outermost lists

    def holds(self, path: str, start: int | None) -> bool:
        """Whether a value at a path, found at an offset, is suspect here."""
        ranges = self.chunk.ranges or ((self.chunk.start, self.chunk.end),)
        return any(start is not None and a <= start < b for a, b in ranges) and self.field_of(path) is not None

    def field_of(self, path: str) -> str | None:
        """Return the suspect field that a path is or lies in."""
        return next((f for f in self.fields if is_in(path, f)), None)


def is_in(path: str, name: str) -> bool:
    """Whether a path is another one or lies below it."""
    return path == name or path.startswith(f"{name}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewInput:
    """What Suspects are chosen by."""

    target: Target
    documents: Sequence[Document]
    extractions: Sequence[Extraction]
    merged: Merged
    errors: Sequence[FieldError]


def suspects(
    on: ReviewInput, chunks: Callable[[Document], Sequence[Chunk]], *, last: bool, items: int
) -> list[Suspect]:
    """Return the Suspects in text order, of at most `items` list items. `last`: nothing is put off to a later round."""
    lists = {k.partition("/*")[0] for k in on.target.lists}
    known: dict[str, None] = {}
    fields: dict[str, None] = {}
    for error in on.errors:
        name = next((k for k in lists if error.path.startswith(f"{k}/")), None)
        if name is not None:
            known["/".join(error.path.split("/")[: len(name.split("/")) + 1])] = None
        else:
            fields |= dict.fromkeys(fields_of_error(on.target, error))
    held = _Chunks(on.documents, chunks)
    whole = list(_of_fields(on, held, list(fields), set() if last else lists))
    return whole + list(_of_items(on, held, [i for i in list(known)[:items] if _list_of(i) not in fields]))


class _Chunks:
    """Make the Chunks of a Document at the first need."""

    def __init__(self, documents: Sequence[Document], chunks: Callable[[Document], Sequence[Chunk]]) -> None:
        self._documents, self._make = documents, chunks
        self._made: dict[int, Sequence[Chunk]] = {}

    def at(self, document: int, start: int) -> Chunk:
        """Return the Chunk that holds an offset."""
        if document not in self._made:
            self._made[document] = self._make(self._documents[document])
        known = self._made[document]
        return known[max(bisect_right(known, start, key=lambda c: c.start) - 1, 0)]


def _of_fields(on: ReviewInput, chunks: _Chunks, fields: list[str], put_off: set[str]) -> Iterator[Suspect]:
    """Yield a Suspect for each Chunk that evidence of suspect fields came from."""
    found: dict[tuple[int, int], tuple[Chunk, set[str]]] = {}
    for extraction in on.extractions:
        for name, start in _places(extraction, fields):
            home = chunks.at(extraction.document, start)
            found.setdefault((extraction.document, home.index), (home, set()))[1].add(name)
    spans = Counter(f for _, names in found.values() for f in names)
    late = {f for f, n in spans.items() if f in put_off and n > LIST_CHUNKS_MAX}
    for (document, _), (chunk, names) in sorted(found.items(), key=lambda f: f[0]):
        wanted = tuple(f for f in fields if f in names - late)
        if wanted:
            yield Suspect(document=document, chunk=chunk, fields=wanted)


def _places(extraction: Extraction, fields: list[str]) -> Iterator[tuple[str, int]]:
    """Yield (field, offset) of each value; a value not found in the text counts at the first one that was."""
    known = next((e.start for e in extraction.evidence if e.start is not None), None)
    places = [(e.path, e.start) for e in extraction.evidence] + [(u.path, known) for u in extraction.unsupported]
    for path, start in places:
        name = next((f for f in fields if is_in(path, f)), None)
        if name is not None and start is not None:
            yield name, start


def _of_items(on: ReviewInput, chunks: _Chunks, items: list[str]) -> Iterator[Suspect]:
    """Yield a Suspect for each Chunk, of the lines of its suspect items."""
    wanted = {_list_of(i) for i in items}
    evidence: dict[str, list[Evidence]] = defaultdict(list)
    for e in on.merged.evidence:
        name = next((k for k in wanted if is_in(e.path, k)), None)
        if name is not None and e.start is not None:
            evidence["/".join(e.path.split("/")[: len(name.split("/")) + 1])].append(e)
    found: dict[tuple[int, int, str], tuple[Chunk, list[Range]]] = {}
    for item in items:
        if item in evidence:
            document = _document_of(on, evidence[item][0])
            start, end = _region(on, evidence, item)
            home = chunks.at(document, max(start, min(e.start or 0 for e in evidence[item])))
            found.setdefault((document, home.index, _list_of(item)), (home, []))[1].append((start, end))
    for (document, _, name), (chunk, ranges) in sorted(found.items(), key=lambda f: f[0]):
        part = chunk_of_records(on.documents[document], chunk, [[r] for r in _joined(ranges)])
        yield Suspect(document=document, chunk=part, fields=(name,))


def _list_of(item: str) -> str:
    return item.rpartition("/")[0]


def _document_of(on: ReviewInput, evidence: Evidence) -> int:
    paths = [d.source.path for d in on.documents]
    return paths.index(evidence.source) if evidence.source in paths[1:] else 0


def _region(on: ReviewInput, evidence: dict[str, list[Evidence]], item: str) -> Range:
    """Return the range of an item's own lines, and of the text between them and its neighbours."""
    text = on.documents[_document_of(on, evidence[item][0])].text
    own = sorted(e.start for e in evidence[item] if e.start is not None)
    last = last_place(own)
    own = [s for s in own if last - ITEM_BEFORE_CHARS <= s <= last]
    end = max(e.end or 0 for e in evidence[item] if e.start in own)
    name, number = _list_of(item), int(item.rpartition("/")[2])
    before = [e.end or 0 for e in evidence.get(f"{name}/{number - 1}", ())]
    behind = [e.start or 0 for e in evidence.get(f"{name}/{number + 1}", ())]
    floor = max([own[0] - LOOSE_TEXT_CHARS, 0, *(b for b in before if b <= own[0])])
    following = min((b for b in behind if end <= b <= end + NEXT_ITEM_CHARS), default=end + LOOSE_TEXT_CHARS)
    ceiling = min(following, len(text))
    first = text.find("\n", floor, own[0]) + 1 or _line_start(text, own[0])
    final = max(text.rfind("\n", end, ceiling), 0) or _line_end(text, end)
    return first, final


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    return len(text) if found < 0 else found


def _joined(ranges: list[Range]) -> list[Range]:
    """Return ranges in text order, with adjacent ones joined."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
