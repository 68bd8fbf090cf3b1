"""Split and decode the header fields of a mail; malformed input never raises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from thresher.service.readers.mail.charsets import decode
from thresher.service.readers.mail.transfer_encodings import from_base64, from_quoted

VALUE_MAX_BYTES = 1 << 18  # bytes of one field at most
SECTION_MAX_BYTES = 1 << 22  # of one header section at most
SECTION_MAX_FIELDS = 20_000  # of one header section at most
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_KNOWN = re.compile(
    rb"^(?:from|to|cc|subject|date|mime-version|content-[a-z-]+|message-id|received|return-path|reply-to|x-[a-z-]+)"
    rb"[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK = re.compile(rb"\r?\n\r?\n")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_WORD = re.compile(r"=\?([^?\s=]{1,75})\?([bBqQ])\?([^?\n]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,75}\?[bBqQ]\?)")
_FOLD = re.compile(r"(?<!\s)\s*[\r\n]+\s*")
_SPECIALS = re.compile(r'[,;:<>@()\[\]"\\]')


@dataclass(slots=True)
class Headers:
    """Fields in order: names in lower case, values as raw bytes with their line folds."""

    fields: list[tuple[str, bytes]] = field(default_factory=list)
    cut: bool = False  # a value or the section passed a limit

    def raw(self, name: str) -> bytes | None:
        """Return the first value of a field; None where there is none."""
        return next((value for key, value in self.fields if key == name), None)

    def get(self, name: str) -> str:
        """Return the first value of a field, decoded; empty where there is none."""
        value = self.raw(name)
        return "" if value is None else decode_value(value)

    def all(self, name: str) -> list[str]:
        """Return all values of a field, decoded."""
        return [decode_value(value) for key, value in self.fields if key == name]

    def __contains__(self, name: str) -> bool:
        """Whether the field is there."""
        return any(key == name for key, _ in self.fields)


def split_section(data: bytes, start: int = 0, end: int | None = None) -> tuple[Headers, int]:
    """Return the Headers that begin at `start`, and the offset of the body. Malformed lines never raise.

    A line that is not a field continues the one before where known fields follow; else the body starts with it.
    """
    end = len(data) if end is None else end
    headers = Headers()
    if _begins_with_blank(data, start, end):
        return headers, _LINE.match(data, start, end).end()  # type: ignore[union-attr]
    blank = _BLANK.search(data, start, end)
    section_end = blank.start() if blank else end
    headers.cut = section_end - start > SECTION_MAX_BYTES
    position = _read_fields(headers, data, start, min(section_end, start + SECTION_MAX_BYTES))
    if position is not None and not headers.cut:
        return headers, position
    return headers, blank.end() if blank else end


def _begins_with_blank(data: bytes, start: int, end: int) -> bool:
    return start < end and data[start : start + 1] in b"\r\n"


def _read_fields(headers: Headers, data: bytes, start: int, end: int) -> int | None:
    """Fill in the fields of `[start, end)`; return the offset of a body that begins without a blank line, if any."""
    position, last_known = start, None
    while position < end:
        line = _LINE.match(data, position, end)
        if line is None or line.end() == position:
            break
        if len(headers.fields) >= SECTION_MAX_FIELDS:
            headers.cut = True
            return None
        if not _take_line(headers, line[0]):
            if last_known is None:
                last_known = max((m.start() for m in _KNOWN.finditer(data, position, end)), default=-1)
            if last_known < position:
                return position
            _continue(headers, line[0])
        position = line.end()
    return None


def _take_line(headers: Headers, line: bytes) -> bool:
    """Add the field of a line, or continue the last one; False for a line that is neither."""
    if line[:1] in b" \t":
        _continue(headers, line)
        return True
    name = _NAME.match(line)
    if name is None:
        return line.startswith((b"From ", b">From ")) and not headers.fields
    value = line[name.end() :]
    headers.cut = headers.cut or len(value) > VALUE_MAX_BYTES
    headers.fields.append((name[1].decode("ascii").lower(), value[:VALUE_MAX_BYTES]))
    return True


def _continue(headers: Headers, line: bytes) -> None:
    """Append a line to the value of the last field."""
    if not headers.fields:
        return
    name, value = headers.fields[-1]
    if len(value) + len(line) > VALUE_MAX_BYTES:
        headers.cut = True
    else:
        headers.fields[-1] = (name, value + line)


def decode_value(value: bytes) -> str:
    r"""Unfold a field and decode its encoded words (RFC 2047); 8-bit bytes in the likeliest charset.

    >>> decode_value(b" =?utf-8?q?caf=C3=A9?=\r\n =?utf-8?b?IQ==?= x")
    'café! x'
    """
    text = value.decode("ascii") if value.isascii() else decode(value).text
    text = _FOLD.sub(" ", text).strip().replace("\0", "")
    return decode_words(text) if "=?" in text else text


def decode_words(text: str) -> str:
    """Decode the encoded words of a text; adjacent words of one charset are joined before decoding."""
    pieces: list[str] = []
    position, pending, charset = 0, b"", ""
    joined = _BETWEEN_WORDS.sub(r"\1", text)
    for word in _WORD.finditer(joined):
        between = joined[position : word.start()]
        if pending and (between or word[1].lower() != charset):
            pieces.append(decode(pending, charset).text)
            pending = b""
        pieces.append(between)
        charset = word[1].lower().split("*")[0]
        pending += _word_bytes(word)
        position = word.end()
    if pending:
        pieces.append(decode(pending, charset).text)
    return _FOLD.sub(" ", "".join(pieces) + joined[position:])


def _word_bytes(word: re.Match[str]) -> bytes:
    data = word[3].encode("utf-8", "replace")
    if word[2] in "bB":
        return from_base64(data)[0]
    return from_quoted(data.replace(b"_", b" "))


def decode_addresses(value: bytes) -> str:
    """Decode like `decode_value`, but quote a decoded name that contains commas or brackets."""
    text = value.decode("ascii") if value.isascii() else decode(value).text
    text = _FOLD.sub(" ", text).strip().replace("\0", "")
    if "=?" not in text:
        return text
    joined = _BETWEEN_WORDS.sub(r"\1", text)
    runs = re.compile(rf"(?:{_WORD.pattern})+(?:\s+(?:{_WORD.pattern})+)*")
    return runs.sub(lambda run: _quoted(decode_words(run[0]), joined, run), joined)


def _quoted(name: str, text: str, run: re.Match[str]) -> str:
    """Quote a decoded name where it contains special characters, unless it is quoted already."""
    inside = text.count('"', 0, run.start()) % 2 == 1
    if inside or not _SPECIALS.search(name) or "<" in name or name.startswith('"'):
        return name
    return '"' + name.replace("\\", "").replace('"', "'") + '"'
