r"""Read RTF as runs of text with their look: one pass over the tokens, with a stack of the state of open groups.

    {\rtf1\ansicpg932 ... {\strike 990} \'95\'5c \u8364?}   ->   sink.text("表", state), sink.word("par", None, state) ...

Bytes are collected and decoded by the font's code page only when something else follows: the second byte of a
double-byte character may be written as a plain letter, or as an escaped backslash or brace.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from thresher.service.readers.mail.charsets import codec_of

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_CODEPAGE = re.compile(r"\\ansicpg(\d{1,5})")
CHARSETS = {
    0: 0, 1: 0, 2: 1252, 77: 10000, 128: 932, 129: 949, 130: 1361, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258,
    177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250, 255: 437,
}  # fmt: skip
SPECIAL = {
    "tab": "\t", "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "bullet": "\u2022",
    "endash": "\u2013", "emdash": "\u2014", "emspace": " ", "enspace": " ", "qmspace": " ", "~": "\xa0", "_": "\u2011", "-": "",
}  # fmt: skip
_REPEATING = frozenset(("nonshppict", "shprslt", "listpicture"))
_OLD_SETS = {"\\mac": "mac_roman", "\\pca": "cp850", "\\pc": "cp437"}  # words that state a character set, in order
_DEPTH_MAX = 2_000  # levels of nested groups; deeper ones are read as part of the last level


@dataclass(slots=True)
class State:
    """The state of the current text. Sizes in half points; colours are indices of the colour table, 0 for none."""

    destination: str = ""  # of the nearest group that names one; empty for the body
    skipped: bool = False
    repeats: bool = False  # in a group that shows pictures or boxes again for old readers, or bullets of lists
    codec: str = "cp1252"
    fallback: int = 1  # characters after a Unicode escape that repeat it for old readers
    hidden: bool = False
    deleted: bool = False
    struck: bool = False
    shift: int = 0
    size: int = 24
    width: int = 100  # per cent
    spacing: int = 0  # twips
    colour: int = 0
    ground: int = 0  # shading or highlighting of the run
    behind: int = 0  # shading of the paragraph
    in_table: bool = False


Setter = Callable[[State, int | None], None]


class Sink(Protocol):
    """Receiver of the text, and of the words that separate it."""

    def text(self, text: str, state: State) -> None:
        """Receive text with its look."""
        ...

    def word(self, word: str, number: int | None, state: State) -> None:
        """Receive a control word that the walk does not know."""
        ...

    def opened(self, state: State) -> None:
        """Begin a group that names its destination."""
        ...

    def closed(self, state: State) -> None:
        """End that group."""
        ...


class Walk:
    """One pass over an RTF text with one character a byte (latin-1)."""

    def __init__(self, rtf: str, sink: Sink, *, skipped: frozenset[str], kept: frozenset[str]) -> None:
        """Take the RTF: the text of `skipped` destinations is dropped, `kept` are starred groups that are read."""
        page = _CODEPAGE.search(rtf[:4000])
        self.rtf, self.sink, self._skipped, self._kept = rtf, sink, skipped, kept
        self._default = (
            codec(int(page[1])) if page else next((c for w, c in _OLD_SETS.items() if w in rtf[:200]), "cp1252")
        )
        self._fonts: dict[int, str] = {}
        self._font = -1  # the current font of the font table, while that is read
        self.state = State(codec=self._default)
        self._stack: list[tuple[State, bool]] = []
        self._named = self._starred = False
        self._bytes = bytearray()
        self._skip = 0
        self._high = ""  # high surrogate of a character beyond the basic plane
        self.lost = 0  # characters that could not be decoded

    def run(self) -> None:
        """Pass everything to the sink."""
        for token in _TOKEN.finditer(self.rtf):
            word, number, byte, symbol, brace, text = token.groups()
            if word:
                self._word(word, int(number) if number else None)
            elif text:
                self._take(text.encode("latin-1", "replace"))
            elif byte:
                self._take(bytes((int(byte, 16),)))
            elif brace:
                self._brace(brace)
            elif symbol:
                self._symbol(symbol)
        self._flush()

    def _brace(self, brace: str) -> None:
        self._flush()
        self._skip, self._starred = 0, False
        if brace == "{" and len(self._stack) < _DEPTH_MAX:
            self._stack.append((self.state, self._named))
            self.state, self._named = replace(self.state), False
        elif brace == "}" and self._stack:
            if self._named:
                self.sink.closed(self.state)
            self.state, self._named = self._stack.pop()

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._starred = True
        elif symbol in "\\{}":
            self._take(symbol.encode())
        elif symbol in SPECIAL:
            self._put(SPECIAL[symbol])
        elif symbol in "\r\n":
            self._word("par", None)

    def _word(self, word: str, number: int | None) -> None:
        self._flush(keep_half=word == "u")
        starred, self._starred = self._starred, False
        if word == "u" and number is not None:
            self._unicode(number)
        elif word in SPECIAL:
            self._put(SPECIAL[word])
        elif starred or word in self._skipped or word in self._kept:
            self._open(word, skipped=word in self._skipped or word not in self._kept)
        elif word in _SETTERS:
            _SETTERS[word](self.state, number)
        elif word == "f" and number is not None:
            self._take_font(number)
        elif word in {"fcharset", "cpg"} and number is not None and self._font >= 0:
            self._fonts[self._font] = self._codec(CHARSETS.get(number, 0) if word == "fcharset" else number)
        elif word == "plain":
            self.state = State(
                self.state.destination, self.state.skipped, self.state.repeats, self._default, self.state.fallback,
                behind=self.state.behind, in_table=self.state.in_table,
            )  # fmt: skip
        else:
            self.sink.word(word, number, self.state)

    def _open(self, word: str, *, skipped: bool) -> None:
        self.state.destination, self.state.skipped = word, self.state.skipped or skipped
        self.state.repeats = self.state.repeats or word in _REPEATING
        self._named = True
        self.sink.opened(self.state)

    def _codec(self, page: int) -> str:
        return codec(page) if page else self._default

    def _take_font(self, number: int) -> None:
        if self.state.destination == "fonttbl":
            self._font = number
        else:
            self.state.codec = self._fonts.get(number, self._default)

    def _take(self, raw: bytes) -> None:
        """Collect bytes of the code page; those that repeat a Unicode escape are skipped."""
        if self._skip:
            raw, self._skip = raw[self._skip :], max(self._skip - len(raw), 0)
        if raw and not self.state.skipped:
            self._bytes += raw
        elif raw:
            self.sink.text(raw.decode("latin-1"), self.state)

    def _unicode(self, value: int) -> None:
        self._skip = 0
        char = chr(value & 0xFFFF)
        if self._high:
            pair = (self._high + char).encode("utf-16-le", "surrogatepass")
            char, self._high = pair.decode("utf-16-le", "replace"), ""
        elif 0xD800 <= ord(char) < 0xDC00:
            self._high, char = char, ""
        elif 0xDC00 <= ord(char) < 0xE000:
            char = "\ufffd"
        self._put(char)
        self._skip = self.state.fallback

    def _put(self, text: str) -> None:
        self._flush(keep_half=True)
        self._skip = 0
        if text:
            self.sink.text(text, self.state)

    def _flush(self, *, keep_half: bool = False) -> None:
        if self._bytes:
            text = self._bytes.decode(self.state.codec, "replace")
            self.lost += text.count("\ufffd")
            self._bytes.clear()
            self.sink.text(text, self.state)
        if self._high and not keep_half:
            self._high = ""
            self.lost += 1


def codec(page: int) -> str:
    """Return Python's codec for a Windows code page."""
    name = "utf-8" if page == 65001 else "mac_roman" if page == 10000 else codec_of(f"cp{page}")
    return codecs.lookup(name).name if name else "cp1252"


def _flag(name: str) -> Setter:
    return lambda state, number: setattr(state, name, number != 0)


def _number(name: str, default: int) -> Setter:
    return lambda state, number: setattr(state, name, default if number is None else number)


def _shift(up: int) -> Setter:
    return lambda state, number: setattr(state, "shift", up if number != 0 else 0)


def _pard(state: State, _number: int | None) -> None:
    state.in_table, state.behind = False, 0


_SETTERS: dict[str, Setter] = {
    "v": _flag("hidden"), "deleted": _flag("deleted"), "strike": _flag("struck"), "striked": _flag("struck"),
    "charscalex": _number("width", 100), "expndtw": _number("spacing", 0),
    "fs": _number("size", 24), "cf": _number("colour", 0), "cb": _number("ground", 0), "chcbpat": _number("ground", 0),
    "highlight": _number("ground", 0), "cbpat": _number("behind", 0), "intbl": _flag("in_table"),
    "super": _shift(1), "sub": _shift(-1), "nosupersub": _shift(0), "up": _shift(1), "dn": _shift(-1),
    "uc": _number("fallback", 1), "pard": _pard,
}  # fmt: skip
