"""Rank Chunks by how likely they state a field, by the words of its name and description (BM25)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from math import log
from typing import Protocol

from thresher.schemas.chunk import Chunk
from thresher.schemas.target import Field

NAME_WEIGHT = 3.0  # of a field's own names: on agreements the best Chunk is then 1.3 positions higher
CHOICES_MAX = 24  # of an enum, whose values are words to look for
SATURATION, LENGTH_SHARE = 1.5, 0.75  # k1 and b of BM25, the usual ones
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Ranker(Protocol):
    """Score Chunks of one Document. Deterministic; a higher score is likelier."""

    def scores(self, query: str) -> list[float]:
        """Return one score for each Chunk, 0 for one that shares no word with the query."""
        ...


class Bm25:
    """Score Chunks by BM25 over words, as Lucene computes it (Kamphuis et al., "Which BM25 do you mean?", 2020)."""

    def __init__(self, chunks: Sequence[Chunk], queries: Iterable[str] | None = None) -> None:
        """`chunks`: all of one Document, in its order; `queries`: all that will be scored, where known: then only their words are kept."""
        wanted = None if queries is None else {form for query in queries for form in _forms(_words(query))}
        counted = [_counted(c, wanted) for c in chunks]
        mean = sum(total for total, _ in counted) / max(len(counted), 1)
        self._count = len(chunks)
        self._shares: dict[str, list[tuple[int, float]]] = {}  # of each word: Chunk, and how much it is about the word
        for i, (total, words) in enumerate(counted):
            flattening = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * total / mean) if total else 0.0
            for word, n in words.items():
                self._shares.setdefault(word, []).append((i, n / (n + flattening)))

    def scores(self, query: str) -> list[float]:
        """Return one score for each Chunk, 0 for one that shares no word with the query."""
        found = [0.0] * self._count
        for word in dict.fromkeys(_words(query)):
            shares = self._shares.get(word, ())
            rarity = log(1 + (self._count - len(shares) + 0.5) / (len(shares) + 0.5))
            for i, share in shares:
                found[i] += rarity * share
        return found


def _counted(chunk: Chunk, wanted: AbstractSet[str] | None) -> tuple[int, Counter[str]]:
    """Return how many words a Chunk has, and how often each wanted one; None: each word. `wanted`: all forms of words."""
    words = _raw_words(f"{chunk.context}\n{chunk.text}")
    small = map(str.casefold, words)
    return len(words), Counter(map(_stem, small if wanted is None else (w for w in small if w in wanted)))


def query_of(field: Field) -> str:
    """Return the words known of a field: names on its path, title, description, aliases, choices.

    >>> query_of(Field(path="/seller/taxId", kind="text", aliases=("VAT no",)))
    'seller taxId VAT no'
    """
    names = [p for p in field.path.split("/") if p not in {"", "*"}]
    choices = [str(c) for c in field.choices[:CHOICES_MAX]]
    return " ".join(w for w in (*names, field.title, field.description, *field.aliases, *choices) if w)


def names_of(field: Field) -> str:
    """Return a field's own names."""
    return " ".join(w for w in (field.name, field.title, *field.aliases) if w)


def scores_of(ranker: Ranker, field: Field) -> list[float]:
    """Return a score for each Chunk by all words of a field, its own names counted more."""
    named = ranker.scores(names_of(field))
    return [NAME_WEIGHT * n + s for n, s in zip(named, ranker.scores(query_of(field)), strict=True)]


def order_of(scores: Iterable[float]) -> list[int]:
    """Return indices of the Chunks with a score above 0, best first, equal ones in text order.

    >>> order_of([0.5, 0.0, 2.0, 0.5])
    [2, 0, 3]
    """
    ranked = sorted(enumerate(scores), key=lambda c: (-c[1], c[0]))
    return [i for i, score in ranked if score > 0]


def _words(text: str) -> list[str]:
    """Return words in lower case: English plurals as singulars, CamelCase split."""
    return [_stem(w.casefold()) for w in _raw_words(text)]


def _raw_words(text: str) -> list[str]:
    """Return words as they stand there, CamelCase split."""
    return _WORD.findall(_HUMP.sub(" ", text))


def _forms(words: Iterable[str]) -> set[str]:
    """Return all texts of which some words are the stems: the word itself, and its plural.

    >>> sorted(_forms(["total", "class"]))
    ['class', 'total', 'totals']
    """
    both = [(form, word) for word in words for form in (word, f"{word}s")]
    return {form for form, word in both if _stem(form) == word}


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
