"""Read the signatures and the shingles of documents, in worker processes."""

from __future__ import annotations

import numpy as np

from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.discovery.document_texts import text_of
from thresher.service.discovery.duplicates.shingles import shingles, signature, words
from thresher.service.readers.base import Spool


def read_signature(source: Source, options: ReadOptions, spool: Spool) -> tuple[int, bytes]:
    """Return the number of words of a Source, and the MinHash of its shingles; of too few words, none."""
    tokens = words(text_of(source, options, spool))
    found = shingles(tokens)
    return len(tokens), signature(found).tobytes() if len(found) else b""


def read_shingles(source: Source, options: ReadOptions, spool: Spool) -> bytes:
    """Return the distinct shingles of a Source, sorted, 8 bytes each."""
    return np.ascontiguousarray(shingles(words(text_of(source, options, spool)))).tobytes()
