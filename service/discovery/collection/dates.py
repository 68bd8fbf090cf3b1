"""Read the dates of mails and files, each with the ground on which its time zone rests."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from functools import cache
from zoneinfo import ZoneInfo

from thresher.schemas.discovery.matter import MatterDate
from thresher.service.readers.mail.header_values import FURTHEST_ZONE, NO_YEAR

_OFFSET = re.compile(r"([+-]\d{2}):?(\d{2})\b")
_ISO = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_ZONE = re.compile(r"[+-]\d{4}\b|\b(?:UTC?|GMT|Z|[ECMP][SD]T)\b", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")
_COLON = re.compile(r"\s*:\s*")
_GMT_HOURS = re.compile(r"\b(?:GMT|UTC)([+-])(\d{1,2})$")
_COLON_ZONE = re.compile(r"(?:\b(?:GMT|UTC?))?([+-]\d\d):(\d\d)\b")


def date_of(stated: str, zone: str) -> MatterDate | None:
    """Return a date as a mail states it; the zone `zone` is assumed where it states none. None for an empty text.

    A text that is no date is kept, with evidence "none": no date is ever invented.

    >>> date_of("Mon, 21 May 2001 15:48:00 +0200", "UTC").utc
    '2001-05-21T13:48:00Z'
    """
    text = stated.strip()
    if not text:
        return None
    read = _read(text) or _read(_tidied(text))
    if read is None:
        return MatterDate(original=text)
    when, seconds = read
    try:
        if seconds is not None:
            stated_at = when - timedelta(seconds=seconds)
            return MatterDate(utc=_shown(stated_at), original=text, offset=_offset(text, seconds), evidence="header")
        assumed = when.replace(tzinfo=_zone(zone)).astimezone(UTC)
    except OverflowError:
        return MatterDate(original=text)
    return MatterDate(utc=_shown(assumed), original=text, evidence=f"assumed:{zone}")


def _read(text: str) -> tuple[datetime, int | None] | None:
    """Return a time as it stands, and the seconds of its zone; None for a zone that is not stated, or that none is.

    None where the text is no date.
    """
    try:
        when, seconds = _iso(text) if _ISO.match(text) else _mail_date(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return when, seconds if seconds is None or abs(seconds) <= FURTHEST_ZONE else None


def _tidied(text: str) -> str:
    """Return a date without comments and blanks round colons, with the zone "GMT+1" as "+0100"."""
    bare = _COLON.sub(":", _COMMENT.sub(" ", text)).replace(" at ", " ")
    return _GMT_HOURS.sub(lambda zone: f"{zone[1]}{int(zone[2]):02d}00", bare)


def _iso(text: str) -> tuple[datetime, int | None]:
    when = datetime.fromisoformat(text)
    offset = when.utcoffset()
    return when.replace(tzinfo=None), None if offset is None else int(offset.total_seconds())


def _mail_date(text: str) -> tuple[datetime, int | None]:
    """Return the time as it stands, and the seconds of its zone where one is stated. Raises ValueError, TypeError.

    "-0000" states the time in UTC and hides the sender's zone (RFC 5322).
    """
    bare = _COLON_ZONE.sub(r"\1\2", text)
    parts = parsedate_tz(bare)
    when = _naive(parts)
    if NO_YEAR.search(bare):
        raise ValueError("no year")
    return when, parts[9] if parts and _ZONE.search(bare) else None


def _naive(parts: tuple[int | None, ...] | None) -> datetime:
    if parts is None:
        raise ValueError("no date")
    year, month, day, hour, minute, second = (int(part or 0) for part in parts[:6])
    return datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 - the zone is added by the caller


def _offset(text: str, seconds: int) -> str:
    """Return the offset as stated, or that of a zone's name."""
    found = _OFFSET.search(text[10:])
    if found:
        return f"{found[1]}{found[2]}"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}{minutes:02d}"


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _shown(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def date_of_file(nanoseconds: int) -> MatterDate | None:
    """Return the time of a file system, which states an instant; None for its beginning, which stands for no time."""
    if not nanoseconds:
        return None
    try:
        when = datetime.fromtimestamp(nanoseconds // 10**9, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return MatterDate(utc=_shown(when), offset="+0000", evidence="header")


def date_of_member(parts: tuple[int, int, int, int, int, int], zone: str) -> MatterDate | None:
    """Return the time of an archive's member, which states no zone."""
    try:
        when = datetime(*parts)  # noqa: DTZ001 - a member's time has no zone
        assumed = when.replace(tzinfo=_zone(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if when.year <= 1980:
        return None  # what archives write where they know no date
    return MatterDate(utc=_shown(assumed), original=when.isoformat(sep=" "), evidence=f"assumed:{zone}")
