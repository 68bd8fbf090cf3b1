"""Parse expressions. The language is closed: anything not listed here does not exist, and no code is executed.

    expression  sum, difference, product or quotient of terms: + - * / and brackets
    term        number | 'text' | path | column | function | duration
    path        JSON Pointer into the data, * for every item: /lines/*/amount
    column      heading of a column of the document's table, in brackets: [Unit price]
    function    sum(x) average(x) minimum(x) maximum(x) count(x) count()   over all items or rows,
                round(x, places) absolute(x)
    filter      where, in a function: sum([Units] where [State] = 'late' and [Price] > 5)
    duration    90 days, 6 months, 2 years: added to a date or taken from one; a date less a date is a number of days

A minus or a division sign beside a name stands between blanks: /a-b is one name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NoReturn

MAX_CHARS = 500  # characters of an expression at most
MAX_DEPTH = 20  # brackets within brackets
Operator = Literal["+", "-", "*", "/"]
Function = Literal["sum", "average", "minimum", "maximum", "count", "round", "absolute"]
Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
Unit = Literal["days", "months", "years"]

_FUNCTION_NAMES: dict[str, Function] = {
    "sum": "sum", "total": "sum", "average": "average", "avg": "average", "mean": "average", "minimum": "minimum",
    "min": "minimum", "maximum": "maximum", "max": "maximum", "count": "count", "round": "round",
    "absolute": "absolute", "abs": "absolute",
}  # fmt: skip
_UNITS: dict[str, tuple[Unit, int]] = {
    "day": ("days", 1), "days": ("days", 1), "week": ("days", 7), "weeks": ("days", 7), "month": ("months", 1),
    "months": ("months", 1), "year": ("years", 1), "years": ("years", 1),
}  # fmt: skip


class ExpressionError(ValueError):
    """The text is no expression; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of days, months or years."""

    amount: Expression
    unit: Unit
    times: int  # factor: 7 for weeks


@dataclass(frozen=True, slots=True)
class Path:
    """A place in the data; `*` stands for every item."""

    path: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of the document."""

    heading: str


@dataclass(frozen=True, slots=True)
class Negative:
    """The opposite of a number."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """Two terms and the operator between them."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on items or rows."""

    operator: Comparison
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of an expression, over the items or rows that fulfil every test."""

    function: Function
    of: Expression | None
    tests: tuple[Test, ...] = ()
    places: int = 0  # of "round"


Expression = Number | Text | Duration | Path | Column | Negative | Binary | Call

_BLANK = re.compile(r"\s*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TEXT = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_PATH = re.compile(r"(?:/(?:\*|[^\W\d][\w$~.:]*(?:-\w[\w$~.:]*)*|\d+))+")
_COLUMN = re.compile(r"\[([^\[\]]+)\]")
_NAME = re.compile(r"[^\W\d]\w*")
_COMPARES = re.compile(r"!=|<=|>=|==|[=<>]")


def parse_expression(text: str) -> Expression:
    """Return the parsed expression. Raises ExpressionError.

    >>> parse_expression("sum(/lines/*/amount) - /paid")
    Binary(operator='-', left=Call(function='sum', of=Path(path='/lines/*/amount'), tests=(), places=0), right=Path(path='/paid'))
    """
    if len(text) > MAX_CHARS:
        raise ExpressionError(f"an expression has {MAX_CHARS} characters at most")
    parser = _Parser(text)
    found = parser.sum()
    parser.ended()
    return found


class _Parser:
    """A recursive-descent parser; the expected token decides whether a slash divides or begins a path."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    def ended(self) -> None:
        self._skip()
        if self._at < len(self._text):
            self._fail("something that belongs to nothing")

    def sum(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail("too many brackets")
        found = self._product()
        while sign := self._sign("+-"):
            found = Binary(sign, found, self._product())
        self._depth -= 1
        return found

    def _product(self) -> Expression:
        found = self._term()
        while sign := self._sign("*/"):
            found = Binary(sign, found, self._term())
        return found

    def _term(self) -> Expression:
        if self._taken("-"):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                self._fail("too many signs")
            found: Expression = Negative(self._term())
            self._depth -= 1
            return found
        found = self._bracket() if self._taken("(") else self._leaf()
        return self._with_unit(found)

    def _bracket(self) -> Expression:
        found = self.sum()
        self._need(")")
        return found

    def _leaf(self) -> Expression:
        if match := self._match(_NUMBER):
            return Number(Decimal(match[0]))
        if match := self._match(_TEXT):
            return Text(match[1] if match[1] is not None else match[2])
        if match := self._match(_COLUMN):
            return Column(" ".join(match[1].split()))
        if match := self._match(_PATH):
            return Path(match[0])
        if not (match := self._match(_NAME)):
            self._fail("no term")
        return self._call(match[0])

    def _with_unit(self, amount: Expression) -> Expression:
        """Return a duration where a unit of time follows, else the amount."""
        self._skip()
        match = _NAME.match(self._text, self._at)
        if not match or match[0].casefold() not in _UNITS:
            return amount
        self._at = match.end()
        unit, times = _UNITS[match[0].casefold()]
        return Duration(amount, unit, times)

    def _call(self, name: str) -> Expression:
        function = _FUNCTION_NAMES.get(name.casefold())
        if function is None or not self._taken("("):
            self._fail(f"no function is called {name}")
        of = None if self._is_next(")") or self._is_word("where") else self.sum()
        places = self._places() if function == "round" else 0
        tests = tuple(self._tests())
        self._need(")")
        if of is None and function != "count":
            self._fail(f"{function} of nothing")
        return Call(function, of, tests, places)

    def _places(self) -> int:
        if not self._taken(","):
            return 0
        match = self._match(_NUMBER)
        if not match or "." in match[0] or len(match[0]) > 1:
            self._fail("round takes a number of places from 0 to 9")
        return int(match[0])

    def _tests(self) -> list[Test]:
        if not self._is_word("where"):
            return []
        self._match(_NAME)
        tests = [self._test()]
        while self._is_word("and"):
            self._match(_NAME)
            tests.append(self._test())
        return tests

    def _test(self) -> Test:
        left = self.sum()
        match = self._match(_COMPARES)
        if not match:
            self._fail("a filter compares two terms")
        operator: Comparison = "=" if match[0] == "==" else match[0]  # type: ignore[assignment]
        return Test(operator, left, self.sum())

    def _sign(self, signs: str) -> Operator | None:
        self._skip()
        char = self._text[self._at : self._at + 1]
        if not char or char not in signs:
            return None
        self._at += 1
        return char  # type: ignore[return-value]

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self._skip()
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at

    def _is_next(self, char: str) -> bool:
        self._skip()
        return self._text.startswith(char, self._at)

    def _is_word(self, word: str) -> bool:
        self._skip()
        found = _NAME.match(self._text, self._at)
        return found is not None and found[0].casefold() == word

    def _taken(self, char: str) -> bool:
        found = self._is_next(char)
        self._at += found
        return found

    def _need(self, char: str) -> None:
        if not self._taken(char):
            self._fail(f"{char} is missing")

    def _fail(self, what: str) -> NoReturn:
        raise ExpressionError(f"{what} at character {self._at + 1}")
