"""Map the fields of a list's items to concepts and shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TypeVar

from thresher.schemas.target import Field
from thresher.service.rules.fields.concepts import Concept, concept_for
from thresher.service.rules.fields.wording import words_of
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import shape_of, shapes_of_kind
from thresher.service.rules.tables.grids import Grid

ITEM_CONCEPTS = (
    "tax",
    "unit_price",
    "line_total",
    "quantity",
    "tax_rate",
    "line_number",
    "unit",
    "item_code",
    "item_description",
    "tax_base",
    "booked_date",
    "value_date",
    "money_out",
    "money_in",
    "running_balance",
    "reference",
    "delivery_date",
)
"""Concepts that fields of items may have."""

KNOWN_FIELDS = 4_096  # of which the concept is held
Made = TypeVar("Made")
Item = dict[str, Span]  # by field path


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """A grid as a list: the column of each field, and how well the headers agree."""

    grid: Grid
    columns: dict[str, int]  # field path to column
    score: float


def once_per_field(make: Callable[[Field], Made]) -> Callable[[Field], Made]:
    """Return a function that makes something of a Field once: a long table asks for it in each of its cells."""
    known: dict[int, tuple[Field, Made]] = {}

    @wraps(make)
    def made(field: Field) -> Made:
        held = known.get(id(field))
        if held is None or held[0] is not field:
            if len(known) >= KNOWN_FIELDS:
                known.clear()
            held = known[id(field)] = field, make(field)
        return held[1]

    return made


@once_per_field
def cell_shape(field: Field) -> str:
    """Return the shape of the values of an item's field."""
    return shape_of(field, line_concept(field)) or "text"


@once_per_field
def with_list_name(field: Field) -> Field:
    """Return the field with its list's name in an alias: "rate" of "/taxes" is also "tax rate".

    >>> with_list_name(Field(path="/taxes/*/rate", kind="number")).aliases
    ('tax rate',)
    """
    parent = words_of(field.path.split("/*")[0].rpartition("/")[2])
    singular = parent.removesuffix("xes") + "x" if parent.endswith("xes") else parent.removesuffix("s")
    return replace(field, aliases=(*field.aliases, f"{singular} {words_of(field.name)}"))


@once_per_field
def line_concept(field: Field) -> Concept | None:
    """Return the concept of an item's field."""
    return concept_for(with_list_name(field), shapes_of_kind(field), ITEM_CONCEPTS)
