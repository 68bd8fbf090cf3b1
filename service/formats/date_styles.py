"""List the ways to write dates and times, in the languages that `thresher.service.formats.dates` reads."""

from __future__ import annotations

from datetime import date, datetime, time

from thresher.service.formats.dates import DateOrder
from thresher.service.formats.languages import MONTHS, SHORT_MONTHS


def date_variants(day: date, order: DateOrder | None = None) -> tuple[str, ...]:
    """List the ways to write a day, ISO first; figures in both orders unless `order` states the document's.

    >>> date_variants(date(2024, 3, 3))[:5]
    ('2024-03-03', 'March 3, 2024', 'Mar 3, 2024', '3 March 2024', '3 Mar 2024')
    """
    worded = [v for language in MONTHS for v in _in_words(day, language)]
    return tuple(dict.fromkeys([day.isoformat(), *worded, *_in_figures(day, order)]))


def _in_words(day: date, language: str) -> list[str]:
    month, short = MONTHS[language][day.month - 1], SHORT_MONTHS[language][day.month - 1]
    d, y = day.day, f"{day.year:04d}"
    if language == "en":
        return _english(day, month, short)
    point = "." if language == "de" else ""
    names = (month, short, f"{short}.")
    found = [f"{n}{point} {name} {y}" for name in names for n in dict.fromkeys((str(d), f"{d:02d}"))]
    if language in {"es", "pt"}:
        found += [f"{d} de {name} {of} {y}" for name in (month, month.capitalize()) for of in ("de", "del")]
    if d == 1 and language in {"fr", "it"}:
        found.append(f"{'1er' if language == 'fr' else '1º'} {month} {y}")
    return found


def _english(day: date, month: str, short: str) -> list[str]:
    d, y, yy = day.day, f"{day.year:04d}", f"{day.year % 100:02d}"
    th = "th" if 10 < d < 20 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    found = [f"{month} {d}, {y}", f"{short} {d}, {y}", f"{d} {month} {y}", f"{d} {short} {y}", f"{short}. {d}, {y}"]
    found += [f"{n} {d:02d}, {y}" for n in (month, short)] + [f"{d:02d} {n} {y}" for n in (month, short)]
    found += [
        f"{month} {d} {y}",
        f"{short} {d} {y}",
        f"{month} {d}{th}, {y}",
        f"{d}{th} {month} {y}",
        f"{d}{th} of {month} {y}",
    ]
    found += [
        f"{d}{th} of {month}, {y}",
        f"{d}{th} day of {month}, {y}",
        f"{d}{th} day of {month} {y}",
        f"{month} {d}{th} {y}",
    ]
    found += [
        f"{n}-{short}-{year}" for n in (f"{d:02d}", str(d)) for year in (y, *([yy] if _two_digits_suffice(day) else []))
    ]
    return [*found, f"{y} {month} {d}", f"{short}-{d:02d}-{y}"]


def _two_digits_suffice(day: date) -> bool:
    """Whether two digits are enough to identify the year."""
    return 1969 <= day.year <= 2068


def _in_figures(day: date, order: DateOrder | None) -> list[str]:
    y, m, d = f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"
    years = (y, f"{day.year % 100:02d}") if _two_digits_suffice(day) else (y,)
    found = [f"{y}/{m}/{d}", f"{y}.{m}.{d}", f"{y}年{day.month}月{day.day}日"]
    found += [f"{y}{m}{d}"] if 1900 <= day.year < 2100 else []
    found += [f"{a}.{b}.{year}" for year in years for a, b in ((d, m), (str(day.day), str(day.month)))]
    sides = {"dmy": (day.day, day.month), "mdy": (day.month, day.day)}
    for a, b in [sides[o] for o in sides if order in {o, None, "ymd"}]:
        found += [
            form
            for mark in "/-"
            for year in years
            for form in (f"{a:02d}{mark}{b:02d}{mark}{year}", f"{a}{mark}{b}{mark}{year}")
        ]
    return found


def time_variants(at: time) -> tuple[str, ...]:
    """List the ways to write a time of day, without its zone.

    >>> time_variants(time(15, 5))
    ('15:05', '15:05:00', '3:05 PM', '3:05 pm', '03:05 PM', '3:05 p.m.', '15.05 Uhr', '15h05', '15:05 Uhr', '15.05')
    """
    hour, half = at.hour % 12 or 12, "AM" if at.hour < 12 else "PM"
    h, m = f"{at.hour:02d}", f"{at.minute:02d}"
    long = f"{h}:{m}:{at.second:02d}"
    if at.second:
        return (long, f"{hour}:{m}:{at.second:02d} {half}", long.replace(":", "."))
    halves = (half, half.lower(), f"{half[0].lower()}.m.")
    found = [
        f"{h}:{m}",
        long,
        f"{hour}:{m} {halves[0]}",
        f"{hour}:{m} {halves[1]}",
        f"{hour:02d}:{m} {half}",
        f"{hour}:{m} {halves[2]}",
    ]
    return tuple(dict.fromkeys([*found, f"{h}.{m} Uhr", f"{h}h{m}", f"{h}:{m} Uhr", f"{h}.{m}"]))


def datetime_variants(moment: datetime, order: DateOrder | None = None) -> tuple[str, ...]:
    """List the ways to write a date with a time; at midnight also the date alone.

    Only the first one, in ISO form, contains the zone.

    >>> datetime_variants(datetime(2024, 3, 3, 10, 15))[:3]
    ('2024-03-03T10:15:00', '2024-03-03 10:15', '2024-03-03 10:15:00')
    """
    days, clocks = date_variants(moment.date(), order), time_variants(moment.time())
    found = [f"{d}{join}{c}" for d in days for join in (" ", ", ") for c in clocks]
    bare = days if moment.time() == time() and moment.tzinfo is None else ()
    return tuple(dict.fromkeys([moment.isoformat(), *bare, *found]))
