"""Find the passage that is nearly the same: misread by OCR, or shortened or misquoted by a model.

A short value, above all a name, is not proved by another one that differs in a letter, unless OCR guessed the text. Only
its words may be written differently (Inc. for Incorporated, & for and) or confused as in bad scans (l for I, rn for m).
Figures and negations must always be equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from rapidfuzz import fuzz

from thresher.service.grounding.normalised_text import Letters, Range, is_spaced, letters_of

WORD_MAX_CHARS = 200  # code points by which a range that cuts a word is extended at most
MIN_LETTERS = 8  # letters; a shorter value nearly matches something almost anywhere
PASSAGE_MIN_LETTERS = 60  # letters from which a value is a passage, compared as a whole
MAX_PROBES = 16  # pieces of a passage that are searched, about
PROBE_LETTERS = 24  # letters of each piece
NAME_MIN_LIKENESS = 70.0  # likeness (0..100) of the place at which a short value's words are compared
WORD_MIN_LIKENESS = 60.0  # least likeness of any word of a value on a page that OCR read

_NEGATIONS = re.compile(
    r"\b(?:not|no|nor|never|without|unless|except|nicht|kein\w*|ohne|ne|pas|sans|sin|non|senza|niet|geen)\b"
)
_SHORT_FORMS = {"incorporated": "inc", "corporation": "corp", "company": "co", "limited": "ltd", "and": "", "the": ""}
_CONFUSED = str.maketrans({"l": "i", "1": "i", "0": "o"})


class FuzzyMatcher:
    """One text, searched for near matches."""

    def __init__(self, text: str, letters: Letters, *, least: float, guessed: bool) -> None:
        """Prepare the search; `letters` are those of `text`.

        `least`: least likeness, 0..100; `guessed`: whether OCR read some of the text.
        """
        self._text, self._letters, self._least, self._guessed = text, letters, least, guessed

    def find(self, value: str) -> Range | None:
        """Return the range that is most nearly the value; None where none is near enough."""
        needle = letters_of(value)
        if len(needle) < MIN_LETTERS or not any(c.isalpha() for c in needle):
            return None
        is_passage = len(needle) >= PASSAGE_MIN_LETTERS
        found = self._aligned(needle, self._least if is_passage or self._guessed else NAME_MIN_LIKENESS)
        if found is None:
            return None
        start, end = whole_words(self._text, *self._letters.span(*found))
        quote = self._text[start:end]
        alike = self._is_passage(value, quote) if is_passage else self._is_name(value, quote)
        return (start, end) if alike and _figures(value) == _figures(quote) else None

    def _is_passage(self, value: str, quote: str) -> bool:
        likeness = fuzz.ratio(letters_of(value), letters_of(quote))
        return likeness >= self._least and _negations(value) == _negations(quote)

    def _is_name(self, value: str, quote: str) -> bool:
        ours, theirs = _words(value), _words(quote)
        if [_confused(w) for w in ours] == [_confused(w) for w in theirs]:
            return True
        if not self._guessed or len(ours) != len(theirs):
            return False
        likeness = fuzz.ratio("".join(ours), "".join(theirs))
        return likeness >= self._least and all(
            fuzz.ratio(a, b) >= WORD_MIN_LIKENESS for a, b in zip(ours, theirs, strict=True)
        )

    def _aligned(self, needle: str, least: float) -> Range | None:
        """Return the range of the letters that are most like the needle, near pieces of it where the text has some."""
        hay = self._letters.text
        start, end = self._window(needle) or (0, len(hay))
        found = fuzz.partial_ratio_alignment(needle, hay[start:end], score_cutoff=least)
        if not found or found.dest_start == found.dest_end or len(needle) > end - start:
            return None
        return start + found.dest_start, start + found.dest_end

    def _window(self, needle: str) -> Range | None:
        """Return the range where most pieces of a passage stand at their relative positions; None where none is found."""
        if len(needle) < 2 * PROBE_LETTERS:
            return None
        hay, step = self._letters.text, max((len(needle) - PROBE_LETTERS) // MAX_PROBES, 1)
        slack = max(len(needle) // 4, PROBE_LETTERS)
        votes: Counter[int] = Counter()
        for at in range(0, len(needle) - PROBE_LETTERS + 1, step):
            hit = hay.find(needle[at : at + PROBE_LETTERS])
            while hit >= 0:
                votes[(hit - at) // slack] += 1
                hit = hay.find(needle[at : at + PROBE_LETTERS], hit + PROBE_LETTERS)
        if not votes:
            return None
        best = votes.most_common(1)[0][0] * slack
        return max(best - slack, 0), min(best + len(needle) + 2 * slack, len(hay))


def _words(text: str) -> list[str]:
    return [w for w in (_SHORT_FORMS.get(s, s) for s in map(letters_of, re.findall(r"[^\W_]+", text))) if w]


def _confused(word: str) -> str:
    """Return a word as a bad scan could have it; words of figures stay as they are."""
    if not any(c.isalpha() for c in word):
        return word
    return word.replace("rn", "m").replace("vv", "w").translate(_CONFUSED)


def _figures(text: str) -> list[str]:
    return re.findall(r"\d+", unicodedata.normalize("NFKC", text))


def _negations(text: str) -> list[str]:
    return _NEGATIONS.findall(text.casefold())


def with_other_legal_form(name: str) -> Iterator[str]:
    """Yield a name with its legal form written differently.

    >>> list(with_other_legal_form("II-VI Inc.")), list(with_other_legal_form("Acme Limited"))
    (['II-VI incorporated'], ['Acme ltd'])
    """
    *rest, last = name.split() or [""]
    form = letters_of(last)
    for long, short in _SHORT_FORMS.items():
        if rest and short and form in {long, short}:
            yield " ".join([*rest, short if form == long else long])


def whole_words(text: str, start: int, end: int) -> Range:
    """Return the range without blanks at its edges, extended to the edges of the words it cuts.

    Of a word without end it takes WORD_MAX_CHARS more: a text of one word has thousands of places in it.
    """
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    first, last = max(start - WORD_MAX_CHARS, 0), min(end + WORD_MAX_CHARS, len(text))
    while first < start < len(text) and _in_word(text[start - 1]) and _in_word(text[start]):
        start -= 1
    while 0 < end < last and _in_word(text[end]) and _in_word(text[end - 1]):
        end += 1
    return start, end


def _in_word(char: str) -> bool:
    return char.isdigit() or is_spaced(char)
