"""The generator's statement has the size of the published one, by the tokenizer that counted that."""

from __future__ import annotations

import json

import pytest

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import STANDARD
from tests.simulation.generator.make import generate
from thresher.chunkers.tokens import counter


def test_the_published_statement() -> None:
    """The layout of the published table: 3,200 rows on 69 pages, its text about 88,000 tokens, its rows 125,000."""
    made = generate("statement", 3_200, 1, STANDARD)
    rows, count = made.truth[KINDS[made.kind].rows], counter("o200k_base")
    assert len(made.pages) == pytest.approx(69, abs=3)
    assert count(made.text[: len(made.text) // 8]) * 8 == pytest.approx(90_000, rel=0.05)
    assert count(json.dumps(rows[:400], separators=(",", ":"))) * 8 == pytest.approx(126_000, rel=0.05)
