"""Scripts: whether a recogniser knows the script of a line, told from how little it makes of it.

A recogniser gives nothing for letters it does not know, or a few letters of its own that look alike: "Счёт на оплату 4711"
comes out as blanks and 4711. So a long line with few letters was not read, whatever its confidence. Nor are letters counted
that tell of another script: Greek ones that a recogniser knows from formulas alone, among Latin ones or without an accent
in a whole line; and single consonants, or letters around figures, as Hebrew comes out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from thresher.service.ocr.base import PrintedLine
from thresher.service.ocr.word_boxes import Spelling

LONG = 3.0  # length of a line, in its thickness, from which the number of its letters tells
FULL = 1.2  # letters for each thickness of length that every script has at least; the thickness holds the margins, too
UNREAD = 0.55  # score of a line below which it was not read
FOREIGN = 0.65  # score of a page below which its script is taken to be unknown; then a line must do better
FOREIGN_UNREAD = 0.85
LEAST_LINES = 3  # long lines of a page from which it can be told
SHARE = 0.25  # of the length of a page's lines: when so much was not read, the page is said to be unreadable


_GREEK = re.compile(r"[\u0370-\u03ff]")
_LATIN = re.compile(r"[A-Za-z]")
_STRAY = re.compile(r"[b-df-hj-np-tv-wz]|.*[^\W\d]\d+[^\W\d].*")  # a consonant; letters around figures
_WORD = 3  # letters of a word that is no sign of a formula
_THIRD = 1 / 3  # of a line's words: so many that are Greek by half make it a line of Greek


def score(spelled: Spelling, aspect: float) -> float:
    """How well a line was read, 0 to 1: its confidence, less where it has few letters for its length (`aspect`)."""
    if _is_mock_greek(spelled.text):
        return 0.0
    letters = sum(len(word) for word in spelled.text.split() if not _STRAY.fullmatch(word))
    return spelled.confidence * min(1.0, letters / max(FULL * aspect, 1e-6))


def _is_mock_greek(text: str) -> bool:
    """Whether a line is in Greek, and was read by a recogniser that knows no more of it than what formulas have.

    >>> [_is_mock_greek(text) for text in ("KAΘAPH AIA", "μερμνα κδσ", "Τιμή", "ΚΑΘΑΡΗ ΑΞΙΑ", "the angles α and β")]
    [True, True, False, False, False]
    """
    words = [letters for word in text.split() if len(letters := "".join(filter(str.isalpha, word))) >= _WORD]
    greek = [word for word in words if _GREEK.search(word)]
    mixed = [word for word in greek if _LATIN.search(word)]
    bare = [] if any(map(_has_accent, greek)) else [word for word in greek if word.islower()]
    return len(mixed) + len(bare) > _THIRD * len(words)


def _has_accent(word: str) -> bool:
    return len(unicodedata.normalize("NFD", word)) > len(word)


def unread(spelled: Sequence[Spelling], aspects: Sequence[float]) -> list[bool]:
    """Which lines of a page were found and not read: none of the short ones, which tell nothing."""
    whole = page_score(spelled, aspects)
    least = UNREAD if whole is None or whole >= FOREIGN else FOREIGN_UNREAD
    return [a >= LONG and score(one, a) < least for one, a in zip(spelled, aspects, strict=True)]


def unread_share(lines: Sequence[PrintedLine]) -> float:
    """The part of the lines' length that was found and not read: lines without words."""
    lengths = [max(line.box[2] - line.box[0], line.box[3] - line.box[1]) for line in lines]
    lost = sum(length for length, line in zip(lengths, lines, strict=True) if not line.words)
    return lost / max(sum(lengths), 1e-6)


def page_score(spelled: Sequence[Spelling], aspects: Sequence[float]) -> float | None:
    """The same of a page, its long lines counting by their length; None where too few are long."""
    long = [(score(one, aspect), aspect) for one, aspect in zip(spelled, aspects, strict=True) if aspect >= LONG]
    if len(long) < LEAST_LINES:
        return None
    return sum(value * aspect for value, aspect in long) / sum(aspect for _, aspect in long)
