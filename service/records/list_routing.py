"""Decide which lists of a target could contain a leftover line.

These are the lists with records in the same table, else those with records of the same shape of line; else all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from thresher.schemas.document import Document
from thresher.schemas.target import Target
from thresher.service.records.chunk_parts import Range
from thresher.service.records.line_shapes import shape
from thresher.service.records.record_lines import RecordLines


@dataclass(frozen=True)
class Routing:
    """The lists of one target, and what was found of them in one Document."""

    document: Document
    starts: Sequence[int]  # where its lines begin
    claims: RecordLines
    target: Target

    def lists_for(self, record: Sequence[Range]) -> frozenset[str]:
        """Return the patterns of the lists that could contain the lines of a missed record."""
        for found, told in ((self._tables, self._tables_of), (self._shapes, self._shapes_of)):
            own = set(told(start for start, _ in record))
            fitting = {pattern for pattern, known in found.items() if not own.isdisjoint(known)}
            if fitting:
                return frozenset(fitting)
        return frozenset(self.target.lists)

    @cached_property
    def _tables(self) -> dict[str, set[int]]:
        """Return for each list where the tables with its records begin."""
        return {pattern: set(self._tables_of(lines)) for pattern, lines in self._homes.items()}

    @cached_property
    def _shapes(self) -> dict[str, set[str]]:
        """Return for each list the shapes of the lines on which its records stand."""
        return {pattern: set(self._shapes_of(lines)) for pattern, lines in self._homes.items()}

    @cached_property
    def _homes(self) -> dict[str, list[int]]:
        return {p: [self.starts[i] for i in (c.homes or c.places)] for p, c in self.claims.lists.items()}

    def _tables_of(self, lines: Iterable[int]) -> Iterator[int]:
        tables = (self.document.table_at(start) for start in lines)
        return (table.span()[0] for table in tables if table is not None)

    def _shapes_of(self, lines: Iterable[int]) -> Iterator[str]:
        for start in lines:
            end = self.document.text.find("\n", start)
            if told := shape(self.document.text[start : end if end >= 0 else len(self.document.text)]):
                yield told


def contains_any_list(fields: Sequence[str] | None, lists: Collection[str]) -> bool:
    """Whether some paths of a target (None: all of it) contain any of some lists, or parts of their items.

    >>> contains_any_list(("/orders", "/total"), {"/orders/*/lines"}), contains_any_list(("/orders/*/code",), {"/orders"})
    (True, True)
    """
    return fields is None or any(_within(x, p) or _within(p, x) for p in fields for x in lists)


def _within(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")
