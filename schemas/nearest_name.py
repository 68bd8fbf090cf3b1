"""Name the known word that is nearest to an unknown one, for messages that refuse it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LEAST_LIKENESS = 0.6  # difflib's ratio: 1 for the same word


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?" for the known name that is most like an unknown one; "" where none is like it.

    >>> suggestion("plicy", ["file", "policy"]), suggestion("xyz", ["file", "policy"])
    ('; did you mean policy?', '')
    """
    plain = {word.lower(): word for word in known}
    found = get_close_matches(name.lower(), plain, n=1, cutoff=LEAST_LIKENESS)
    return f"; did you mean {plain[found[0]]}?" if found else ""
