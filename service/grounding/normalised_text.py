"""Reduce a text to its letters and figures, so that texts a reader would call the same become equal.

White space, line breaks, hyphens, punctuation, case, accents, ligatures, full-width and superscript forms are dropped; the
offset of every remaining character is stored. Searching is then a plain `str.find`.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, compress, repeat

Range = tuple[int, int]

# Vowel points that texts may leave out: Latin, Greek and Cyrillic accents, Hebrew points, Arabic marks, the tatweel.
_MARKS = [range(0x300, 0x370), range(0x591, 0x5C8), range(0x64B, 0x653), range(0x640, 0x641)]
# Scripts without spaces between words, where a name may touch other letters: Thai to Myanmar, Khmer, CJK, Hangul.
_SPACELESS = [range(0xE00, 0x10A0), range(0x1780, 0x1800), range(0x2E80, 0xA4D0), range(0xAC00, 0xD7B0)]
_SPACELESS += [range(0xF900, 0xFB00), range(0xFF66, 0xFFA0), range(0x20000, 0x40000)]


class _Folds(dict[int, str]):
    """Cache of what each character is folded to."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", chr(code)).casefold())
        self[code] = "".join(filter(_counts, plain))
        return self[code]


class _Counts(dict[int, str]):
    """Cache of how many characters each one is folded to, as a character."""

    def __missing__(self, code: int) -> str:
        self[code] = chr(len(_FOLDS[code]))
        return self[code]


def _counts(char: str) -> bool:
    """Whether a character distinguishes texts: letters, figures, and the vowel signs of scripts that need them."""
    if any(ord(char) in marks for marks in _MARKS):
        return False
    return char.isalnum() or unicodedata.category(char) in {"Mn", "Mc"}


_FOLDS, _COUNTS = _Folds(), _Counts()
_FT = "\ue0f7"  # a private use character that is folded to two letters
_FOLDS[ord(_FT)] = "ft"
LONG_S = re.compile("[ſﬅ]")
AS_F = str.maketrans({"ſ": "f", "ﬅ": _FT})  # a long s as f, which it looks like
_RAISED = re.compile(r"(?<=[\d.,)])[⁰¹²³⁴-⁹]+")


def without_raised_figures(text: str) -> str:
    """Return the text with raised figures after other figures blanked: 1,250¹ is 1,250 with a note."""
    return text if text.isascii() else _RAISED.sub(lambda m: "\u2060" * len(m[0]), text)


def letters_of(text: str) -> str:
    r"""Return the letters and figures of a text, folded.

    >>> letters_of("The Agree-\nment of Müller & Söhne, № ２"), letters_of("ﬁnal m²")
    ('theagreementofmullersohneno2', 'finalm2')
    """
    return without_raised_figures(text).translate(_FOLDS)


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters and figures of a text, or of parts of it."""

    text: str
    starts: array[int]  # offset of each in the text as given

    @classmethod
    def of(cls, text: str, without: Sequence[Range] = ()) -> Letters:
        """Return the Letters of a text, some ranges left out. `without` is sorted."""
        if not without:
            return cls(letters_of(text), _starts(text, 0))
        pieces, starts = [], array("Q")
        for start, end in between(without, len(text)):
            pieces.append(letters_of(text[start:end]))
            starts.extend(_starts(text[start:end], start))
        return cls("".join(pieces), starts)

    def span(self, start: int, end: int) -> Range:
        r"""Return the range of the given text that the letters `[start, end)`, at least one, come from.

        >>> Letters.of("of the Agree-\nment").span(2, 14)
        (3, 18)
        """
        return self.starts[start], self.starts[end - 1] + 1


def _starts(text: str, offset: int) -> array[int]:
    counts = without_raised_figures(text).translate(_COUNTS)
    places = range(offset, offset + len(text))
    numbers = counts.encode("utf-8") if counts.isascii() else [ord(c) for c in counts]
    if max(numbers, default=0) > 1:
        return array("Q", chain.from_iterable(map(repeat, places, numbers)))
    return array("Q", compress(places, numbers))


def between(ranges: Sequence[Range], length: int) -> list[Range]:
    """Return what ranges (sorted) leave of `[0, length)`."""
    edges = [0, *chain.from_iterable(ranges), length]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter or figure of another word or number touches a range.

    >>> [stands_alone("12 pens, 1.2 kg, 2024年", *r) for r in ((0, 1), (0, 2), (9, 10), (11, 12), (17, 21))]
    [False, True, False, False, True]
    """
    return not _joined(text, start - 1, start) and not _joined(text, end, end - 1)


def _joined(text: str, outside: int, inside: int) -> bool:
    """Whether the character outside an edge of a match belongs to the same word or number as the one inside."""
    if not 0 <= outside < len(text):
        return False
    out, own = text[outside], text[inside]
    if own.isdecimal() and out in ".,":
        beyond = outside + (outside - inside)
        return 0 <= beyond < len(text) and text[beyond].isdecimal()
    if own.isdecimal():
        return out.isdecimal() or is_spaced(out)
    return is_spaced(own) and is_spaced(out)


def is_spaced(char: str) -> bool:
    """Whether a character is a letter of a script with spaces between words."""
    return char.isalpha() and (char.isascii() or not any(ord(char) in script for script in _SPACELESS))
