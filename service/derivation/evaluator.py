"""Evaluate expressions over values, in Decimal and in days; no code is executed.

A missing value makes an expression fail (MissingError). Inside a function, an item or row without the value is left out,
and the outcome is marked as incomplete.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, DecimalException, localcontext
from typing import Protocol

from thresher.service.derivation.expression_language import (
    Binary,
    Call,
    Column,
    Comparison,
    Duration,
    Expression,
    Negative,
    Number,
    Path,
    Test,
    Text,
)
from thresher.service.formats.displayed_values import normal_text

PRECISION_DIGITS = 50  # significant digits of the arithmetic
UNIT_MAX_DIGITS = 2_000  # digits of a rounded number: an exponent has three digits at most
Value = Decimal | date | str


class MissingError(Exception):
    """An expression has no result: a value, a column or a meaning is missing."""


class Row(Protocol):
    """One item of a list or row of a table."""

    def value(self, term: Path | Column) -> Value | None:
        """Return the value of a term in this row; None where there is none."""
        ...


class Scope(Protocol):
    """Where terms find their values."""

    def single(self, path: str) -> Value | None:
        """Return the value at a path outside lists, or in the current item."""
        ...

    def rows(self, terms: tuple[Path | Column, ...]) -> list[Row]:
        """Return the items or rows over which terms run together; without terms, those of the only list or table.

        Raises MissingError where there are none, or several possible lists or tables.
        """
        ...

    def is_single(self, path: str) -> bool:
        """Whether a path names one place."""
        ...


@dataclass(slots=True)
class Outcome:
    """The result of an expression."""

    value: Value
    complete: bool = True  # whether no item or row was left out because it has no value


@dataclass(slots=True)
class _Run:
    scope: Scope
    around: tuple[Path | Column, ...] = ()  # all terms of the expression that run over rows
    complete: bool = True
    row: Row | None = None
    functions: Mapping[str, Callable[[list[Value]], Value]] = field(default_factory=lambda: _FUNCTIONS)

    def value(self, of: Expression) -> Value:
        match of:
            case Number(value) | Text(value):
                return value
            case Path() | Column():
                return self._found(of)
            case Negative(inner):
                return -_number(self.value(inner))
            case Binary(_, left, Duration() as duration):
                return self._moved(of.operator, left, duration)
            case Binary(operator, left, right):
                return _joined(operator, self.value(left), self.value(right))
            case Call():
                return self._called(of)
            case Duration():
                raise MissingError("a duration is no value by itself")

    def _found(self, term: Path | Column) -> Value:
        here = isinstance(term, Path) and self.scope.is_single(term.path)
        if here:
            found = self.scope.single(term.path) if isinstance(term, Path) else None
        elif self.row is None:
            raise MissingError("a list or a column outside a function")
        else:
            found = self.row.value(term)
        if found is None:
            raise MissingError("a value is missing")
        return found

    def _moved(self, operator: str, left: Expression, by: Duration) -> Value:
        day, amount = self.value(left), _number(self.value(by.amount)) * by.times
        if not isinstance(day, date) or operator not in "+-" or amount != int(amount):
            raise MissingError("a duration goes with a date")
        return date_shifted(day, int(amount) if operator == "+" else -int(amount), by.unit)

    def _called(self, call: Call) -> Value:
        if call.function in {"round", "absolute"} and call.of is not None:
            number = _number(self.value(call.of))
            return abs(number) if call.function == "absolute" else rounded(number, call.places)
        if self.row is not None:
            raise MissingError("a function within a function")
        own = tuple(t for part in (call.of, *call.tests) if part is not None for t in self.terms(part))
        values = list(self._over(self.scope.rows(tuple(dict.fromkeys(own or self.around))), call))
        if call.function == "count":
            return Decimal(len(values))
        if not values:
            raise MissingError("no value to compute with")
        return self.functions[call.function](values)

    def _over(self, rows: list[Row], call: Call) -> Iterator[Value]:
        """Yield the values of a call's rows; for "count" without an expression, 1 for each."""
        for row in rows:
            self.row = row
            try:
                if all(self._holds(test) for test in call.tests):
                    yield Decimal(1) if call.of is None else self.value(call.of)
            except MissingError:
                self.complete &= call.function == "count"
            finally:
                self.row = None

    def _holds(self, test: Test) -> bool:
        return compared(test.operator, self.value(test.left), self.value(test.right))

    def terms(self, part: Expression | Test) -> Iterator[Path | Column]:
        """Yield the paths and columns that run over rows."""
        match part:
            case Path(path):
                if not self.scope.is_single(path):
                    yield part
            case Column():
                yield part
            case Negative(inner) | Duration(inner):
                yield from self.terms(inner)
            case Binary(_, left, right) | Test(_, left, right):
                yield from self.terms(left)
                yield from self.terms(right)
            case Call(_, of, tests):
                for inside in (of, *tests):
                    if inside is not None:
                        yield from self.terms(inside)


def evaluate(expression: Expression, scope: Scope) -> Outcome:
    """Return the result of an expression in a scope. Raises MissingError where it has none."""
    run = _Run(scope)
    run.around = tuple(dict.fromkeys(run.terms(expression)))
    with localcontext() as context:
        context.prec = PRECISION_DIGITS
        try:
            value = run.value(expression)
        except (DecimalException, OverflowError, ValueError) as error:
            raise MissingError(f"it cannot be computed: {type(error).__name__}") from error
    if isinstance(value, Decimal) and not (value.is_finite() and value.adjusted() < PRECISION_DIGITS):
        raise MissingError("the number is too large to be exact")
    return Outcome(value, run.complete)


def compared(operator: Comparison, left: Value, right: Value) -> bool:
    """Return whether an operator holds between two values; texts compare without regard to case.

    >>> compared("=", "Late ", "late"), compared("<", Decimal(2), Decimal(10)), compared("=", "7", Decimal(7))
    (True, True, False)
    """
    a, b = (normal_text(v) if isinstance(v, str) else v for v in (left, right))
    if type(a) is not type(b):
        return operator == "!="
    if operator in {"=", "!="}:
        return (a == b) is (operator == "=")
    if isinstance(a, str):
        raise MissingError("texts have no order")
    below, same = a < b, a == b  # type: ignore[operator] # of one type, as checked above
    return {"<": below, "<=": below or same, ">": not below and not same, ">=": not below}[operator]


def rounded(number: Decimal, places: int) -> Decimal:
    """Return a number rounded to so many decimals, halves away from 0.

    >>> rounded(Decimal("2.345"), 2), rounded(Decimal("-0.5"), 0)
    (Decimal('2.35'), Decimal('-1'))
    """
    return to_unit(number, Decimal(1).scaleb(-places), ROUND_HALF_UP)


def to_unit(number: Decimal, unit: Decimal, rounding: str) -> Decimal:
    """Return a number rounded to a unit (a power of ten), however many digits that takes.

    >>> to_unit(Decimal(10) ** 40, Decimal("0.01"), ROUND_HALF_UP) == Decimal(10) ** 40
    True
    """
    with localcontext() as context:
        context.prec = UNIT_MAX_DIGITS
        return number.quantize(unit, rounding)


def date_shifted(day: date, by: int, unit: str) -> date:
    """Return the day so many days, months or years later, at most the last day of its month.

    >>> date_shifted(date(2024, 1, 31), 1, "months"), date_shifted(date(2024, 2, 29), -1, "years")
    (datetime.date(2024, 2, 29), datetime.date(2023, 2, 28))
    """
    if unit == "days":
        return day + timedelta(days=by)
    months = day.year * 12 + day.month - 1 + (by * 12 if unit == "years" else by)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _joined(operator: str, left: Value, right: Value) -> Value:
    if isinstance(left, date) and isinstance(right, date) and operator == "-":
        return Decimal((left - right).days)
    a, b = _number(left), _number(right)
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b
    return a * b if operator == "*" else a / b


def _number(value: Value) -> Decimal:
    if not isinstance(value, Decimal):
        raise MissingError("this is no number")
    return value


def _sum(values: list[Value]) -> Value:
    return sum((_number(v) for v in values), Decimal(0))


def _average(values: list[Value]) -> Value:
    return _number(_sum(values)) / len(values)


def _ordered(values: list[Value]) -> list[Value]:
    if len({type(v) for v in values}) > 1 or isinstance(values[0], str):
        raise MissingError("these have no order")
    return sorted(values)


_FUNCTIONS: Mapping[str, Callable[[list[Value]], Value]] = {
    "sum": _sum,
    "average": _average,
    "minimum": lambda values: _ordered(values)[0],
    "maximum": lambda values: _ordered(values)[-1],
}
