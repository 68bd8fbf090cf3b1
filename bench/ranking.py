"""How early the ranking finds a single fact: by words, by vectors, and fused, on facts that stand in the text.

    python -m bench.ranking CORPORA/extract_bench --onnx model.onnx --tokenizer tokenizer.json

The vectors are those of a sentence-transformers model as ONNX (mean of its last layer); neither file is part of the project.
A fact counts at the place of the first Chunk of its order that holds its value.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from bench.wide import Case, cases, documents_of
from thresher.chunkers.members import choose
from thresher.chunkers.tokens import counter
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.target import Field
from thresher.service.extraction.planning.chunk_order import ordered
from thresher.service.extraction.planning.token_budget import SEARCH_CHUNK_TOKENS
from thresher.service.grounding.grounder import Grounder
from thresher.service.llm.providers.embeddings import Embedded

FIRST = (1, 2, 6, 10)
LENGTH = 256  # word pieces that the model looks at
TOGETHER = 16  # texts in one run of the model


class Onnx:
    """An Embedder in process."""

    name = "onnx"

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Load both."""
        self._session: Any = import_module("onnxruntime").InferenceSession(
            str(model), providers=["CPUExecutionProvider"]
        )
        self._tokenizer: Any = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(LENGTH)
        self._tokenizer.enable_padding()
        self._wanted = {i.name for i in self._session.get_inputs()}

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """See Embedder."""
        rows = [self._run(texts[a:b]) for a, b in pairwise([*range(0, len(texts), TOGETHER), len(texts)])]
        whole = np.concatenate(rows)
        return Embedded(rows=whole / np.linalg.norm(whole, axis=1, keepdims=True))

    def _run(self, texts: Sequence[str]) -> Any:
        told = self._tokenizer.encode_batch(list(texts))
        ids, mask = (np.array([getattr(t, name) for t in told], np.int64) for name in ("ids", "attention_mask"))
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        last = self._session.run(None, {k: v for k, v in given.items() if k in self._wanted})[0]
        weights = mask[:, :, None]
        return ((last * weights).sum(1) / weights.sum(1)).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A field, and the Chunks that hold its value."""

    field: Field
    holders: frozenset[int]


def facts(case: Case, document: Document, chunks: Sequence[Chunk]) -> list[Fact]:
    """The single facts of the gold that stand in some Chunk, as the house's own evidence finds them: no resemblances."""
    wanted = {f.path: f for f in case.target.fields if "*" not in f.path and f.kind != "boolean"}
    holders: dict[str, set[int]] = {}
    for i, chunk in enumerate(chunks):
        for evidence in Grounder(document, chunk, case.target, fuzzy=100.0).ground(case.gold).evidence:
            if evidence.path in wanted and evidence.match in {"exact", "normalised"}:
                holders.setdefault(evidence.path, set()).add(i)
    return [Fact(field=f, holders=frozenset(holders[p])) for p, f in wanted.items() if p in holders]


def place(order: Sequence[int], fact: Fact) -> int:
    """1 for a fact that the first Chunk of an order holds; past the end where no Chunk of it does."""
    return next((n for n, i in enumerate(order, 1) if i in fact.holders), 10_000)


async def measure(case: Case, embedder: Onnx) -> list[tuple[str, int, int, int]]:
    """(fact, its place by words, fused, number of Chunks) of one document."""
    document = (await documents_of(case.pdf))[0]
    chunks = list(choose(document, "auto").chunk(document, SEARCH_CHUNK_TOKENS, counter("o200k_base"), 0))
    wanted = facts(case, document, chunks)
    fields = [f.field for f in wanted]
    words, both = await ordered(fields, chunks), await ordered(fields, chunks, embedder)
    rows = []
    for fact in wanted:
        path = fact.field.path
        rows.append(
            (f"{case.name} {path}", place(words.orders[path], fact), place(both.orders[path], fact), len(chunks))
        )
    return rows


def main() -> None:
    """Print every fact, then how many stand in the first Chunks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    given = parser.parse_args()
    embedder = Onnx(given.onnx, given.tokenizer)
    found: dict[str, list[int]] = {"words": [], "fused": []}
    for case in cases(given.folder, "agreements"):
        for name, words, both, chunks in asyncio.run(measure(case, embedder)):
            print(f"{words:6} {both:6} of {chunks:3}  {name}", flush=True)
            found["words"].append(words)
            found["fused"].append(both)
    for title, places in found.items():
        print(title, len(places), *(f"first {n}: {sum(p <= n for p in places)}" for n in FIRST), sep="  ")


if __name__ == "__main__":
    main()
