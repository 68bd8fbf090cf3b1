"""Hold a list item while it is located: its values, their possible places, and the chosen ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thresher.service.grounding.match_positions import Place

NOT_FOUND = "the text does not hold this value"
REPEATED = "its place in the text is already taken by another item"
ELSEWHERE = "the text holds this value only in other records"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of an item, and everywhere it could stand."""

    path: str
    value: Any
    places: list[Place]
    beside: list[Place] = field(
        default_factory=list
    )  # places that count only on a line with other values of the record
    above: list[Place] = field(default_factory=list)  # headings before the Chunk


@dataclass(slots=True)
class Record:
    """A list item: where its values were placed, and why others were not."""

    leaves: list[Leaf]
    anchor: Place | None = None
    placed: dict[str, Place] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    carried: set[str] = field(default_factory=set)  # paths of values that stand in a heading

    def refuse(self, reason: str) -> None:
        """Give up all values that have a place, for one reason."""
        self.anchor, self.placed = None, {}
        self.refused = {leaf.path: reason if leaf.places else NOT_FOUND for leaf in self.leaves}
