"""Runs of one character in a line: found in time that grows with the text."""

from __future__ import annotations

import time
from importlib import import_module

import pytest

from thresher.service.rules.receipts.receipt_rows import _row
from thresher.service.rules.spans.bullets import _cuts
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


RUNS = [
    ("chunkers.openings:_SENTENCE", "1"),
    ("chunkers.openings:_SENTENCE", "a1_"),
    ("service.grounding.loose_match:_PARTS", " "),
    ("service.grounding.number_spans:_POWER", "1"),
    ("service.merging.source_rank:_CONTENTS", "."),
    ("service.merging.source_rank:_CONTENTS", " "),
    ("service.readers.mail.bodies:_ADDRESS", "a"),
    ("service.readers.text_marks:_FRACTION", "¹"),
    ("service.splitting.page_edges:_CODE", "a"),
    ("service.readers.mail.bodies:_NUMBER", "a"),
    ("service.readers.mail.headers:_FOLD", " "),
    ("service.records.headers_footers:_GAP", " "),
    ("service.records.headers_footers:_NUMBER", "-"),
    ("service.rules.mail_headers:_ADDRESS", " "),
    ("service.rules.mail_headers:_ADDRESS", "a@"),
    ("service.rules.receipts.receipt_items:_TAXED", " "),
    ("service.rules.spans.bullets:_SPLIT", " "),
    ("service.rules.spans.identifiers:_CODE", "("),
    ("service.rules.spans.identifiers:_CODE", "a("),
    ("service.rules.spans.identifiers:_URL", "a-"),
    ("service.rules.spans.names:_REGISTER", " "),
    ("service.rules.spans.terms:_DURATION", "-"),
    ("service.rules.spans.terms:_DURATION", " "),
    ("service.rules.spans.terms:_DURATION", "one "),
    ("service.rules.spans.terms:_PAID", "x"),
    ("service.rules.spans.names:WITH_LEGAL_FORM", "1."),
]


@pytest.mark.parametrize(("pattern", "run"), RUNS)
def test_a_pattern_tries_a_run_once(pattern: str, run: str) -> None:
    """A pattern that is tried again from each place in a run takes the square of its length: seconds for 20,000."""
    module, name = pattern.split(":")
    compiled = getattr(import_module(f"thresher.{module}"), name)
    text = (run * 20_000)[:20_000] + "x"
    began = time.process_time()
    for _ in compiled.finditer(text):
        pass
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("chunkers.table_heads:_is_figure", "1" + " " * 20_000 + "x"),
        ("service.layout.tables:is_number", "-" * 20_000 + "x"),
        ("service.merging.entity_names:entity", "a branch " * 300 + ","),
        ("service.rules.spans.bullets:_cuts", "a, " * 10_000),
    ],
)
def test_a_long_text_takes_no_square(function: str, text: str) -> None:
    """A cell, a name or a row that is longer than any real one is looked at once."""
    module, name = function.split(":")
    called = getattr(import_module(f"thresher.{module}"), name)
    began = time.process_time()
    called(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("service.rules.contracts.parties:_ROLE", "(" + "together " * 200),
        ("service.rules.contracts.clauses:_INNER", "A" + "-/" * 200),
        ("service.rules.contracts.clauses:_INNER", "A" + "-A" * 200),
    ],
)
def test_a_bracket_or_a_title_takes_no_power(pattern: str, text: str) -> None:
    """Words that fit two parts of a pattern doubled its work each: 30 of "together" behind a party took minutes."""
    module, name = pattern.split(":")
    began = time.process_time()
    assert getattr(import_module(f"thresher.{module}"), name).search(text) is None
    assert time.process_time() - began < 1


def test_brackets_hold_commas_together() -> None:
    """A comma in brackets separates no entries; the bracket may be far away."""
    assert _cuts("a, b (c, d), e") == [(1, 3), (11, 13)]
