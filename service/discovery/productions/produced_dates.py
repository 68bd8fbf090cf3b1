"""Turn the dates of a row into points in time, each with the ground on which its zone rests.

A zone in the value or in the row's TIMEZONE was stated; else the production's zone is assumed, and said so. A day without a time of day
begins at midnight of that zone; `extra` then says that only the day is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo

from thresher.schemas.discovery.matter import MatterDate
from thresher.service.discovery.loadfiles.columns import ColumnMap, dictionary
from thresher.service.discovery.loadfiles.dates import DateOrder, is_none, parse_day, split_date, time_of_day
from thresher.service.discovery.loadfiles.zones import zone_of


@dataclass(frozen=True, slots=True)
class ProducedDates:
    """How the dates of a production are read."""

    columns: ColumnMap
    orders: dict[str, DateOrder | None]
    zone: str  # IANA name, assumed where none is stated

    def date(self, row: list[str], name: str) -> tuple[MatterDate | None, bool]:
        """Return a date of a row, and whether only its day is known; a text that is no date is kept without a time."""
        written = self.columns.value(row, name)
        if is_none(written):
            return None, False
        clock_field = dictionary()[name].time
        beside = self.columns.value(row, clock_field) if clock_field else ""
        original = f"{written} {beside}".strip()
        day_text, time_text = split_date(written)
        day = parse_day(day_text, self.orders.get(name))
        if beside and _is_midnight(time_text):  # what a program writes that knows of days alone
            time_text = beside
        clock = time_of_day(time_text) if time_text else (time(), None)
        if day is None or clock is None:
            return MatterDate(original=original), False
        moment = datetime.combine(day, clock[0])
        return self._placed(moment, clock[1], original, self.columns.value(row, "TIMEZONE")), not time_text

    def _placed(self, moment: datetime, written: tzinfo | None, original: str, stated: str) -> MatterDate:
        """Return a moment in the zone that was written with it, stated in the row, or assumed."""
        zone = written or zone_of(stated)
        found = moment.replace(tzinfo=zone or zone_of(self.zone) or UTC)
        try:
            utc = found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
        except OverflowError:
            return MatterDate(original=original)
        if zone is None:
            return MatterDate(utc=utc, original=original, evidence=f"assumed:{self.zone}")
        return MatterDate(utc=utc, original=original, offset=found.strftime("%z"), evidence="header")


def _is_midnight(text: str) -> bool:
    """Whether a text is no time of day, or the first of a day."""
    clock = time_of_day(text) if text else (time(), None)
    return clock is not None and clock == (time(), None)
