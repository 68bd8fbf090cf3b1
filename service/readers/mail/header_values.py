"""Parse values of single fields: parameters of a content type, dates, message ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import collapse_rfc2231_value, decode_params, parsedate_tz
from urllib.parse import unquote_to_bytes

from thresher.service.readers.mail.charsets import decode
from thresher.service.readers.mail.headers import decode_value, decode_words

_TYPE = re.compile(r"\s*([\w.+-]+)\s*/\s*([\w.+!#$&^-]+)")
_PARAMETER = re.compile(r""";?\s{0,99}([\w.-]{1,200}\*?(?:\d+\*?)?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]+)", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s]{1,995}>")
_ZONE = re.compile(r"(?:[+-]\d{4}|\b(?:UTC?|GMT|Z|[ECMP][SD]T))\b", re.IGNORECASE)
_COLON_ZONE = re.compile(r"(?:\b(?:GMT|UTC?))?([+-]\d\d):?(\d\d)\b")
_ISO = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
NO_YEAR = re.compile(r"[A-Za-z]{3}[ ,-]+00\d\d\b")  # as in "01 Jan 0001", which programs write that know no date
FURTHEST_ZONE = 14 * 3600  # seconds from UTC; what states more states no zone


def content_type(value: bytes | None, default: str = "text/plain") -> tuple[str, dict[str, str]]:
    """Return the media type in lower case and its parameters; the default where it is missing or malformed.

    >>> content_type(b"Text/HTML; charset=utf-8")
    ('text/html', {'charset': 'utf-8'})
    """
    if value is None:
        return default, {}
    text = _unfolded(value)
    found = _TYPE.match(text)
    if found is None:
        charset = _CHARSET.search(text)
        bare = text.split(";")[0].strip().lower()
        return ("text/html" if bare == "html" else default), {"charset": charset[1]} if charset else {}
    parameters = _parameters(text[found.end() :])
    charset = _CHARSET.search(text) if "charset" not in parameters else None
    if charset:
        parameters["charset"] = charset[1]
    return f"{found[1]}/{found[2]}".lower(), parameters


def disposition(value: bytes | None) -> tuple[str, dict[str, str]]:
    """Return the Content-Disposition in lower case, and its parameters."""
    text = _unfolded(value or b"")
    return text.split(";")[0].strip().lower(), _parameters(text[text.find(";") :]) if ";" in text else {}


def _unfolded(value: bytes) -> str:
    text = value.decode("ascii") if value.isascii() else decode(value).text
    return re.sub(r"[\r\n\0]+", "", text)


def _parameters(text: str) -> dict[str, str]:
    """Parse parameters; pieces (RFC 2231) are joined and encoded words decoded."""
    pairs = [("", "")]
    for name, value in _PARAMETER.findall(text[:20_000]):
        bare = value.strip()
        quoted = bare.startswith('"')
        pairs.append((name.lower(), bare[1:-1].replace('\\"', '"').replace("\\\\", "\\") if quoted else bare))
    if any("*" in name for name, _ in pairs):
        return _continued(pairs)
    return {name: decode_words(value) if "=?" in value else value for name, value in reversed(pairs) if name}


def _continued(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Join the pieces by the standard library; a value with a charset takes precedence over a plain one."""
    try:
        decoded = decode_params(pairs)[1:]
    except (ValueError, IndexError, LookupError):
        decoded = [(name.split("*")[0], value) for name, value in pairs[1:]]
    result: dict[str, str] = {}
    for name, value in decoded:
        text = _from_2231(value)
        if isinstance(value, tuple) or name not in result:
            result[name] = text
    return result


def _from_2231(value: str | tuple[str | None, str | None, str]) -> str:
    """Decode one joined value (RFC 2231)."""
    if isinstance(value, tuple):
        raw = value[2].strip('"').encode("latin-1", "replace")
        return decode(raw, value[0] or None).text
    text = collapse_rfc2231_value(value).strip('"')
    if re.match(r"[\w-]*'[\w-]*'.*%[0-9A-Fa-f]{2}", text):
        charset, _, rest = text.split("'", 2)
        return decode(unquote_to_bytes(rest), charset or None).text
    return decode_words(text) if "=?" in text else text


def message_ids(text: str) -> list[str]:
    """Return the `<…>` tokens of a field."""
    return _ID.findall(text)


def message_id(value: bytes) -> str:
    """Return the first `<…>` token of a Message-ID, else the trimmed value."""
    text = decode_value(value)
    return next(iter(message_ids(text)), text)


def utc(text: str) -> str | None:
    """Convert a date to ISO 8601 in UTC; None where day, time or zone is missing.

    >>> utc("Mon, 2 Apr 2012 09:57:58 -0400 (EDT)"), utc("Mon, 2 Apr 2012 09:57:58")
    ('2012-04-02T13:57:58Z', None)
    """
    text = text.strip()
    try:
        when = _iso(text) if _ISO.match(text) else _mail_date(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0") if when else None


def _iso(text: str) -> datetime | None:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else None


def _mail_date(text: str) -> datetime | None:
    """Parse an RFC 5322 date; None without a zone."""
    text = _COLON_ZONE.sub(r"\1\2", text)
    if not _ZONE.search(text):
        return None
    parts = parsedate_tz(text)
    if parts is None or parts[9] is None or abs(parts[9]) > FURTHEST_ZONE or NO_YEAR.search(text):
        return None
    naive = datetime(*parts[:6], tzinfo=UTC)
    return datetime.fromtimestamp(naive.timestamp() - parts[9], UTC)
