"""The one time zone of a matter, which its first import sets."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.matter.folder import Matter


def check_zone(name: str | None) -> None:
    """Raise InputProblem(field_invalid) for a name that is no IANA time zone; None is one."""
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a name may be that of a folder of zones
        raise InputProblem("field_invalid", f"timezone {name}") from error


def matter_timezone(matter: Matter, wanted: str | None) -> str:
    """Return the zone that holds for the whole matter; its first import sets it. Raises InputProblem(field_invalid)."""
    check_zone(wanted)
    kept = matter.store.get("timezone")
    zone = wanted or kept or "UTC"
    if kept is not None and zone != kept:
        raise InputProblem("field_invalid", f"timezone {zone}: this matter was begun with {kept}")
    matter.store.set("timezone", zone)
    return zone
