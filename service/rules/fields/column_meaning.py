"""Map the fields of a list's items to concepts and shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace

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

Item = dict[str, Span]  # by field path


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """A grid as a list: the column of each field, and how well the headers agree."""

    grid: Grid
    columns: dict[str, int]  # field path to column
    score: float


def cell_shape(field: Field) -> str:
    """Return the shape of the values of an item's field."""
    return shape_of(field, line_concept(field)) or "text"


def with_list_name(field: Field) -> Field:
    """Return the field with its list's name in an alias: "rate" of "/taxes" is also "tax rate".

    >>> with_list_name(Field(path="/taxes/*/rate", kind="number")).aliases
    ('tax rate',)
    """
    parent = words_of(field.path.split("/*")[0].rpartition("/")[2])
    singular = parent.removesuffix("xes") + "x" if parent.endswith("xes") else parent.removesuffix("s")
    return replace(field, aliases=(*field.aliases, f"{singular} {words_of(field.name)}"))


def line_concept(field: Field) -> Concept | None:
    """Return the concept of an item's field."""
    return concept_for(with_list_name(field), shapes_of_kind(field), ITEM_CONCEPTS)
