"""OpenAI's /v1/embeddings: words hashed into places, counted, at length 1. Near is what has words in common."""

from __future__ import annotations

import math
import re
from typing import Any
from zlib import crc32

from tests.simulation.reader.tokens import ids

PLACES = 256  # numbers of a vector
_WORD = re.compile(r"[^\W_]+")


def response(request: dict[str, Any]) -> dict[str, Any]:
    """The vectors of a request's texts. Raises KeyError or TypeError for what is none."""
    texts = [request["input"]] if isinstance(request["input"], str) else list(request["input"])
    tokens = sum(len(ids(text)) for text in texts)
    return {
        "object": "list",
        "model": request["model"],
        "data": [{"object": "embedding", "index": i, "embedding": vector(text)} for i, text in enumerate(texts)],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def vector(text: str) -> list[float]:
    """A text's hashed bag of words.

    >>> vector("b a") == vector("A b"), round(math.hypot(*vector("a b b")), 6)
    (True, 1.0)
    """
    counts = [0.0] * PLACES
    for word in _WORD.findall(text.casefold()):
        counts[crc32(word.encode()) % PLACES] += 1.0
    length = math.hypot(*counts) or 1.0
    return [n / length for n in counts]
