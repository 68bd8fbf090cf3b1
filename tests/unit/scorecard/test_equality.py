"""When two values are the same, by kind of field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from thresher.service.scorecard.equality import FORMS, Form, Rule, canonical_value, is_equal
from thresher.service.scorecard.scored_fields import FieldRules
from thresher.service.targets.loading import load_target

SAME: list[tuple[Form, Any, Any, bool]] = [
    ("number", 12.5, "12.50", True),
    ("number", 0.071, 0.075, False),
    ("number", 1_000_000, 1_000_000.4, True),
    ("number", 1_000_000, 1_000_002, False),
    ("money", "$1,204.50", 1204.5, True),
    ("money", 10, 10.004, True),
    ("money", 10, 10.01, False),
    ("money", "EUR 5.00", "US$ 5.00", False),
    ("date", "2024-03-03", "3 March 2024", True),
    ("date", "2024-03-03", "2024-03-03T10:00:00", True),
    ("date", "2024-03-03", "2024-03-04", False),
    ("datetime", "2024-03-03T10:00:00Z", "2024-03-03T11:00:00+01:00", True),
    ("datetime", "2024-03-03T10:00:00", "2024-03-03T10:00:00+01:00", True),
    ("datetime", "2024-03-03T10:00:00", "2024-03-03T11:00:00", False),
    ("time", "10:15", "10:15:00", True),
    ("boolean", True, "yes", True),
    ("boolean", True, False, False),
    ("enum", "Credit Note", "credit note", True),
    ("enum", "debit", "credit", False),
    ("email", "A@Example.org", "a@example.org", True),
    ("uri", "https://www.example.org/", "example.org", True),
    ("name", "ACME Works, Limited", "Acme Works Ltd.", True),
    ("name", "Acme Works Ltd", "Acme Works GmbH", False),
    ("name", "Acme Works Ltd", "Acme Works", False),
    ("name", "Citibank, N.A.", "CITIBANK NA", True),
    ("name", "Müller & Söhne", "Müller and Söhne", True),
    ("id", "DE 123 456", "de123456", True),
    ("id", "INV-001", "INV-002", False),
    ("text", "INV-001", "INV-002", False),
    ("text", "1234567", "1 234 567", True),
    ("text", "The goods are delivered  at place", "the goods are delivered at the place.", True),
    ("text", "payable within 30 days", "payable within 60 days", False),
    ("text", "a lamp", "a desk", False),
]


@pytest.mark.parametrize(("form", "truth", "other", "equal"), SAME)
def test_what_is_the_same(form: Form, truth: Any, other: Any, equal: bool) -> None:  # noqa: FBT001 - a table's column
    """Each form has its own rule, and none depends on which of the two is the truth."""
    assert is_equal(Rule(form=form), truth, other) is equal
    assert is_equal(Rule(form=form), other, truth) is equal


@given(
    st.sampled_from(FORMS), st.one_of(st.text(min_size=1), st.integers(), st.booleans(), st.decimals(allow_nan=False))
)
def test_every_value_is_the_same_as_itself(form: Form, value: Any) -> None:
    """Whatever the rule and however odd the value."""
    assert is_equal(Rule(form=form), value, value)
    assert canonical_value(Rule(form=form), value) == canonical_value(Rule(form=form), value)


class Hinted(BaseModel):
    """A target with hints."""

    seller_name: str | None = None
    code: str = Field(json_schema_extra={"score": "id"})
    rate: float = Field(json_schema_extra={"score": {"as": "number", "within": 0.01}})
    clause: str = Field(json_schema_extra={"score": {"as": "text", "at_least": 0.5}})
    due: str
    extra: dict[str, int] = {}


def test_a_targets_hint_wins_over_its_kind_and_its_name() -> None:
    """The hint may stand on any leaf; a map's keys fall under its star."""
    fields = FieldRules(load_target(Hinted))
    assert fields.rule("/seller_name").form == "name"
    assert fields.rule("/code").form == "id"
    assert fields.rule("/rate").within == Decimal("0.01")
    assert is_equal(fields.rule("/rate"), 7.1, 7.105)
    assert is_equal(fields.rule("/clause"), "the whole of the agreement", "whole agreement")
    assert fields.rule("/due").form == "text"
    assert fields.pattern("/extra/anything") == "/extra/*"
    assert fields.is_map("/extra")
    assert fields.pattern("/nothing") is None
