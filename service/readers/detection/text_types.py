"""Detect the kind of a text: mail, mbox, HTML, XML, JSON, calendar, card, or plain."""

from __future__ import annotations

import re
from collections import Counter

_HEADER_NAMES = (
    rb"(?:received|return-path|delivered-to|message-id|mime-version|from|to|cc|subject|date|reply-to|sender|x-[\w-]+|"
    rb"content-type|content-transfer-encoding|dkim-signature|authentication-results|arc-[\w-]+|in-reply-to|references|"
    rb"envelope-to|bcc|resent-[\w-]+|list-[\w-]+|importance|thread-[\w-]+|status|user-agent|apparently-to)"
)
_HEADER = re.compile(rb"^" + _HEADER_NAMES + rb"[ \t]*:", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]+\S")  # a header field or its continuation, RFC 5322
_ONLY_IN_MAIL = re.compile(
    rb"^(?:received|message-id|mime-version|return-path|content-type|delivered-to)[ \t]*:", re.IGNORECASE | re.MULTILINE
)
_MBOX = re.compile(rb"From (?:\S.*\d{4}.*|-[ \t]*)\r?\n(?:>?[!-9;-~]+[ \t]*:)")
_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|table|div|p|meta|h[1-6]|font|span|center|style)\b", re.IGNORECASE
)
_XML = re.compile(rb"<\?xml\s|<[A-Za-z_][\w.-]*:[A-Za-z_]|<[A-Za-z_][\w.:-]*\s[^>]*xmlns")
_LENGTH = re.compile(rb"\A\d{1,10}[ \t]*\r?\n")  # byte count before a mail of Apple Mail
_COMMENT = re.compile(rb"\s*(?:<!--.*?-->\s*)*", re.DOTALL)
_JSON = re.compile(rb"\s*(?:\{\s*(?:\"|\})|\[\s*(?:[\[{\"\-\dtfn]|\]))")
_BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LATIN = frozenset(b"\t\n\r" + bytes(range(0x20, 0x7F)) + bytes(range(0xA0, 0x100)))
_WIDE_MAX_PER_ZERO = 16  # a text in two bytes a character has a blank or a line end, and so a zero, more often
_TEXT_BYTES = bytes(range(0x20, 0x100)) + b"\t\n\r\f\b\x1b\x1a\x0b\x85"


def bom_codec(data: bytes) -> str | None:
    r"""Return the codec of a byte order mark; None where there is none.

    >>> bom_codec(b"\xff\xfeh\0"), bom_codec(b"hello")
    ('utf-16', None)
    """
    return next((codec for mark, codec in _BOMS if data.startswith(mark)), None)


def utf16_without_mark(data: bytes) -> str | None:
    r"""Detect UTF-16 by its zero bytes, which are nearly all at odd or nearly all at even offsets.

    >>> utf16_without_mark("Grüße, 7 €".encode("utf-16-le"))
    'utf-16-le'
    """
    sample = data[:4096]
    if b"\0" not in sample:
        return None
    if _is_half_latin(sample[::2], sample[1::2]):
        return "utf-16-le"
    return "utf-16-be" if _is_half_latin(sample[1::2], sample[::2]) else None


def _is_half_latin(low: bytes, high: bytes) -> bool:
    """Whether many high bytes are zero, hardly any low ones are, and low bytes next to the zeros are Latin text."""
    if high.count(0) <= 0.4 * len(high):
        return False  # most files: no list is made of their bytes
    zeros = [x for x, y in zip(low, high, strict=False) if y == 0]
    plain = sum(x in _LATIN for x in zeros)
    return (
        len(zeros) >= 2
        and len(zeros) > 0.4 * len(high)
        and low.count(0) <= 0.02 * len(low)
        and plain >= 0.95 * len(zeros)
    )


def wide_without_mark(data: bytes) -> str | None:
    r"""Detect UTF-16 of any script, and UTF-32, by their zero bytes and by what they give: letters of few scripts.

    >>> wide_without_mark("Счёт на 9 250 руб.".encode("utf-16-le")), wide_without_mark("Bill 7".encode("utf-32-be"))
    ('utf-16-le', 'utf-32-be')
    >>> wide_without_mark(b"Bill\0 7 \0 of May"), wide_without_mark(b"PNG\0\0\1\0\0\2\0abc")
    (None, None)
    """
    sample = data[: min(4096, len(data) // 4 * 4 or len(data) // 2 * 2)]
    if sample.count(0) < len(sample) // _WIDE_MAX_PER_ZERO or not sample.count(0):
        return None
    found = [codec for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be") if _reads_as_text(sample, codec)]
    return found[0] if found else None


def _reads_as_text(sample: bytes, codec: str) -> bool:
    """Whether bytes are a text in a codec: all printable, with blanks, and nearly all of at most three blocks of 256 characters."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError as error:
        if error.end < len(sample):  # a pair that the sample cuts is no fault
            return False
        text = sample[: error.start].decode(codec)
    blanks = sum(map(text.count, " \t\n"))
    if not blanks or 40 * blanks < len(text) or not all(c.isprintable() or c in "\t\n\r\f\ufeff" for c in text):
        return False
    blocks = Counter(ord(c) >> 8 for c in text)
    return sum(count for _, count in blocks.most_common(3)) >= 0.95 * len(text)


def is_text(head: bytes) -> bool:
    """Whether bytes look like text in some charset: they contain hardly any control characters."""
    if bom_codec(head) or utf16_without_mark(head) or wide_without_mark(head):
        return True
    sample = head[:8192]
    return len(sample.translate(None, _TEXT_BYTES)) <= len(sample) // 200


def as_ascii(head: bytes) -> bytes:
    """Convert UTF-16 to UTF-8 and remove a byte order mark, for patterns over bytes."""
    codec = bom_codec(head) or utf16_without_mark(head) or wide_without_mark(head)
    return head.decode(codec, "replace").encode() if codec else head


def text_type(head: bytes) -> str:
    """Return the media type of a text: a format with a recognisable start, else `text/plain`."""
    body = as_ascii(head).lstrip(b"\r\n\t \0")
    if body.startswith(b"From ") and _MBOX.match(body):
        return "application/mbox"
    if is_mail(_LENGTH.sub(b"", body, count=1)):
        return "message/rfc822"
    if body.startswith(b"<"):
        return _markup_type(body)
    if _JSON.match(body):
        return "application/x-ndjson" if _is_json_lines(body) else "application/json"
    if body.startswith(b"BEGIN:VCALENDAR"):
        return "text/calendar"
    return "text/vcard" if body.startswith(b"BEGIN:VCARD") else "text/plain"


def is_mail(body: bytes) -> bool:
    """Whether text starts with RFC 5322 header fields: known names, hardly anything else, up to an empty line."""
    head = re.split(rb"\r?\n\r?\n|\r\r", body[:16384], maxsplit=1)[0]
    known = _HEADER.findall(head)
    if len(known) < 2 and not (known and _ONLY_IN_MAIL.search(head)):
        return False
    lines = re.split(rb"\r?\n|\r", head)
    fields = sum(1 for line in lines if _FIELD.match(line))
    return (
        bool(_FIELD.match(lines[0])) and fields >= 0.8 * len(lines) and _is_sure(head, len({k.lower() for k in known}))
    )


def _is_sure(head: bytes, names: int) -> bool:
    """Whether there are three fields, or one that only mail has: "From:" and "To:" alone may start a note."""
    return names >= 3 or bool(_ONLY_IN_MAIL.search(head))


def _markup_type(body: bytes) -> str:
    start = _COMMENT.match(body)
    rest = body[start.end() :] if start else body
    if rest[:5].lower() == b"<?xml":
        after = rest[rest.find(b"?>") + 2 :][:2000]
        if re.search(rb"<svg[\s>]", after[:500]):
            return "image/svg+xml"
        return (
            "text/html" if re.search(rb"<!doctype\s+html|<html[\s>]", after[:500], re.IGNORECASE) else "application/xml"
        )
    if _HTML.match(rest):
        return "text/html"
    if rest.startswith(b"<svg"):
        return "image/svg+xml"
    if _XML.match(rest) or rest.startswith(b"<!DOCTYPE"):
        return "application/xml"
    return "text/html" if len(_HTML.findall(rest[:4096])) >= 3 else _closed_markup(rest)


def _closed_markup(rest: bytes) -> str:
    """Return XML without a declaration if its first element is closed, or has another nested in it; else plain text."""
    root = re.match(rb"<([A-Za-z_][\w.:-]*)\s*[^<>]*>", rest)
    if root and (b"</" + root[1] + b">" in rest or re.match(rb"\s*<[A-Za-z_]", rest[root.end() :])):
        return "application/xml"
    return "text/plain"


def _is_json_lines(body: bytes) -> bool:
    """Whether the first two lines are objects."""
    lines = [line.strip() for line in body.splitlines()[:3] if line.strip()]
    return len(lines) > 1 and all(x.startswith(b"{") and x.endswith(b"}") for x in lines[:2])
