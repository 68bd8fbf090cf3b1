"""Cell values as spreadsheets show them."""

from __future__ import annotations

import datetime as dt
import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.service.readers import hidden_text, invisible_characters, text_marks
from thresher.service.readers.archives import signed_envelope_reader
from thresher.service.readers.mail import body_blocks, mime_to_letter
from thresher.service.readers.office import number_format, sheet_rows
from thresher.service.readers.office.docx import docx_styles
from thresher.service.readers.office.rtf import rtf_reader, rtf_story
from thresher.service.readers.office.xlsx import xlsx_ranges
from thresher.service.readers.text import csv_reader
from thresher.service.readers.web import css_rules, css_values


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
    assert number_format.format_value(value, form) == text


MODULES = [
    *(
        number_format,
        docx_styles,
        sheet_rows,
        rtf_reader,
        rtf_story,
        text_marks,
        hidden_text,
        invisible_characters,
        css_rules,
        css_values,
    ),
    *(xlsx_ranges, signed_envelope_reader, csv_reader, mime_to_letter, body_blocks),
]


@given(st.floats(allow_nan=True, allow_infinity=True), st.text(alphabet='#0,.%?;()-"\\[]$€ _*EGnrl/', max_size=12))
def test_no_format_breaks_it(value: float, form: str) -> None:
    """Any number under any format gives text."""
    assert isinstance(number_format.format_value(value, form), str)


@pytest.mark.parametrize("module", MODULES)
def test_examples_hold(module: object) -> None:
    """The examples in the docstrings are true."""
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(st.text(alphabet="ab1 ,.-/n", max_size=6), st.booleans(), st.sampled_from([-1, 0, 1])), max_size=6
    )
)
def test_marks_lose_no_letter(runs: list[tuple[str, bool, int]]) -> None:
    """Whatever runs are set apart, every letter of them stands in the text, in order."""
    text = text_marks.join_runs([(part, text_marks.Mark(struck, shift)) for part, struck, shift in runs])
    letters = [c for part, _, _ in runs for c in part if c in "ab"]
    assert [c for c in text if c in "ab"] == letters
    assert text.count("~~") % 2 == 0


@pytest.mark.parametrize(
    ("style", "pixels_wide"), [("-9999px", -9999.0), (".5in", 48.0), ("10 px", 10.0), ("calc(1px)", None), ("", None)]
)
def test_lengths_of_style_sheets(style: str, pixels_wide: float | None) -> None:
    """Lengths with and without units; what is none gives none."""
    assert css_values.pixels(style) == pixels_wide
