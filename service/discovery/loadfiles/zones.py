"""Read the time zone that a load file states for a row."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET = re.compile(r"\(?(?:UTC|GMT)?\s*([+\-\u2212])\s*(\d{1,2})(?::?([0-5]\d))?\)?", re.IGNORECASE)
_UTC = frozenset({"UTC", "GMT", "Z", "COORDINATED UNIVERSAL TIME"})
_HOURS_MAX = 14


@cache
def zone_of(text: str) -> tzinfo | None:
    """Return the zone of an IANA name, of UTC or GMT, or of an offset; None for a text that names none for sure.

    Abbreviations have several meanings, and names with an offset beside them ("(UTC-05:00) Eastern Time") say nothing of summer.

    >>> zone_of("GMT-0500"), zone_of("EST"), zone_of("America/New_York")
    (datetime.timezone(datetime.timedelta(days=-1, seconds=68400)), None, zoneinfo.ZoneInfo(key='America/New_York'))
    """
    if text.upper() in _UTC:
        return UTC
    if found := _OFFSET.fullmatch(text):
        hours, minutes = int(found[2]), int(found[3] or 0)
        offset = timedelta(hours=hours, minutes=minutes)
        return timezone(offset if found[1] == "+" else -offset) if hours <= _HOURS_MAX else None
    if "/" not in text:
        return None
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name may be a folder of zones
        return None
