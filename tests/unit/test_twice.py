"""Records that are told twice of one place are not sure; rows that only read the same are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from thresher.schemas.extraction import Evidence
from thresher.service.records.suspicious.duplicate_records import duplicate_record_errors
from thresher.service.targets.loading import target_from_model


class Booking(BaseModel):
    """A record."""

    day: str
    what: str
    amount: float


class Bookings(BaseModel):
    """A target with a list."""

    bookings: list[Booking]


TARGET = target_from_model(Bookings)
ROW = {"day": "02.06.2023", "what": "Tea", "amount": 290.91}


def told(rows: list[dict[str, Any]], places: list[tuple[int, int]]) -> list[str]:
    """The paths in doubt, by where each row's day and amount stand."""
    evidence = [
        Evidence(path=f"/bookings/{i}/{name}", quote=quote, start=start, end=start + len(quote), match="exact", chunk=0)
        for i, place in enumerate(places)
        for name, quote, start in zip(("day", "amount"), ("02.06.2023", "290.91 DR"), place, strict=True)
    ]
    return [e.path for e in duplicate_record_errors({"bookings": rows}, evidence, TARGET)]


def test_two_that_share_an_amount_are_not_sure() -> None:
    """The second of them is named."""
    assert told([ROW, ROW, ROW], [(0, 20), (50, 70), (90, 70)]) == ["/bookings/2"]


@pytest.mark.parametrize("second", [ROW, {**ROW, "what": "Rum"}])
def test_each_with_its_own_amount_is_sure(second: dict[str, Any]) -> None:
    """A day that stands above several rows is shared by them."""
    assert told([ROW, second], [(0, 20), (0, 70)]) == []


def test_records_that_differ_may_share_an_amount() -> None:
    """As a total that several rows name."""
    assert told([ROW, {**ROW, "what": "Rum"}], [(0, 20), (50, 20)]) == []
