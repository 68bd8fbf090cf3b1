"""Build the schema that a model fills from one Chunk, and bring its answer back into the target's shape.

At this level every field is required and may be null, and every list is required and may be empty: an answer that
leaves something out is a broken answer, not an empty page. Defaults are not shown. The target's own
validator checks the whole, after the merge.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.result import FieldError
from thresher.schemas.target import Target
from thresher.service.formats.amounts import DecimalMark
from thresher.service.formats.date_offsets import has_relative_date
from thresher.service.formats.dates import DateOrder
from thresher.service.formats.figure_habits import date_order_of, decimal_point_of
from thresher.service.provider_schemas.answer_parsing import SchemaPlaces, coerce, read_answer, restore
from thresher.service.provider_schemas.dialects import DIALECTS, Dialect, Name
from thresher.service.provider_schemas.schema_builder import SchemaBuilder, SchemaReduction
from thresher.service.provider_schemas.schema_size import measured_size
from thresher.service.targets.fast_check import certainly_fits
from thresher.service.targets.linear_keywords import linear_validator
from thresher.service.targets.shapes import Schema, Shapes
from thresher.service.targets.validators import FORMATS, schema_errors

__all__ = ["RequestSchema", "build_schema", "check_answer", "coerce", "request_schema_of", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSchema:
    """A target as one model is asked for it."""

    target: Target
    schema: Schema  # for the provider
    lenient: Schema  # for the answer, once it has the target's shape
    spots: SchemaPlaces = field(repr=False)  # of the target's own schema
    judge: Any = field(repr=False)  # of the lenient schema
    order: DateOrder | None = None  # the documents' habit in dates of figures
    point: DecimalMark | None = None  # and in decimal points

    def read(self, answer: Any) -> Any:
        """Return an answer in the target's shape, with displayed values read where they have one reading.

        Members that the target has and this question does not ask for are left out.
        """
        found = read_answer(self.target, answer, order=self.order, point=self.point, spots=self.spots)
        members = self.lenient.get("properties")
        if not isinstance(found, dict) or not members or self.lenient.get("additionalProperties") is not False:
            return found
        return {key: member for key, member in found.items() if key in members}

    def written_as(self, text: str) -> RequestSchema:
        """Return the request for a document whose habits in figures and dates are those of a text."""
        return replace(self, point=decimal_point_of(text), order=date_order_of(text))

    def check(self, data: Any) -> list[FieldError]:
        """Return what does not fit of an answer that was read: one short message for each place.

        A date in the words of a duration from another one fits: code computes it after the merge.
        """
        if certainly_fits(self.lenient, data):
            return []
        return [e for e in schema_errors(self.judge, data) if not self._is_relative(data, e.path)]

    def narrowed(self, schema: Schema, lenient: Schema) -> RequestSchema:
        """Return the request with other schemas, for the provider and for the answer."""
        return replace(self, schema=schema, lenient=lenient, judge=_judge(lenient))

    def _is_relative(self, data: Any, path: str) -> bool:
        value, place = json_pointer.get(data, path), json_pointer.pattern(path)
        return has_relative_date(value) and any(f.kind == "date" and f.path == place for f in self.target.fields)


def request_schema_of(
    target: Target, *, fields: Collection[str] | None = None, dialect: Name = "plain", order: DateOrder | None = None
) -> RequestSchema:
    """Build the request for a target (or for some of its fields, by pattern) in a provider's dialect.

    Where the documents' text is known, say so with `asked.written_as(text)`: it shows their habits in figures.
    """
    lenient = build_schema(target, fields, "lenient")
    return RequestSchema(
        target=target,
        schema=build_schema(target, fields, dialect),
        lenient=lenient,
        spots=SchemaPlaces(target.schema),
        judge=_judge(lenient),
        order=order,
    )


def build_schema(
    target: Target, fields: Collection[str] | None = None, dialect: Name = "plain", *, blanks: bool | None = None
) -> Schema:
    """Build the schema of one question. `fields` are patterns of `target.fields` or of places above; None: all.

    `blanks` says whether an empty text stands for null; None: where the dialect needs it.
    Raises ValueError when no field of the target is among them.
    """
    taken = DIALECTS[dialect]
    how = SchemaReduction(blanks=bool(blanks))
    root = _built(target, fields, taken, how)
    size = measured_size(root)
    if blanks is None and taken.blanks and taken.most_unions is not None and size.unions > taken.most_unions:
        how = replace(how, blanks=True)
    if taken.most_depth is not None and size.depth > taken.most_depth:
        how = replace(how, shallow=True)
    return _built(target, fields, taken, how) if how.shallow or how.blanks else root


def _built(target: Target, fields: Collection[str] | None, dialect: Dialect, how: SchemaReduction) -> Schema:
    build = SchemaBuilder(Shapes(target.schema), dialect, fields, how)
    build.aliases = target.aliases
    root = build.root(target.schema)
    if not root.get("properties") and "items" not in root and root.get("additionalProperties") in (None, False):
        raise ValueError("no field of the target is asked for")
    if build.definitions:
        root["$defs"] = build.definitions
    return root


def check_answer(asked: Schema, answer: Any) -> list[FieldError]:
    """Return where an answer does not fit the requested schema, in words that a model can act on."""
    return list(schema_errors(_judge(asked), answer))


def _judge(asked: Schema) -> Any:
    return linear_validator()(asked, format_checker=FORMATS)
