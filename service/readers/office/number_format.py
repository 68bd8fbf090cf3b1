"""Format cell values as a spreadsheet shows them, for simple number formats.

Dates and times become ISO 8601 (a local format would be ambiguous: 01/02/2024). Numbers get the decimals, thousands
separators (always "," and "."), per cent signs, literals and brackets of their format. Other formats (fractions,
exponents, conditions) give the plain number with up to 15 significant digits, as stored in the file.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

_QUOTED = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]{0,255}+)[^\]]{0,255}+\]|_.|\*.|\[[^\]]{0,255}+\]'
)  # 255: Excel's limit
_PLAIN = re.compile(r"([^#0?]*?)([#0?,]*[#0?])(?:\.([#0?]+))?(,*)([^#0?]*)")
_DIGITS_WITH_LITERALS = re.compile(r"(?=.*[#0?][^#0?.,/%;E]+[#0?])[^.,/%;Ee\ue003\ue004]*")  # literals between digits
_ELAPSED = re.compile(r"\[(h|m|s)\1*\]", re.IGNORECASE)
_TIME = re.compile(r"h|s|am/pm", re.IGNORECASE)
_DATE = re.compile(r"[dy]|mmm", re.IGNORECASE)
_SAFE = {"#": "\ue000", "0": "\ue001", "?": "\ue002", ",": "\ue003", ".": "\ue004", "%": "\ue005", ";": "\ue006"}
_WORD = "\ue010"  # a quoted text with letters or figures
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d{1,30}(?:\.\d{1,30})?)\]")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
_BACK = str.maketrans({v: k for k, v in _SAFE.items()})


class FormatSection(NamedTuple):
    """One section of a number format."""

    before: str
    after: str
    least: int  # fewest decimals
    most: int  # most decimals
    digits: int  # fewest digits before the point
    grouped: bool
    scale: int  # power of ten by which the number is multiplied: 2 for per cent, -3 for thousands
    places: str = ""  # the digits 0, # or ? with literals between them; else empty
    words: str = ""  # shown instead of the number, such as Yes; else empty


def format_value(value: object, form: str = "General") -> str:
    """Return a cell's value as text.

    >>> format_value(1234.5, "#,##0.00"), format_value(0.195, "0.0%"), format_value(-3, '"EUR" 0.00;("EUR" 0.00)'), format_value(0.1 + 0.2)
    ('1,234.50', '19.5%', '(EUR 3.00)', '0.3')
    >>> format_value(dt.timedelta(days=1, hours=12), "[h]:mm"), format_value(123456789, "000-00-0000"), format_value(7, '"0"00')
    ('36:00', '123-45-6789', '007')
    >>> [format_value(value, '"Yes";"No";"open"') for value in (1, -1, 0)], format_value(0, '0.00;-0.00;"-"')
    (['Yes', 'No', 'open'], '0.00')
    >>> format_value(dt.datetime(2024, 2, 1), "dd/mm/yyyy"), format_value(dt.datetime(2024, 2, 1, 9, 5), "d.m. hh:mm")
    ('2024-02-01', '2024-02-01 09:05:00')
    """
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).upper()
    match value:
        case int() | float():
            return _number(value, form)
        case dt.datetime():
            return _moment(value, form)
        case dt.timedelta():
            return _elapsed(value, form)
        case dt.date() | dt.time():
            return value.isoformat()
    return str(value)


def _moment(value: dt.datetime, form: str) -> str:
    """Return a date, or date and time, in ISO 8601."""
    bare = _QUOTED.sub("", form)
    midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
    if midnight and not (_TIME.search(bare) and _DATE.search(bare)):
        return value.date().isoformat()
    return value.replace(microsecond=0).isoformat(sep=" ")


def is_elapsed(form: str) -> bool:
    """Whether a format shows a duration, not a time of day.

    >>> is_elapsed("[h]:mm:ss"), is_elapsed("[Red]0.00"), is_elapsed('"[h]"0')
    (True, False, False)
    """
    return _ELAPSED.search(re.sub(r'"[^"]*"', "", form)) is not None


def _elapsed(value: dt.timedelta, form: str) -> str:
    """Return a duration in the units of its format; the first unit (hours, minutes or seconds) is unlimited.

    >>> _elapsed(dt.timedelta(hours=49, minutes=30), "[hh]:mm"), _elapsed(dt.timedelta(minutes=75), "[m]")
    ('49:30', '75')
    """
    bare = form.split(";", maxsplit=1)[0]
    seconds = round(abs(value.total_seconds()))
    first = _ELAPSED.search(bare)
    if first is None:
        return str(value)
    sign = "-" if value.total_seconds() < 0 else ""
    units = {"h": seconds // 3600, "m": seconds // 60 % 60, "s": seconds % 60}
    units[first[1].lower()] = {"h": seconds // 3600, "m": seconds // 60, "s": seconds}[first[1].lower()]

    def one(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0].strip('"\\')
        return f"{units[match[1].lower()]:0{len(match[0].strip('[]'))}d}"

    return (
        sign
        + re.sub(
            r'"[^"]*"|\\.|\[?([hms])\1*\]?', one, re.sub(r"\.0+|\[\$[^\]]*\]|_.|\*.|@", "", bare), flags=re.IGNORECASE
        ).strip()
    )


def hiding_reason(value: float | str, form: str) -> str:
    """Return why a format hides a value; empty where it shows something.

    >>> hiding_reason(5, ";;;"), hiding_reason("x", ";;;"), hiding_reason("x", "0.00"), hiding_reason(-1, "0;;"), hiding_reason(5, "[White]0")
    ('number format without a place for it', 'number format without a place for it', '', 'number format without a place for it', 'white number format')
    """
    if ";" not in form and "[" not in form:
        return ""
    sections = re.sub(r'"[^"]*"|\\.', lambda m: "x" if m[0] != '""' else "", form).split(";")
    if isinstance(value, str) and len(sections) < 4:
        return ""
    index = 3 if isinstance(value, str) else _section_for(value, form, len(sections))
    section = sections[index]
    if len(sections) > 1 and not section.strip():
        return "number format without a place for it"
    return "white number format" if section.strip().lower().startswith("[white]") else ""


def text_as_shown(text: str, form: str) -> str:
    """Return a text as the section of a format for texts shows it.

    >>> text_as_shown("Rent", '0;0;0;"see "@'), text_as_shown("Rent", '0;0;0;"7,000"'), text_as_shown("Rent", "0.00")
    ('see Rent', '7,000', 'Rent')
    """
    if form.count(";") < 3:
        return text
    section = (_QUOTED.sub(lambda m: "".join(_SAFE.get(c, c) for c in (m[1] or m[2] or "")), form)).split(";")[3:4]
    return "".join(section).replace("@", text).translate(_BACK) or text


@lru_cache(maxsize=512)
def _conditions(form: str) -> tuple[tuple[str, float] | None, ...]:
    """Return the condition of each section of a format, such as (">", 100); None where it has none."""
    sections = re.sub(r'"[^"]*"|\\.', "", form).split(";")
    found = [_CONDITION.search(section) for section in sections]
    return tuple((one[1], float(one[2])) if one else None for one in found)


def _section_for(value: float, form: str, count: int) -> int:
    """Return the index of the section, of so many, that shows a number.

    >>> [_section_for(v, "0;-0;zero", 3) for v in (1, -1, 0)], [_section_for(v, "[>9]0;[<0]0;0", 3) for v in (10, -1, 5)]
    ([0, 1, 2], [0, 1, 2])
    """
    conditions = _conditions(form)
    if not any(conditions):
        return 1 if value < 0 and count > 1 else 2 if value == 0 and count > 2 else 0
    for i, one in enumerate(conditions[:2]):
        if one is not None and _COMPARISONS[one[0]](value, one[1]):
            return i
    rest = 1 if len(conditions) > 1 and conditions[1] is None and (count == 2 or value < 0) else 2
    return max(min(rest, count - 1), 0)


def _number(value: float, form: str) -> str:
    sections = _sections(form)
    chosen = _section_for(value, form, len(sections))
    section = (sections[chosen] or sections[0]) if sections else None
    if chosen == 1 and value < 0 and section is sections[1] and not any(_conditions(form)):
        value = -value  # its own section writes the sign
    if section is None or value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
        return general(value)
    return _formatted(value, section)


def general(value: float) -> str:
    """Return a number with up to 15 significant digits, without an exponent where it can be written out.

    >>> general(12.0), general(1e15 / 3), general(2.5e-7), general(4.4000000000000004)
    ('12', '333333333333333', '0.00000025', '4.4')
    """
    text = f"{value:.15g}"
    if "e" in text and 1e-12 < abs(value) < 1e20:
        text = f"{Decimal(text):f}"
    return text


MAX_DIGITS = 26  # digits of a formatted number at most, as Decimal's precision is 28


def _formatted(value: float, s: FormatSection) -> str:
    """Format a number by a section; very small or large ones are written plainly."""
    if s.words:
        return s.words
    exact = Decimal(f"{value:.15g}").scaleb(s.scale)
    if not -20 < exact.adjusted() < 30 or exact.adjusted() + s.most > MAX_DIGITS:
        return general(value)
    if s.places:
        return _with_literals(exact, s)
    text = f"{abs(exact).quantize(Decimal(1).scaleb(-s.most), ROUND_HALF_UP):f}"
    whole, _, decimals = text.partition(".")
    while len(decimals) > s.least and decimals.endswith("0"):
        decimals = decimals[:-1]
    whole = whole.lstrip("0").rjust(s.digits, "0")
    if s.grouped and whole:
        whole = f"{int(whole):,}".rjust(s.digits, "0")
    sign = "-" if exact < 0 and any(c not in "0." for c in text) else ""
    return f"{sign}{s.before}{whole}{'.' if decimals else ''}{decimals}{s.after}".strip() or "0"


def _with_literals(exact: Decimal, s: FormatSection) -> str:
    """Format a whole number with literals between its digits: 000-00-0000, (###) ###-####."""
    figures = f"{abs(exact).quantize(Decimal(1), ROUND_HALF_UP):f}".lstrip("0")
    written: list[str] = []
    for at in range(len(s.places) - 1, -1, -1):
        sign = s.places[at]
        if sign not in "0#?":
            written.append(sign)
        elif figures and not re.search(r"[0#?]", s.places[:at]):
            written.append(figures[::-1])
            figures = ""
        elif figures:
            written.append(figures[-1])
            figures = figures[:-1]
        elif sign == "0":
            written.append("0")
    return ("-" if exact < 0 else "") + "".join(written)[::-1].translate(_BACK).strip()


@lru_cache(maxsize=512)
def _sections(form: str) -> tuple[FormatSection | None, ...]:
    """Return the sections of a format, None for one that is not simple; empty for the general format."""
    if form in {"General", "@", ""}:
        return ()
    bare = _QUOTED.sub(lambda m: "".join(_SAFE.get(c, c) for c in (m[1] or m[2] or m[3] or "")), form)
    outside = _QUOTED.sub(lambda m: _WORD if re.search(r"[^\W_]", m[1] or m[2] or "") else "", form)
    return tuple(
        _shape(section, is_words=_WORD in rest and not re.search(r"[#0?@]|[^\W_]", rest.replace(_WORD, "")))
        for section, rest in list(zip(bare.split(";"), outside.split(";"), strict=False))[:3]
    )


def _shape(section: str, *, is_words: bool = False) -> FormatSection | None:
    """Parse one section; None where it is not simple. `is_words`: it has no place for a number, only words."""
    if is_words:
        return FormatSection("", "", 0, 0, 0, grouped=False, scale=0, words=section.translate(_BACK).strip())
    if _DIGITS_WITH_LITERALS.fullmatch(section):
        return FormatSection("", "", 0, 0, 0, grouped=False, scale=0, places=section)
    match = _PLAIN.fullmatch(section)
    if match is None or re.search(r"[eE][+-]|/", section) or "General" in section:
        return None
    before, whole, decimals, thousands, after = match.groups(default="")
    return FormatSection(
        before=before.translate(_BACK),
        after=after.translate(_BACK),
        least=decimals.count("0"),
        most=len(decimals),
        digits=whole.count("0"),
        grouped="," in whole,
        scale=2 * (before + after).count("%") - 3 * len(thousands),
    )
