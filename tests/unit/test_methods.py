"""Methods: said by the target, else inferred, and never by accident for an ordinary field."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import BaseModel, Field

from thresher.service.targets.loading import load_target
from thresher.service.targets.methods import method_of


class Figures(BaseModel):
    """Fields of every kind."""

    number: str
    paid: bool
    total: float = Field(json_schema_extra={"method": "derived", "x-derived": "sum(/lines/*/amount)"})
    late: bool = Field(json_schema_extra={"method": "read"})
    share: float | None = Field(None, description="Rows that are late, in percent of all rows (computed)")


def test_a_target_says_its_methods() -> None:
    """json_schema_extra and x-method count, also beside a null; else kind and description decide."""
    known = {f.name: f for f in load_target(Figures).fields}
    assert {n: f.method for n, f in known.items()} == {
        "number": "read",
        "paid": "judged",
        "total": "derived",
        "late": "read",
        "share": "derived",
    }
    assert known["total"].derived == "sum(/lines/*/amount)"


def test_an_unknown_method_is_none() -> None:
    """A schema's own "method" may mean anything: only our four words count."""
    assert method_of("number", "", {"method": "GET"}) == "read"
    assert method_of("number", "", {"x-derived": "sum([Units])"}) == "derived"


@pytest.mark.parametrize(
    "description",
    [
        "Sum of the column Units over all rows (computed)",
        "Average of all rows",
        "Operating income as a percentage of total revenue",
        "Percentage growth in revenue compared to a prior period.",
        "Summe über alle Positionen",
        "Anzahl der Zeilen",
        "Nombre de lignes",
        "Suma de los importes",
        "Number of lines in the order",
        "Difference between opening and closing balance",
        "Sum of the hours of all rentals.",
        "How many rentals were returned late (count).",
        "Number of nights between arrival and departure",
        "Days since the order, computed.",
        "Anzahl der Nächte zwischen Anreise und Abreise",
        "Summe aller Stunden",
    ],
)
def test_descriptions_that_say_computed(description: str) -> None:
    """In several languages."""
    assert method_of("number", description, {}) == "derived"


@pytest.mark.parametrize(
    "description",
    [
        "Total with tax: the amount of the invoice",
        "Number of the invoice",
        "The number of pages in the paper.",
        "Number of employees (headcount)",
        "Number of shares issued",
        "The sum insured",
        "Sum to be paid",
        "Average daily balance",
        "Tax rate in percent",
        "Percentage of ownership",
        "Interest rate, as a percentage",
        "Discount on this line, as an amount",
        "Total of this line as printed",
        "Sum of the lines as printed",
        "Amount counted in cash",
        "Amount the tax is computed on, without tax number",
        "Interest, computed daily",
        "Account number",
        "Rechnungsnummer",
        "Nombre del cliente",
        "Difference",
        "Number of days of notice",
        "Sum of the fees of the year",
        "",
    ],
)
def test_ordinary_descriptions_do_not(description: str) -> None:
    """A number, a total, a rate that documents print is read."""
    assert method_of("number", description, {}) == "read"


def test_a_text_is_never_computed() -> None:
    """Whatever is said of it; and a boolean is judged whatever is said."""
    assert method_of("text", "Sum of all rows", {}) == "read"
    assert method_of("boolean", "Sum of all rows", {}) == "judged"


def test_no_ready_made_target_has_derived_fields() -> None:
    """What they ask for is printed."""
    found: list[Any] = []
    for name in ("invoice", "receipt", "bank_statement", "contract", "nda"):
        found += [f.path for f in load_target(name).fields if f.method == "derived"]
    assert found == []


def test_in_a_record_only_plain_words_count() -> None:
    """A quantity is the number of items, and no count of them."""
    assert method_of("integer", "Number of items", {}) == "derived"
    assert method_of("integer", "Number of items", {}, in_list=True) == "read"
    assert method_of("number", "Gross less tax (computed)", {}, in_list=True) == "derived"


@pytest.mark.parametrize("opening", ["sum of", "sum of the", "Summe der", "somme de", "computed", "", "in percent"])
@pytest.mark.parametrize("filling", [" ", "a ", "\n", "the ", "percentage of ", "("])
def test_a_description_of_any_length_is_judged_at_once(opening: str, filling: str) -> None:
    """Anybody may send one: neither its blanks nor its words take the square of their number."""
    begun = time.process_time()
    method_of("number", opening + filling * 200_000 + "x", {})
    assert time.process_time() - begun < 0.2
