"""Which value a text itself says is the right one, in documents that the generator corrects."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.make import generate
from tests.unit.test_corrections import rivals_in, winner
from thresher.service.merging.corrections import find_correction


@pytest.mark.parametrize("kind", KINDS)
def test_every_layout_of_the_generator_is_understood(kind: str) -> None:
    """The fact that a generated document corrects in its middle, in thirty layouts of each kind."""
    for seed in range(30):
        made = generate(kind, 12, seed)
        ((name, (old, new)),) = made.corrections.items()
        assert winner(made.text, name, str(old), str(new)) == str(new), seed


@pytest.mark.parametrize("kind", KINDS)
def test_no_other_fact_of_a_generated_document_is_flipped(kind: str) -> None:
    """Any two facts of a document as rivals for any field: only the corrected one is told from its old value."""
    for seed in range(15):
        made = generate(kind, 12, seed)
        ((name, _),) = made.corrections.items()
        facts = {n: v for n, v in made.truth.items() if isinstance(v, str) and n != name and v in made.text}
        for (first, one), (_, other) in permutations(facts.items(), 2):
            found = find_correction(rivals_in(made.text, one, other), [made.text], first)
            assert found is None, (seed, first)
