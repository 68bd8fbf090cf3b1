"""Decode bytes to text, and report where the charset had to be guessed or characters were lost."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from thresher.schemas.errors import Note, note
from thresher.service.readers.detection.text_types import bom_codec, utf16_without_mark, wide_without_mark

_SAMPLE_BYTES = 1 << 18  # bytes of lines with non-ASCII characters that are used for the guess
_NON_ASCII_LINES = re.compile(rb"[^\n]{0,2000}[\x80-\xff][^\n]{0,2000}")
_UTF8_ERRORS_MAX_SHARE = 1 / 500  # share of replaced characters up to which text still counts as UTF-8
_JAPANESE = re.compile(rb"\x1b\$(?:[@B]|\([DOQ])")  # where ISO-2022-JP turns from ASCII to characters of two bytes
_NO_CHARSETS = (
    frozenset(  # of Python's codecs: they hide characters, take time that grows with the square, or decode no text
        [
            *("cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"),  # EBCDIC: no program shows it
            "punycode",
            "idna",
            "unicodeescape",
            "rawunicodeescape",
            "undefined",
            "mbcs",
            "oem",
            "base64",
            "hex",
            "quopri",
            "uu",
            "zlib",
            "bz2",
            "rot13",
        ]
    )
)
_CONTROL = dict.fromkeys((*range(9), 11, *range(14, 32), 127), " ")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded text, its codec, whether the codec was guessed, and Notes on what was lost."""

    text: str
    charset: str
    guessed: bool = False
    notes: tuple[Note, ...] = ()

    def facts(self) -> dict[str, str]:
        """Return the facts of a Document about its charset."""
        return {"charset": self.charset, **({"charset_source": "guessed"} if self.guessed else {})}


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode by byte order mark, else strict UTF-8, UTF-16 by its zero bytes, the declared charset, or a guess.

    Line ends become newlines and control characters blanks. Where no charset fits, bytes are replaced, and a
    `decode_loss` Note says how many.
    """
    codec, guessed = _codec(data, declared)
    text, lost = _decode(data, codec)
    notes = (note("decode_loss", f"{lost} characters are not {codec}"),) if lost else ()
    return Decoded(clean(text), codec, guessed, notes)


def charset_named(name: str) -> str | None:
    """Return Python's name of a charset that a document states; None for what is no charset of documents.

    >>> charset_named("Latin1"), charset_named("punycode"), charset_named("unicode_escape"), charset_named("x-no")
    ('iso8859-1', None, None, None)
    """
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return None if re.sub(r"[^a-z0-9]", "", found.lower()) in _NO_CHARSETS else found


def clean(text: str) -> str:
    r"""Normalise line ends to newlines, and remove the byte order mark and control characters (form feeds stay).

    >>> clean("a\r\nb\rc\0d")
    'a\nb\nc d'
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.removeprefix("\ufeff")
    return text.translate(_CONTROL) if not text.isprintable() else text


def _codec(data: bytes, declared: str | None) -> tuple[str, bool]:
    """Return the codec, and whether it is a guess."""
    marked = bom_codec(data) or utf16_without_mark(data) or wide_without_mark(data)
    if marked:
        return marked, False
    if _JAPANESE.search(data) and _fits(data, "iso2022_jp_ext"):
        return "iso2022_jp_ext", False
    wrong = _utf8_errors(data)
    if wrong is None:
        return "utf-8", False
    stated = charset_named(declared) if declared else None
    if stated and _fits(data, stated):
        return stated, False
    return ("utf-8", True) if wrong <= _UTF8_ERRORS_MAX_SHARE else (_guess(data), True)


def _utf8_errors(data: bytes) -> float | None:
    """Return None for valid UTF-8, else the share of characters that were replaced (1.0: it is not UTF-8)."""
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data[: 1 << 22].decode("utf-8", "replace")
        lost, good = text.count("\ufffd"), sum(1 for c in text[: 1 << 20] if c > "\x7f" and c != "\ufffd")
        return lost / len(text) if good > 2 * lost else 1.0
    return None


def _fits(data: bytes, charset: str) -> bool:
    try:
        data.decode(charset)
    except (LookupError, ValueError):
        return False
    return True


def _guess(data: bytes) -> str:
    """Guess the charset by charset-normalizer from lines with non-ASCII bytes; Windows-1252 where it is not sure."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to load, and few texts are not UTF-8

    sample, size = [], 0
    for found in _NON_ASCII_LINES.finditer(data):
        sample.append(found[0])
        size += len(found[0])
        if size > _SAMPLE_BYTES:
            break
    best = from_bytes(b"\n".join(sample)).best()
    western = best is None or best.encoding in {"cp1250", "cp1252", "latin_1", "ascii", "utf_8"} or size < 40
    return "cp1252" if western or best is None else codecs.lookup(best.encoding).name


def _decode(data: bytes, codec: str) -> tuple[str, int]:
    """Return the text, and how many replacement characters it contains."""
    try:
        return data.decode(codec), 0
    except UnicodeDecodeError:
        text = data.decode(codec, "replace")
        return text, text.count("\ufffd")
