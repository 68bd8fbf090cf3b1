"""Runs of one character in a line: found in time that grows with the text."""

from __future__ import annotations

import time

import pytest

from thresher.service.rules.receipts.receipt_rows import _row
from thresher.service.rules.spans.identifiers import _EMAIL


@pytest.mark.parametrize("run", ["1", "a", "."])
def test_a_long_run_costs_no_square(run: str) -> None:
    """60,000 figures in a line took minutes in the event loop: once for amounts, once for mail addresses."""
    began = time.process_time()
    text = run * 60_000
    assert _row(0, len(text), text, ".").amount is None
    assert _EMAIL.search(text) is None
    assert time.process_time() - began < 1


def test_addresses_stay_whole() -> None:
    """The part before the sign is bounded, and begins where its run begins."""
    found = [m[0] for m in _EMAIL.finditer("a.b+c@x.example, <d@y.example> " + "e" * 65 + "@z.example")]
    assert found == ["a.b+c@x.example", "d@y.example"]
