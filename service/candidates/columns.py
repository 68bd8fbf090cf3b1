"""Columns: what a field of a list's items means, and the items' shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.target import Field
from service.candidates.concepts import Concept, meaning
from service.candidates.find import kinds_of, shape_of
from service.candidates.grids import Grid
from service.candidates.span import Span
from service.candidates.wording import words_of

LINE_LEVEL = (
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

Item = dict[str, Span]  # by field path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A grid read for a list: which column gives which field, and how well the headers agree."""

    grid: Grid
    columns: dict[str, int]  # field path to column
    score: float


def cell_shape(field: Field) -> str:
    """The form of the values of an item's field."""
    return shape_of(field, line_concept(field)) or "text"


def in_full(field: Field) -> Field:
    """The field with the name of its list among its names: "rate" of "/taxes" is also "tax rate".

    >>> in_full(Field(path="/taxes/*/rate", kind="number")).aliases
    ('tax rate',)
    """
    parent = words_of(field.path.split("/*")[0].rpartition("/")[2])
    one = parent.removesuffix("xes") + "x" if parent.endswith("xes") else parent.removesuffix("s")
    return replace(field, aliases=(*field.aliases, f"{one} {words_of(field.name)}"))


def line_concept(field: Field) -> Concept | None:
    """What a field of an item means."""
    return meaning(in_full(field), kinds_of(field), LINE_LEVEL)
