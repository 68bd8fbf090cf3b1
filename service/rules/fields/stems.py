"""Reduce words to stems without endings, so that "assignable", "assigned" and "assignment" are equal."""

from __future__ import annotations

from functools import lru_cache

from thresher.service.rules.fields.wording import plain

STEM_MIN_LETTERS = 4  # fewest letters of a stem
_ENDINGS = (
    "ations", "ation", "ments", "ment", "ities", "ity", "ances", "ance", "ences", "ence", "ibility", "ability", "ables", "able",
    "ibles", "ible", "ings", "ing", "ions", "ion", "ives", "ive", "iers", "ies", "ied", "ures", "ure", "itions", "ition", "itive", "ers", "ors", "ed", "es", "er",
    "or", "al", "ly", "e", "s", "y",
)  # fmt: skip
STOP_WORDS = frozenset(
    (
        "the", "of", "and", "a", "an", "in", "on", "for", "as", "is", "to", "or", "by", "with", "if", "not", "any", "this", "that", "it",
        "its", "per", "be", "are", "was", "has", "have", "which", "what", "who", "when", "there", "does", "do", "can", "will", "shall",
        "may", "from", "at", "no", "non", "e", "g", "i",
    )
)  # fmt: skip


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return a plain word without its endings.

    >>> stem("assignment"), stem("assignable"), stem("governing"), stem("law"), stem("employee") == stem("employer")
    ('assign', 'assign', 'govern', 'law', False)
    """
    for _ in range(2):
        end = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= STEM_MIN_LETTERS), None)
        if end is None or word.endswith("ee"):
            return word
        word = word[: -len(end)]
    return word


@lru_cache(maxsize=20_000)
def stems(text: str) -> frozenset[str]:
    """Return the stems of a text's words, without stop words and numbers.

    >>> sorted(stems("Use of the Proceeds")) == sorted(stems("use_of_proceeds"))
    True
    """
    return frozenset(stem(w) for w in plain(text.replace("_", " ")).split() if w not in STOP_WORDS and not w.isdigit())
