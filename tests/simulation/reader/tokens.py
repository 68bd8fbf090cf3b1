"""Tokens: exact counts of prompts and answers, and prefixes that a provider has in its cache."""

from __future__ import annotations

from array import array
from hashlib import blake2b

from thresher.chunkers.tokens import SLICE, _encoding

NAME = "o200k_base"
BLOCK = 128  # tokens by which a cached prefix grows
LEAST_CACHED = 1_024  # tokens from which a prefix is cached


def ids(text: str) -> list[int]:
    """Tokens of a text."""
    encoding = _encoding(NAME)
    return [t for i in range(0, len(text), SLICE) for t in encoding.encode_ordinary(text[i : i + SLICE])]


def cut(text: str, most: int) -> tuple[str, int, bool]:
    """(text of at most so many tokens, its tokens, whether something is missing)."""
    found = ids(text)
    if len(found) <= most:
        return text, len(found), False
    return _encoding(NAME).decode(found[:most], errors="ignore"), most, True


class Prefixes:
    """The prefixes that were sent before."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._known: set[bytes] = set()

    def cached(self, tokens: list[int]) -> int:
        """How many tokens at the beginning were sent before; those that were not are known from now on."""
        chain, hit, still = b"", 0, True
        for end in range(BLOCK, len(tokens) + 1, BLOCK):
            block = array("I", tokens[end - BLOCK : end]).tobytes()
            chain = blake2b(chain + block, digest_size=12).digest()
            still = still and chain in self._known
            hit = end if still else hit
            self._known.add(chain)
        return hit if hit >= LEAST_CACHED else 0
