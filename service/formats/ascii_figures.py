"""Write figures and marks of numbers of any script in ASCII, one character for one, so that offsets stay."""

from __future__ import annotations

import unicodedata

_MARKS_ASCII = {0x66B: ".", 0x66C: ",", 0xFF0C: ",", 0xFF0E: ".", 0xFF0D: "-", 0xFF0F: "/", 0x2212: "-"}


class _Ascii(dict[int, str]):
    """Cache of the ASCII form of figures and marks of any script, one character for one."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = str(unicodedata.decimal(char)) if char.isdecimal() else _MARKS_ASCII.get(code, char)
        return self[code]


_ASCII = _Ascii()


def ascii_figures(text: str) -> str:
    """Return the text with figures and marks of numbers in ASCII, one character for one."""
    return text if text.isascii() else text.translate(_ASCII)
