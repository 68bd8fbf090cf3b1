"""Decode the bytes of a mail, whose declared charset may be missing or wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from thresher.service.readers.charset import charset_named

_SAMPLE_BYTES = 1 << 16  # bytes used for a guess
_GUESS_MIN_BYTES = 40  # a guess from fewer bytes is not reliable
_WIDER = {  # declared codec: the superset that mail programs use instead (WHATWG)
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "cp950",
    "iso2022_jp": "iso2022_jp_ext",
}
_ALIASES = {
    "ansi_x3.4-1968": "utf-8",
    "ks_c_5601-1987": "cp949",
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
    "x-euc-jp": "euc_jp",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode-1-1-utf-7": "utf-7",
    "unicode": "utf-16",
    "utf8mb4": "utf-8",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "x-windows-949": "cp949",
    "cp-850": "cp850",
}
_WESTERN = {"cp1252", "cp1254"}
_NON_ASCII = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded text, its codec, and whether characters were replaced or the codec was guessed."""

    text: str
    charset: str
    lossy: bool = False


@cache
def codec_of(declared: str) -> str | None:
    """Return Python's codec for a declared charset, widened as mail programs do; None for an unknown charset.

    >>> codec_of("ISO-8859-1"), codec_of('"us-ascii"'), codec_of("x-unknown")
    ('cp1252', 'utf-8', None)
    """
    words = re.split(r"[\s;$]", declared.strip().strip("\"'").lower(), maxsplit=1)
    name = words[0].strip("_\"'")
    name = _ALIASES.get(name, name)
    found = charset_named(name)
    return None if found is None else _WIDER.get(found, found)


def decode(data: bytes, declared: str | None = None) -> Decoded:
    r"""Decode by the declared charset, else UTF-8, else a guess, else Windows-1252 with replacements.

    A text declared as Western that is valid UTF-8 is UTF-8: such byte pairs do not occur by chance.

    >>> decode(b"caf\xc3\xa9", "iso-8859-1").text, decode(b"caf\xe9", "us-ascii").text
    ('café', 'café')
    """
    codec = codec_of(declared) if declared else None
    known = codec is not None or declared is None
    wide = codec is not None and codec.startswith(("utf-16", "utf-32")) and b"\0" in data  # else it is stated wrongly
    if data.isascii() and not wide and (codec is None or not codec.startswith(("iso2022", "utf-7", "hz"))):
        return Decoded(data.decode("ascii"), "ascii")
    for name in _candidates(data, codec):
        text = _strict(data, name)
        if text is not None:
            return Decoded(text, name, not known and name != "utf-8")
    return _guess(data, codec)


def _candidates(data: bytes, codec: str | None) -> tuple[str, ...]:
    """Return the codecs to try strictly, in order."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if codec is None or codec in _WESTERN:
        return ("utf-8-sig", codec) if codec else ("utf-8-sig",)
    return (codec, "utf-8-sig")


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (ValueError, LookupError):
        return None


def _guess(data: bytes, codec: str | None) -> Decoded:
    """Use the declared codec where nearly all bytes fit it, else charset-normalizer; unknown bytes are replaced."""
    if codec is not None:
        text = data.decode(codec, "replace")
        if text.count("\ufffd") * 50 <= len(_NON_ASCII.findall(data)) or codec in _WESTERN:
            return Decoded(text, codec, lossy=True)
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to load, and needed by few mails

    sample = data[:_SAMPLE_BYTES]
    few = 6 if len(sample) >= _GUESS_MIN_BYTES else 1  # other scripts are written mostly in high bytes
    is_western = len(_NON_ASCII.findall(sample)) * few < len(sample)
    best = None if is_western else from_bytes(sample).best()
    name = best.encoding if best is not None else "cp1252"
    return Decoded(data.decode(name, "replace"), name, lossy=True)
