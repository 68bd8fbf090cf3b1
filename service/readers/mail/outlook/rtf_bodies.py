r"""Unpack RTF bodies of mails, and turn them back into the HTML or text that they were made from.

Outlook writes an HTML mail as RTF with the HTML in `{\*\htmltag …}` groups, and text for RTF readers only between
`\htmlrtf` and `\htmlrtf0` (MS-OXRTFEX). One pass over the tokens separates the two.
"""

from __future__ import annotations

import re

from thresher.service.readers.office.rtf.rtf_pictures import binary_as_groups
from thresher.service.readers.office.rtf.rtf_story import read_stories
from thresher.service.readers.office.rtf.rtf_tokens import CHARSETS, codec

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_CODEPAGE = re.compile(r"\\ansicpg(\d{1,5})")
_FONT = re.compile(r"\\f(\d{1,5})[^\\{};]{0,80}(?:\\[a-z]{1,32}-?\d{0,10}\s?){0,16}?\\fcharset(\d{1,3})")
_SPECIAL = {
    "par": "\r\n",
    "line": "\r\n",
    "tab": "\t",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "bullet": "\u2022",
    "endash": "\u2013",
    "emdash": "\u2014",
    "~": "\xa0",
    "_": "\xad",
}
_DESTINATIONS = frozenset(("fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "object", "pntext"))


def decompress(data: bytes) -> bytes | None:
    """Return the plain RTF of a compressed one (MS-OXRTFCP) or of a plain one; None where it is damaged."""
    from compressed_rtf import decompress as unpack  # noqa: PLC0415 - few mails have an RTF body

    if data.startswith(b"{\\rtf"):
        return data.rstrip(b"\0")
    try:
        return bytes(unpack(data)).rstrip(b"\0")
    except Exception:  # noqa: BLE001 - the library raises whatever its slices raise
        return None


def encapsulated(rtf: str) -> str | None:
    """Return `html` or `text` where the RTF was made from it; None for other RTF."""
    head = rtf[:2000]
    return "html" if "\\fromhtml" in head else "text" if "\\fromtext" in head else None


def original(rtf: str) -> str:
    """Return the HTML or text that an encapsulating RTF was made from. `rtf` has one character a byte (latin-1)."""
    return _Decapsulator(binary_as_groups(rtf)).take()


def to_text(rtf: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the text of RTF, with one line a paragraph and tabs between cells; and (reason, place) of hidden text."""
    stories = read_stories(rtf)
    return stories.body.text(), tuple(stories.unseen)


class _Decapsulator:
    """Extracts the original in one pass over the tokens, with a stack of the state of open groups."""

    def __init__(self, rtf: str) -> None:
        self.rtf = rtf
        page = _CODEPAGE.search(rtf[:2000])
        self.default = codec(int(page[1])) if page else "cp1252"
        self.fonts = {int(f): codec(CHARSETS.get(int(c), 0) or 1252) for f, c in _FONT.findall(rtf[:100_000])}
        self.codec = self.default
        self.pieces: list[str] = []
        self.bytes = bytearray()
        self.suppressed = self.skipped = False
        self.skip = 0  # characters of a Unicode escape's fallback still to be skipped
        self.fallback = 1
        self.stack: list[tuple[bool, str, int]] = []
        self.starred = False

    def take(self) -> str:
        for token in _TOKEN.finditer(self.rtf):
            word, number, byte, symbol, brace, text = token.groups()
            if brace:
                self._brace(brace)
            elif word:
                self._word(word, number)
            elif byte:
                self._byte(int(byte, 16))
            elif symbol:
                self._symbol(symbol)
            elif text:
                self._text(text)
        self._flush()
        return "".join(self.pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _brace(self, brace: str) -> None:
        self.starred = False
        self.skip = 0
        if brace == "{":
            self.stack.append((self.skipped, self.codec, self.fallback))
        elif self.stack:
            self._flush()
            self.skipped, self.codec, self.fallback = self.stack.pop()

    def _word(self, word: str, number: str | None) -> None:
        starred, self.starred = self.starred, False
        if word == "htmltag":
            self.skipped = False
        elif word == "htmlrtf":
            self.suppressed = number != "0"
        elif starred or word in _DESTINATIONS:
            self.skipped = True
        elif word == "u" and number:
            self._unicode(int(number))
        elif word == "uc" and number:
            self.fallback = min(max(int(number), 0), 10)
        elif word == "f" and number:
            self._flush()
            self.codec = self.fonts.get(int(number), self.default)
        elif word in _SPECIAL:
            self._put(_SPECIAL[word])

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self.starred = True
        elif symbol in "\\{}":
            self._text(symbol)
        elif symbol in _SPECIAL:
            self._put(_SPECIAL[symbol])
        elif symbol in "\r\n":
            self._put("\r\n")

    def _byte(self, value: int) -> None:
        if self.skip:
            self.skip -= 1
        elif not self.suppressed and not self.skipped:
            self.bytes.append(value)

    def _unicode(self, value: int) -> None:
        self._flush()
        self.skip = 0
        if not self.suppressed and not self.skipped:
            self.pieces.append(chr(value & 0xFFFF))
        self.skip = self.fallback

    def _text(self, text: str) -> None:
        if self.skip:
            text, self.skip = text[self.skip :], max(self.skip - len(text), 0)
        if text and not self.suppressed and not self.skipped:
            self.bytes += text.encode("latin-1", "replace")  # an ASCII letter may be a second byte

    def _put(self, text: str) -> None:
        """Append the text of a control word."""
        self.skip = 0
        if not self.suppressed and not self.skipped:
            self._flush()
            self.pieces.append(text)

    def _flush(self) -> None:
        if self.bytes:
            self.pieces.append(self.bytes.decode(self.codec, "replace"))
            self.bytes.clear()
