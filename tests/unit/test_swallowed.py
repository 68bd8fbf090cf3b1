"""Swallowed: a value within another value of its record is a doubt, what looks like it and is usual there is none."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from thresher.service.records.suspicious.contained_values import contained_value_errors
from thresher.service.targets.loading import target_from_model


class Booking(BaseModel):
    """A record with a value that not all have."""

    what: str
    reference: str | None
    day: str | None


class Statement(BaseModel):
    """A target with a list."""

    bookings: list[Booking]


TARGET = target_from_model(Statement)


def _bookings(count: int, what: str = "Card payment {}") -> list[dict[str, Any]]:
    return [
        {"what": what.format(n), "reference": f"T{2246000 + n}", "day": f"2024-01-{n + 1:02}"} for n in range(count)
    ]


def test_a_code_at_the_end_of_another_value_is_a_doubt() -> None:
    """Two cells were printed as one run of text: the place of the lacking value is named, and its word."""
    lost = {"what": "Old Mill Garden Centre card payment T2246796", "reference": None, "day": "2024-02-01"}
    (found,) = contained_value_errors(TARGET, {"bookings": [*_bookings(12), lost]})
    assert found.path == "/bookings/12/reference"
    assert "T2246796" in found.message


def test_a_date_is_found_as_it_is_printed() -> None:
    """The data has dates in ISO form, the text of another value does not."""
    lost = {"what": "Broken glass 11/11/2018", "reference": "T1", "day": None}
    assert [e.path for e in contained_value_errors(TARGET, {"bookings": [*_bookings(12), lost]})] == [
        "/bookings/12/day"
    ]


def test_what_lacks_a_value_is_no_doubt_by_itself() -> None:
    """Bookings without a reference are usual, and a number of another length is none."""
    plain = {"what": "Northwind premium policy K21549", "reference": None, "day": None}
    assert contained_value_errors(TARGET, {"bookings": [*_bookings(12), plain]}) == []


def test_texts_that_often_hold_such_words_are_no_doubt() -> None:
    """Descriptions quote the reference of another booking all the time."""
    lost = {"what": "Reversal of T2246796", "reference": None, "day": "2024-02-01"}
    assert contained_value_errors(TARGET, {"bookings": [*_bookings(12, "Reversal of T22460{:02}"), lost]}) == []


def test_few_records_tell_nothing_of_a_make() -> None:
    """Three references may look alike by chance."""
    lost = {"what": "Card payment T2246796", "reference": None, "day": "2024-02-01"}
    assert contained_value_errors(TARGET, {"bookings": [*_bookings(3), lost]}) == []
