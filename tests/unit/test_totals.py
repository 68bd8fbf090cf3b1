"""Totals by arithmetic, whatever the amounts are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thresher.service.records.arithmetic.column_sums import Column
from thresher.service.records.arithmetic.line_amounts import STEPS_PER_UNIT, figures, steps_of
from thresher.service.records.arithmetic.total_lines import Totals, lines_needed

AMOUNTS = st.lists(st.integers(min_value=10_000, max_value=99_999_999), min_size=2, max_size=12)


def column(cents: list[int]) -> Column:
    """Amounts in cents, one a line from line 0 on."""
    amounts = [c * int(STEPS_PER_UNIT) // 100 for c in cents]
    sums = [sum(amounts[:n]) for n in range(len(amounts) + 1)]
    return Column(range(len(amounts)), sums, [0])


def printed(cents: int) -> str:
    """An amount as a line prints it."""
    return f"Alle zusammen  {cents / 100:,.2f}"


@given(AMOUNTS)
def test_the_sum_of_all_is_a_total_and_wants_nothing(cents: list[int]) -> None:
    """Below the last of them."""
    totals = Totals([column(cents)])
    line = figures(printed(sum(cents)))
    assert totals.tell(len(cents), line)
    assert totals.last() == len(cents)


@given(AMOUNTS, st.data())
def test_a_sum_that_lacks_one_line_wants_that_line(cents: list[int], data: st.DataObject) -> None:
    """The line that was left out, of several; unless its amount is what another line prints."""
    out = data.draw(st.integers(min_value=0, max_value=len(cents) - 1))
    own = [c for n, c in enumerate(cents) if n != out]
    rest = Column([n for n in range(len(cents)) if n != out], column(own).sums, [0])
    left = {out: figures(printed(cents[out])), len(cents): figures("Other  0.07")}
    missing = lines_needed(Totals([rest]), len(cents) + 1, figures(printed(sum(cents))), left)
    assert missing == frozenset({out})


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_figures_and_values_are_counted_in_the_same_steps(cents: int) -> None:
    """However the amount is printed, in English or in German."""
    text = f"{abs(cents) / 100:,.2f}"
    german = text.translate(str.maketrans(",.", ".,"))
    amount = abs(steps_of(cents / 100) or 0)
    assert all(amount in figures(f"x  {t}")[0].readings for t in (text, german))


@given(st.text(max_size=60))
def test_any_line_has_figures_or_none(line: str) -> None:
    """Nothing that is printed breaks the reading of it."""
    assert all(f.readings and f.size for f in figures(line))
