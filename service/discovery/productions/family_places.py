"""Give produced documents their places: families together, parents before children, and one date to sort a family by."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from thresher.schemas.discovery.matter import MatterDate, MatterDocument
from thresher.service.discovery.matter.rows import inner_place
from thresher.service.discovery.productions.family_links import Families

FAMILIES_REMEMBERED = 10_000  # a family's rows stand near each other


class FamilySorting:
    """Gives the members of a family the date by which its top document is sorted, while that is remembered."""

    def __init__(self) -> None:
        """Begin with no family."""
        self._dates: dict[str, MatterDate | None] = {}

    def sorted(self, record: MatterDocument) -> MatterDocument:
        """Return a record with the family's date; a top document that comes after its children leaves them their own."""
        if record.parent_id is None:
            self._dates[record.id] = record.dates.sort
            if len(self._dates) > FAMILIES_REMEMBERED:
                del self._dates[next(iter(self._dates))]
            return record
        date = self._dates.get(record.family_id) or record.dates.sort
        return record.model_copy(update={"dates": record.dates.model_copy(update={"sort": date})})


class FamilyTree:
    """Places of documents: families together, parents before children, tops in the order of the load file."""

    def __init__(self, families: Families) -> None:
        """Number the members of all families."""
        self._parents = families.parents
        self.positions = array("i", bytes(4 * len(families.parents)))  # among siblings; of tops, among all rows
        counts = array("i", bytes(4 * len(families.parents)))
        for i, parent in enumerate(families.parents):
            self.positions[i] = i if parent < 0 else counts[parent]
            if parent >= 0:
                counts[parent] += 1

    def _chain(self, ordinal: int) -> Iterator[int]:
        while ordinal >= 0:
            yield self.positions[ordinal]
            ordinal = self._parents[ordinal]

    def level(self, ordinal: int) -> int:
        """Return 1 for a top document, 2 for its children, and so on."""
        return sum(1 for _ in self._chain(ordinal))

    def place(self, ordinal: int, source: str) -> str:
        """Return the place of a document in its source."""
        place = source
        for position in reversed(list(self._chain(ordinal))):
            place = inner_place(place, position)
        return place
