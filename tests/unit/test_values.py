"""Values as documents write them: what reads back, what is refused, what is listed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.example_counts import many
from thresher.service.formats.displayed_values import (
    display_variants,
    normal_text,
    normalised,
    parse_bool,
    parse_currency,
    parse_date,
    parse_datetime,
    parse_number,
    parse_time,
)

NEAR = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,204.50", "1204.50"),
        ("1.204,50", "1204.50"),
        ("1 204,50 €", "1204.50"),
        ("1\u202f204,50", "1204.50"),
        ("CHF 1'204.50", "1204.50"),
        ("1,23,456.78", "123456.78"),
        ("($5.00)", "-5.00"),
        ("$-5.00", "-5.00"),
        ("12.50-", "-12.50"),
        ("\u22123", "-3"),
        ("Fr. 20.\u2013", "20"),
        ("5,-", "5"),
        ("19 %", "19"),
        ("$1.5 million", "1500000"),
        ("5 Mio. €", "5000000"),
        ("0,500", "0.5"),
        ("1,204", "1204"),
        ("1.204", "1.204"),
        ("\uff11\uff12", "12"),
        ("1e5", "100000"),
    ],
)
def test_numbers_as_displayed(text: str, number: str) -> None:
    """Separators, currency marks, signs and scales of several countries give the number meant."""
    assert parse_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "-", "12 34", "3.3.2024", "1-2", "5 kg", "1,2,3", "abc", "--5", "1.2.3", "9" * 60, "()", "1,204.500,2"]
)
def test_no_number(text: str) -> None:
    """What is not exactly one number is refused, not guessed."""
    assert parse_number(text) is None


def test_an_ambiguous_mark_goes_by_the_hint() -> None:
    """A single mark before three digits is read by the document's decimal point, or by the field being whole."""
    assert parse_number("1.204", point=",") == parse_number("1.204", whole=True) == 1204
    assert parse_number("1,204", point=",") == Decimal("1.204")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_every_display_of_an_amount_reads_back(value: Decimal) -> None:
    """Whatever way an amount is written, one of the two decimal points reads the same amount back."""
    for text in display_variants(value, "number"):
        assert value in {parse_number(text, point="."), parse_number(text, point=",")}, text


@given(NEAR)
def test_every_display_of_a_date_reads_back(day: date) -> None:
    """Whatever way a day is written, one of the two orders reads the same day back."""
    for text in display_variants(day.isoformat(), "date"):
        readings = {parse_date(text, order="dmy"), parse_date(text, order="mdy")}
        assert day in readings, text
        assert parse_date(text) in {day, None}, text


@given(NEAR, st.sampled_from(["dmy", "mdy"]))
def test_with_a_known_order_every_display_has_one_reading(day: date, order: str) -> None:
    """Displays made for an order read back under it."""
    assert {parse_date(t, order=order) for t in display_variants(day.isoformat(), "date", order)} == {day}  # type: ignore[arg-type]


@many(200)
@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2060, 1, 1)), st.integers(0, 39))  # noqa: DTZ001 - naive on purpose
def test_every_display_of_a_moment_reads_back(moment: datetime, first: int) -> None:
    """Minutes survive every style, of which each example takes one of 40; seconds survive where they are written."""
    moment = moment.replace(microsecond=0, second=0)
    for text in list(display_variants(moment.isoformat(), "datetime", "dmy"))[first::40]:
        assert parse_datetime(text, order="dmy") == moment, text


@given(st.times())
def test_every_display_of_a_time_reads_back(at: time) -> None:
    """Times of day read back to the second."""
    at = at.replace(microsecond=0)
    assert {parse_time(t) for t in display_variants(at.isoformat(), "time")} == {at}


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes a reader raise."""
    for read in (parse_number, parse_date, parse_datetime, parse_time, parse_bool, parse_currency, normal_text):
        read(text)


@given(st.text(alphabet="aB é\u0301-\n\t\u00a0ﬁß\u200b\u2019", max_size=40))
def test_normal_text_is_located(text: str) -> None:
    """Every character of a normal text maps back into the text as given, in order."""
    made = normalised(text)
    assert len(made.text) == len(made.starts) == len(made.ends)
    assert list(made.starts) == sorted(made.starts)
    for i in range(len(made.text)):
        start, end = made.span(i, i + 1)
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-03", date(2024, 3, 3)),
        ("2024-03-03T10:15:00Z", date(2024, 3, 3)),
        ("this 3rd day of March, 2024", date(2024, 3, 3)),
        ("Sonntag, den 3. März 2024", date(2024, 3, 3)),
        ("1er mars 2024", date(2024, 3, 1)),
        ("3 de marzo de 2024", date(2024, 3, 3)),
        ("2024年3月3日", date(2024, 3, 3)),
        ("03-Mar-24", date(2024, 3, 3)),
        ("13/03/2024", date(2024, 3, 13)),
        ("03/13/2024", date(2024, 3, 13)),
        ("03.04.24", date(2024, 4, 3)),
        ("04/04/2024", date(2024, 4, 4)),
    ],
)
def test_dates_as_displayed(text: str, day: date) -> None:
    """Dates in several languages and styles give the day meant."""
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    ["03/04/2024", "24-03-05", "31.02.2024", "March 2024", "2024", "3 March - 5 March 2024", "Invoice 3 March 2024"],
)
def test_no_single_date(text: str) -> None:
    """A text with two readings, a part of a date, or more than a date is refused."""
    assert parse_date(text) is None


def test_a_mail_date_keeps_its_zone() -> None:
    """RFC 5322 dates are read with zone and comment."""
    moment = parse_datetime("Mon, 4 Mar 2024 10:15:00 +0000 (UTC)")
    assert moment == datetime(2024, 3, 4, 10, 15, tzinfo=UTC)


def test_normal_text_joins_what_layout_parted() -> None:
    """Line-break hyphens, ligatures, full-width forms, soft hyphens and decomposed accents fall away."""
    assert normal_text("Agree-\nment") == "agreement"
    assert normal_text("Mu\u0308ller \ufb01ne \uff12 so\u00adft") == "müller fine 2 soft"
    assert normal_text("Rhein-\nMain") == "rhein- main"


def test_yes_and_no() -> None:
    """Words and boxes say yes or no."""
    assert [parse_bool(t) for t in ("Ja", "NO", "☑", "[x]", "☐", "perhaps")] == [True, False, True, True, False, None]
