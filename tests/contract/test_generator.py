"""The generator: the same every time, its ranges point at its records, and all its noise is really there."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields

import pytest

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.layout import MEASURING, Layout, draw_layout
from tests.simulation.generator.make import bundle, generate
from tests.simulation.generator.nouns import Generated
from tests.simulation.reader.read import kind_of, read

SEEDS = (2, 5, MEASURING + 90_001, MEASURING + 90_003)


def rows_of(made: Generated) -> list[dict[str, object]]:
    """The records of the truth."""
    return list(made.truth[KINDS[made.kind].rows])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_arguments_make_the_same_document(kind: str) -> None:
    """Nothing but the arguments decides; another seed makes another document."""
    assert generate(kind, 30, 4) == generate(kind, 30, 4)
    assert generate(kind, 30, 4).text != generate(kind, 30, 5).text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_truth_validates_and_is_what_the_text_states(kind: str, seed: int) -> None:
    """The truth fits the target, and a perfect reading of the text gives it, record by record."""
    made = generate(kind, 40, seed)
    KINDS[kind].model.model_validate(made.truth)
    seen = read(made.text, kind)
    told = [{n: r.values.get(n) for n in rows_of(made)[0]} for r in seen.records]
    assert told == rows_of(made)
    assert kind_of(made.text) == kind


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_each_range_holds_its_record_and_no_other(kind: str, seed: int) -> None:
    """Ranges follow each other without overlap, and what stands in one reads as its record."""
    made = generate(kind, 40, seed)
    assert all(a[1] < b[0] for a, b in zip(made.ranges, made.ranges[1:], strict=False))
    for row, text in made.shown():
        (record,) = read(text, kind).records
        assert {n: record.values.get(n) for n in row} == row
        assert text == text.strip()


def test_noise_of_a_statement() -> None:
    """Records broken by pages, wrapped ones, equal ones, totals that look like rows, carried sums, titles again."""
    layout = Layout(width=30, balance=False)
    made = generate("statement", 800, 3, layout)
    shown = [text for _, text in made.shown()]
    assert sum("\f" in text for text in shown) >= 3
    assert sum("\n" in text for text in shown) > 200
    assert max(Counter(map(str, rows_of(made))).values()) > 1
    assert re.search(r"^\d{4}-\d\d-\d\d .*Total for \w+ \d{4} .*\d\.\d\d$", made.text, re.MULTILINE)
    assert made.text.count("Carried forward") == made.text.count("Brought forward") == len(made.pages) - 1
    assert made.text.count("Description") == len(made.pages)
    assert "Total Fitness Club" in str(rows_of(made))


@pytest.mark.parametrize("kind", KINDS)
def test_a_fact_is_corrected_in_the_middle(kind: str) -> None:
    """The first page states the old value, a line between the records the new one, and the truth has the new one."""
    made = generate(kind, 80, 6)
    ((name, (old, new)),) = made.corrections.items()
    assert made.truth[name] == new != old
    at = made.text.index("Correction to page 1")
    assert made.text.index(str(old)) < made.ranges[0][0] < at < made.ranges[-1][0]


def test_layouts_for_measuring_show_what_no_other_does() -> None:
    """Reserved styles are never drawn by a building seed, and are by measuring seeds."""
    building = [draw_layout(s) for s in range(400)]
    measuring = [draw_layout(MEASURING + s) for s in range(400)]
    for name in ("dates", "numbers", "signs", "separator", "lines"):
        assert {getattr(x, name) for x in building} < {getattr(x, name) for x in measuring}
    assert {f.name for f in fields(Layout)} >= {"order", "wraps", "late", "carried", "totals", "headed", "language"}


def test_several_documents_in_one_file() -> None:
    """Each document of a bundle stands at its offset, on pages of its own."""
    text, parts = bundle([("statement", 20), ("claims", 15), ("thread", 4)], 7)
    for offset, made in parts:
        assert text[offset : offset + len(made.text)] == made.text
        assert offset == 0 or text[offset - 1] == "\f"
