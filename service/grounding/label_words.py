"""The words that name a field, in the schema and in the text before its value."""

from __future__ import annotations

import re

from thresher.schemas.target import Field

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
