"""Read calendars (ICS, RFC 5545) and cards (VCF, RFC 6350 and 2.1): one readable line for each property.

    FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg=   ->   FN: Jörg Müller
    =20M=C3=BCller                                          ->   TEL (CELL): +43 660 1
    DTSTART;TZID=Europe/Vienna:20240414T090000              ->   DTSTART (Europe/Vienna): 2024-04-14 09:00:00

Folded lines are joined, escapes decoded, dates written as ISO 8601. Pictures in a card become children.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Relation, Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.charset import clean, decode
from thresher.service.readers.mail.charsets import codec_of

_TYPES = ("text/calendar", "text/vcard", "text/x-vcard", "text/directory")
_NAME = re.compile(rb"(?:[\w-]+\.)?([\w-]+)((?:;(?:\"[^\"]*\"|[^\":;])*)*):(.*)", re.DOTALL)
_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
_PARAMETER = re.compile(r";([^=;]+)(?:=((?:\"[^\"]*\"|[^;\"])*))?")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_STRUCTURED = frozenset(("N", "ADR", "ORG", "GENDER"))  # properties with parts between semicolons
_SHOWN = frozenset(("TYPE", "TZID", "CN", "ROLE", "PARTSTAT", "PREF", "HOME", "WORK", "CELL", "FAX", "VOICE"))
_TYPE_WORDS = frozenset(("HOME", "WORK", "CELL", "FAX", "VOICE", "MSG", "PAGER", "CAR", "INTERNET", "DOM", "INTL"))
_HEAD_PIECES = 20  # folded lines that the name and parameters of a property take at most
_TITLES = frozenset(("SUMMARY", "FN"))
_DATES = frozenset(
    ("DTSTART", "DTEND", "DUE", "DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED", "RECURRENCE-ID", "EXDATE", "RDATE",
     "BDAY", "ANNIVERSARY", "REV")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its first line (1-based), its name in capitals, its parameters, the bytes of its value."""

    line: int
    name: str
    parameters: dict[str, str]
    value: bytes


class ContentLinesReader:
    """Read calendars and cards."""

    name = "content lines"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type decides
        """Return 0.9 for calendars and cards, else 0."""
        return 0.9 if source.media_type in _TYPES else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the Document, and pictures as children.

        Raises InputProblem(too_large), or `corrupt` where there is no property.
        """
        data = Path(source.blob).read_bytes()
        if len(data) > 4 * options.limits.characters:
            raise InputProblem("too_large", f"{source.path} has over {options.limits.characters} characters")
        return _read(data, source, options, spool)


def _read(data: bytes, source: Source, options: ReadOptions, spool: Spool) -> Reading:
    whole = decode(data if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else _FOLD.sub(b"", data))
    found = list(properties(_utf8(data, whole.charset)))
    if not found:
        raise InputProblem("corrupt", f"{source.name or source.path} holds no property")
    builder = DocumentBuilder(source, kind="text")
    builder.document.facts.update(whole.facts())
    builder.document.notes.extend(whole.notes)
    children: list[Source] = []
    for item in found:
        if _is_binary(item):
            _store_binary(builder, item, spool, children, options)
        else:
            _write(builder, item)
    builder.part("")
    return Reading(builder.build(), children)


def _utf8(data: bytes, charset: str) -> bytes:
    """Convert the file to UTF-8; bytes of a quoted-printable value are ASCII in any charset."""
    return data.removeprefix(b"\xef\xbb\xbf") if charset == "utf-8" else data.decode(charset, "replace").encode()


def properties(data: bytes) -> Iterator[Property]:
    """Yield the properties of a calendar or card, with folded lines joined.

    A fold may be inside a character, so lines are joined as bytes. A quoted-printable value continues after a `=` at the
    end of its line (cards of version 2.1).
    """
    joined: list[tuple[int, list[bytes]]] = []
    soft = False
    for number, line in enumerate(re.split(rb"\r\n|\n|\r", data), 1):
        if soft and joined:
            joined[-1][1].extend((b"\n", line))
        elif line[:1] in {b" ", b"\t"} and joined:
            joined[-1][1].append(line[1:])
        elif line.strip():
            joined.append((number, [line]))
        head = b"".join(joined[-1][1][:_HEAD_PIECES])[:200].upper() if joined else b""
        soft = line.endswith(b"=") and b"QUOTED-PRINTABLE" in head.partition(b":")[0]
    for number, line in ((first, b"".join(pieces)) for first, pieces in joined):
        match = _NAME.fullmatch(line)
        if match is None:
            yield Property(number, "", {}, line)
        else:
            yield Property(
                number, match[1].decode().upper(), _parameters(match[2].decode("utf-8", "replace")), match[3]
            )


def _parameters(text: str) -> dict[str, str]:
    """Return parameters by name; a bare one (`TEL;CELL`) has an empty value."""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text):
        key = name.strip().upper()
        found[key] = f"{found[key]},{value}" if key in found else value.replace('"', "")
    return found


def _is_binary(item: Property) -> bool:
    coded = item.parameters.get("ENCODING", "").upper()
    named = coded in {"B", "BASE64"} or "BASE64" in item.parameters
    return named or (item.value[:60].startswith(b"data:") and b";base64," in item.value[:100])


def _store_binary(
    builder: DocumentBuilder, item: Property, spool: Spool, children: list[Source], options: ReadOptions
) -> None:
    """Store a picture or attachment in base64 as a child."""
    try:
        raw = base64.b64decode(re.sub(rb"\s+", b"", item.value.rpartition(b",")[2]))
    except (binascii.Error, ValueError):
        builder.document.notes.append(note("embedded_unreadable", f"{item.name} in line {item.line}"))
        return
    if raw and len(children) < options.limits.members:
        kind = item.parameters.get("FMTTYPE") or item.parameters.get("TYPE") or "bin"
        name = item.parameters.get("FILENAME") or f"{item.name.lower()}.{kind.rpartition('/')[2].lower()}"
        relation: Relation = "inline" if item.name in {"PHOTO", "LOGO"} else "attachment"
        child = spool.child(builder.document.source, raw, name=name, ordinal=len(children), relation=relation)
        children.append(child)


def _write(builder: DocumentBuilder, item: Property) -> None:
    """Write one property as a line, with its shown parameters."""
    value = _shown(item)
    if not value and item.name not in {"BEGIN", "END"}:
        return
    builder.part(f"line {item.line}")
    shown = [item.parameters[k] or k for k in item.parameters if k in _SHOWN or k in _TYPE_WORDS]
    label = f"{item.name} ({', '.join(shown)})" if shown else item.name
    kind = BlockKind.HEADING if item.name in _TITLES else BlockKind.FORM
    builder.block(f"{label}: {value}" if item.name else value, kind, int(kind is BlockKind.HEADING))


def _shown(item: Property) -> str:
    text = _text(item)
    if item.name in _DATES:
        return _MOMENT.sub(_moment, text)
    if item.name in _STRUCTURED:
        parts = [_unescaped(part) for part in re.split(r"(?<!\\);", text)]
        return "; ".join(part.strip() for part in parts if part.strip())
    return _unescaped(text).strip()


def _text(item: Property) -> str:
    codec = codec_of(item.parameters.get("CHARSET", "")) or "utf-8"
    coded = f"{item.parameters.get('ENCODING', '')} {' '.join(item.parameters)}".upper()
    if "QUOTED-PRINTABLE" in coded:
        raw = quopri.decodestring(item.value)
        try:
            return clean(raw.decode(codec))
        except UnicodeDecodeError:
            return clean(decode(raw).text)
    return clean(item.value.decode("utf-8", "replace"))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: "\n" if m[1] in "nN" else m[1] if m[1] in ",;\\:" else m[0], text)


def _moment(match: re.Match[str]) -> str:
    date = f"{match[1]}-{match[2]}-{match[3]}"
    return date if match[4] is None else f"{date} {match[4]}:{match[5]}:{match[6] or '00'}{match[7] or ''}"


reader = ContentLinesReader()
