"""Dates that a document states only as a duration from another date: the answer has the words, code computes the day."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tokens import quarter
from tests.unit.test_look import codes, fields, run, told
from thresher.schemas.extraction import Evidence
from thresher.service.formats.date_offsets import relative_dates
from thresher.service.wiring import models

DAY = {"type": "string", "format": "date"}
DEAL = fields(agreement_date=DAY, maturity_date=DAY)
TEXT = """CREDIT AGREEMENT
Agreement date: March 3, 2024
The loan matures on the date that is 364 days after the date of this Agreement."""
WORDS = "364 days after the date of this Agreement"
DAYS = {"agreement_date": "2024-03-03", "maturity_date": "2025-03-02"}


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No vocabulary is loaded."""
    monkeypatch.setattr(models, "counter", lambda _: quarter)


def evidence(result: Any, path: str) -> Evidence:
    """The evidence of a value."""
    found: Evidence = next(e for e in result.evidence if e.path == path)
    return found


async def test_words_are_computed_after_the_merge() -> None:
    """Nothing is asked again: the day is derived from the field that the words name, and quotes the words."""
    result, asked = await run(DEAL, TEXT, told({**DAYS, "maturity_date": WORDS}), repairs=2)
    assert result.values == DAYS
    assert (result.status, list(asked)) == ("complete", ["extract"])
    shown = evidence(result, "/maturity_date")
    assert (shown.match, shown.method, shown.quote) == ("derived", "derived", WORDS)
    assert shown.derived_from == ("/agreement_date",)


@pytest.mark.parametrize("finding", ["not_found", "contradicted"])
async def test_a_day_that_a_model_worked_out_is_proved_by_the_words(finding: str) -> None:
    """It stands nowhere, and an evaluator may deny it; the words and the other day give it."""
    result, _ = await run(DEAL, TEXT, told(DAYS, {"/maturity_date": (finding, "")}))
    assert result.values == DAYS
    assert result.status == "complete"
    assert evidence(result, "/maturity_date").quote == WORDS


async def test_a_day_that_the_words_do_not_give_is_not_proved() -> None:
    """One day off is another day."""
    wrong = {**DAYS, "maturity_date": "2025-03-03"}
    result, _ = await run(DEAL, TEXT, told(wrong, {"/maturity_date": ("not_found", "")}))
    assert result.values["maturity_date"] is None
    assert ("unsupported", "/maturity_date") in codes(result)


async def test_a_day_that_the_document_defines() -> None:
    """The words count from a day that no field holds: the document puts its name beside it."""
    text = 'The sale closes on 5 May 2024 (the "Closing Date").\nThe warranty ends on the second anniversary of the Closing Date.'
    said = "the second anniversary of the Closing Date"
    result, _ = await run(fields(warranty_end=DAY), text, told({"warranty_end": said}))
    assert result.values == {"warranty_end": "2026-05-05"}


async def test_a_day_that_a_sentence_gives() -> None:
    """No field holds it and nothing is put in quotes: one sentence alone speaks of the agreement and has a date."""
    text = "This agreement is made on 3 February 2025.\nIt was mended on 5 May 2025.\nThe line ends 364 days after the date of this agreement."
    result, _ = await run(fields(line_end=DAY), text, told({"line_end": "364 days after the date of this agreement"}))
    assert result.values == {"line_end": "2026-02-02"}


async def test_words_whose_day_is_not_known_are_named() -> None:
    """They are no date: they leave the data with the words in the reason."""
    text = "The notice takes effect 30 days after its receipt."
    said = "30 days after its receipt"
    result, asked = await run(fields(effective=DAY), text, told({"effective": said}), repairs=2)
    assert result.values["effective"] is None
    assert [r.message for r in result.reasons if r.code == "unsupported"] == [
        f"stated only as a duration from a date that was not found: {said!r}"
    ]
    assert "repair" not in asked


@pytest.mark.parametrize(
    ("text", "told_of"),
    [
        ("30 Tage nach dem Rechnungsdatum.", (30, "days", "dem Rechnungsdatum")),
        ("deux mois après la date de signature.", (2, "months", "la date de signature")),
        ("six weeks prior to the Event Date.", (-42, "days", "the Event Date")),
        ("10 business days after the Event Date.", None),
        ("within 3 years from\nMarch 3, 2024.", (3, "years", "March 3, 2024")),
    ],
)
def test_durations_in_several_languages(text: str, told_of: tuple[int, str, str] | None) -> None:
    """Days that only a calendar of holidays gives are none."""
    assert [(r.by, r.unit, r.anchor) for r in relative_dates(text)] == ([told_of] if told_of else [])
