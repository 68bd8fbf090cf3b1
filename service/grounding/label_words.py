"""The words that name a field, in the schema and in the text before its value."""

from __future__ import annotations

import re

from thresher.schemas.target import Field

LABEL_WINDOW_CHARS = 80  # code points before a value that may contain its label
LINE_WINDOW_CHARS = 500  # the same of its own line
KNOWN_PLACES = 5_000  # whose words are kept
_WORDS = re.compile(r"\w+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def label_words(known: Field | None, path: str) -> set[str]:
    """Return the words that a label of the field may contain: of its name, title and aliases."""
    named = [path.rsplit("/", 1)[-1], *((known.title, *known.aliases) if known else ())]
    text = " ".join(_CAMEL.sub(" ", n) for n in named)
    return {w for w in re.findall(r"[^\W\d_]+", text.casefold()) if len(w) > 1}


def words_of(text: str) -> set[str]:
    """Return the words of a text in lower case, those that capitals part within a name, too.

    >>> sorted(words_of("DuePayableAmount: 340.96"))
    ['340', '96', 'amount', 'due', 'duepayableamount', 'payable']
    """
    return {w.casefold() for name in _WORDS.findall(text) for w in (name, *_CAMEL.split(name))}


class WordsBefore:
    """The words before the places of one text, each found once: many fields may have the same value, at many places."""

    def __init__(self, text: str) -> None:
        """Nothing is searched yet."""
        self._text = text
        self._known: dict[tuple[int, int], set[str]] = {}

    def at(self, start: int) -> set[str]:
        """Return the words in the code points before a place that may contain its label."""
        return self._between(max(0, start - LABEL_WINDOW_CHARS), start)

    def in_line(self, start: int) -> set[str]:
        """Return the words before a place in its line, which may be a long one: the last of them."""
        first = max(0, start - LINE_WINDOW_CHARS)
        return self._between(max(first, self._text.rfind("\n", first, start) + 1), start)

    def _between(self, start: int, end: int) -> set[str]:
        if (start, end) not in self._known:
            if len(self._known) >= KNOWN_PLACES:
                self._known.clear()
            self._known[start, end] = words_of(self._text[start:end])
        return self._known[start, end]
