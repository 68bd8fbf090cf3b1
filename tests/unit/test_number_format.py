"""Cell values as spreadsheets show them."""

from __future__ import annotations

import datetime as dt
import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.readers import docx_styles, number_format, rtf, sheet_rows


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (0, '0.00;-0.00;"nil"0', "nil0"),
        (0.195, "0%", "20%"),
        (1234567, "#,##0,", "1,235"),
        (7, "00000", "00007"),
        (12.5, "[$€-407] #,##0.00", "€ 12.50"),
        (12.5, '_(* #,##0.00_);_(* "-"??_)', "12.50"),
        (2.675, "0.00", "2.68"),
        (-0.001, "0.00", "0.00"),
        (0.5, "# ?/?", "0.5"),
        (1e21, "0.00", "1000000000000000000000.00"),
        (float("nan"), "0.00", "nan"),
        (True, "General", "TRUE"),
        (None, "General", ""),
        (dt.datetime.fromisoformat("2024-02-01T13:05:09"), "d/m/yy h:mm", "2024-02-01 13:05:09"),
        (dt.time(9, 5), "h:mm", "09:05:00"),
    ],
)
def test_values_are_shown_as_their_format_says(value: object, form: str, text: str) -> None:
    """Decimals, separators, per cent, brackets, literals, thousands, leading zeros; plain where the format is odd."""
    assert number_format.shown(value, form) == text


@given(st.floats(allow_nan=True, allow_infinity=True), st.text(alphabet='#0,.%?;()-"\\[]$€ _*EGnrl/', max_size=12))
def test_no_format_breaks_it(value: float, form: str) -> None:
    """Any number under any format gives text."""
    assert isinstance(number_format.shown(value, form), str)


@pytest.mark.parametrize("module", [number_format, docx_styles, sheet_rows, rtf])
def test_examples_hold(module: object) -> None:
    """The examples in the docstrings are true."""
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
