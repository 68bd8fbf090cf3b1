"""Decide whether a recogniser knows the script of a line, from how few letters it finds.

A recogniser returns nothing for letters that it does not know, or a few similar letters of its own: "Счёт на оплату
4711" is read as blanks and 4711. So a long line with few letters was not read, whatever its confidence. Letters that
point to another script do not count either: Greek ones known from formulas alone (among Latin letters, or without an
accent in a whole line), and single consonants or letters around figures, which is how Hebrew is read. On a page whose
other lines were read, letters around figures that were read with confidence are codes, such as "EZ10HD05", and count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from thresher.service.ocr.base import PrintedLine
from thresher.service.ocr.word_boxes import RecognisedLine

LONG_LINE_MIN_ASPECT = 3.0  # length / thickness of a line, from which the number of its letters counts
MIN_LETTERS_A_THICKNESS = 1.2  # in every script; the thickness includes the margins
LINE_MIN_SCORE = 0.55  # below it a line was not read
KNOWN_SCRIPT_MIN_SCORE = 0.65  # score of a page: below it the script counts as unknown, and a line needs the next score
FOREIGN_LINE_MIN_SCORE = 0.85  # below it a line of such a page was not read
WELL_READ_MIN_SCORE = 0.8  # score of a page whose script is certain
CODE_MIN_CONFIDENCE = 0.85  # from here on, letters around figures on such a page are a code
SIGNS_MIN_CONFIDENCE = 0.5  # from here on, a line of nothing but signs was read
MIN_LONG_LINES = 3  # of a page that can be judged
UNREADABLE_MIN_SHARE = (
    0.25  # of the length of a page's lines: from this unread share on, the page is reported as unreadable
)


_GREEK = re.compile(r"[\u0370-\u03ff]")
_LATIN = re.compile(r"[A-Za-z]")
_STRAY = re.compile(r"[b-df-hj-np-tv-wz]|.*[^\W\d]\d+[^\W\d].*")  # a consonant; letters around figures
_WORD_MIN_LETTERS = 3  # shorter ones may be signs of a formula
_GREEK_MIN_SHARE = 1 / 3  # of a line's words: if more are half Greek, the line is Greek


def line_score(spelled: RecognisedLine, aspect: float, *, codes: bool = False) -> float:
    """Return how well a line was read (0..1): its confidence, less where it has few letters.

    `aspect` is the line's length in thicknesses; `codes` is whether letters around figures count, too.
    """
    if _is_mock_greek(spelled.text):
        return 0.0
    letters = sum(len(word) for word in spelled.text.split() if codes or not _STRAY.fullmatch(word))
    return spelled.confidence * min(1.0, letters / max(MIN_LETTERS_A_THICKNESS * aspect, 1e-6))


def _is_mock_greek(text: str) -> bool:
    """Whether a line is in Greek and its recogniser knows only the Greek letters of formulas.

    >>> [_is_mock_greek(text) for text in ("KAΘAPH AIA", "μερμνα κδσ", "Τιμή", "ΚΑΘΑΡΗ ΑΞΙΑ", "the angles α and β")]
    [True, True, False, False, False]
    """
    words = [
        letters for word in text.split() if len(letters := "".join(filter(str.isalpha, word))) >= _WORD_MIN_LETTERS
    ]
    greek = [word for word in words if _GREEK.search(word)]
    mixed = [word for word in greek if _LATIN.search(word)]
    bare = [] if any(map(_has_accent, greek)) else [word for word in greek if word.islower()]
    return len(mixed) + len(bare) > _GREEK_MIN_SHARE * len(words)


def _has_accent(word: str) -> bool:
    """Whether a word has an accented letter."""
    return len(unicodedata.normalize("NFD", word)) > len(word)


def unread_lines(spelled: Sequence[RecognisedLine], aspects: Sequence[float]) -> list[bool]:
    """Return for each line of a page whether it was found but not read; never True for short lines."""
    whole = page_score(spelled, aspects)
    least = LINE_MIN_SCORE if whole is None or whole >= KNOWN_SCRIPT_MIN_SCORE else FOREIGN_LINE_MIN_SCORE
    certain = whole is not None and whole >= WELL_READ_MIN_SCORE
    return [
        a >= LONG_LINE_MIN_ASPECT
        and not (certain and _is_signs(one))
        and line_score(one, a, codes=certain and one.confidence >= CODE_MIN_CONFIDENCE) < least
        for one, a in zip(spelled, aspects, strict=True)
    ]


def _is_signs(spelled: RecognisedLine) -> bool:
    """Whether a line is a row of signs, such as asterisks."""
    text = spelled.text.strip()
    return bool(text) and not any(map(str.isalnum, text)) and spelled.confidence >= SIGNS_MIN_CONFIDENCE


def unread_share(lines: Sequence[PrintedLine]) -> float:
    """Return the share (0..1) of the lines' length that was found but not read: lines without words."""
    lengths = [max(line.box[2] - line.box[0], line.box[3] - line.box[1]) for line in lines]
    lost = sum(length for length, line in zip(lengths, lines, strict=True) if not line.words)
    return lost / max(sum(lengths), 1e-6)


def page_score(spelled: Sequence[RecognisedLine], aspects: Sequence[float]) -> float | None:
    """Return the score of a page: the mean over its long lines by length; None where too few are long."""
    long = [
        (line_score(one, aspect), aspect)
        for one, aspect in zip(spelled, aspects, strict=True)
        if aspect >= LONG_LINE_MIN_ASPECT
    ]
    if len(long) < MIN_LONG_LINES:
        return None
    return sum(value * aspect for value, aspect in long) / sum(aspect for _, aspect in long)
