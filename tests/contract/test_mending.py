"""What fails the target's own checks is read again, and only that; the model decides Conflicts where it is asked to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any, Self

import pytest
from pydantic import BaseModel, Field, model_validator

from tests.tokens import quarter
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.errors import ModelProblem
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.result import FieldError, Result
from thresher.schemas.source import Source
from thresher.service.extraction import engine as engines
from thresher.service.llm.client import ModelClient
from thresher.service.llm.providers.scripted import FACTS, ScriptedTransport
from thresher.service.pipeline import process
from thresher.service.runs.retryable import transient_reason
from thresher.service.targets.error_fields import fields_of_error
from thresher.service.targets.loading import load_target


class Line(BaseModel):
    """A line."""

    what: str
    amount: float


class Bill(BaseModel):
    """A bill whose lines add up."""

    number: str | None = None
    issued: date | None = None
    due: date | None = None
    total: float
    lines: list[Line]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        found = sum(line.amount for line in self.lines)
        if abs(found - self.total) > 0.005:
            raise ValueError(f"the lines add up to {found:.2f}, the total says {self.total:.2f}")
        return self


class Terms(BaseModel):
    """Two dates in order, and a name."""

    name: str | None = None
    starts: date | None = Field(None, description="First day")
    ends: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError("it is over before it began")
        return self


TEXT = "Bill No. 77\nTea 4.00\nRum 6.50\nSub-total 10.50\nGin 3.00\nTotal 13.50\n"


def document(text: str) -> Document:
    """A Document of one text."""
    builder = DocumentBuilder(Source(path="a.txt", blob="", sha256="0", size=len(text), name="a.txt"), kind="text")
    for line in text.split("\n"):
        builder.block(line)
    return builder.build()


def bill(total: float, **lines: float) -> dict[str, Any]:
    """An answer."""
    rows = [{"what": k.replace("_", "-"), "amount": v} for k, v in lines.items()]
    return {"number": "77", "issued": None, "due": None, "total": total, "lines": rows}


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No vocabulary is loaded."""
    monkeypatch.setattr(engines, "counter", lambda _: quarter)


async def run(
    model: Any, text: str, say: Callable[[Question], Any], **choices: Any
) -> tuple[Result[Any], list[Question]]:
    """The Result of a text, and the questions that were asked."""
    wire = ScriptedTransport(say)
    asking = ModelClient(name="scripted", facts=FACTS, wire=wire, identity="scripted")
    engine = engines.engine_of(asking, load_target(model), Policy(model="scripted", reasks=0, **choices))
    return await process(engine, [document(text)]), wire.questions


def told(first: Any, *later: Any) -> Callable[[Question], Any]:
    """A script: the first answer to the extraction, the others to repairs, one after the other."""
    left = list(later)

    def say(question: Question) -> Any:
        return left.pop(0) if question.purpose == "repair" and left else first

    return say


async def test_a_wrong_total_is_read_again_and_nothing_else() -> None:
    """The model took the sub-total; the sum check fails; the total and the lines are asked again with its message."""
    right = bill(13.5, Tea=4.0, Rum=6.5, Gin=3.0)
    result, asked = await run(Bill, TEXT, told(bill(10.5, Tea=4.0, Rum=6.5, Gin=3.0), right))
    assert (result.status, (result.data or {})["total"]) == ("complete", 13.5)
    (repair,) = [q for q in asked if q.purpose == "repair"]
    assert list((repair.schema or {})["properties"]) == ["total", "lines"]
    assert "the lines add up to 13.50, the total says 10.50" in repair.messages[-1].content
    assert repair.messages[-1].content.index("PART:") < repair.messages[-1].content.index("FIELDS IN DOUBT")
    (conflict,) = result.conflicts
    assert (conflict.path, conflict.rule, conflict.chosen) == ("/total", "repair", 13.5)
    assert [c.value for c in conflict.candidates] == [10.5, 13.5]
    assert "add up" in conflict.reason
    assert next(e.quote for e in result.evidence if e.path == "/total") == "13.50"
    assert result.usage.answers == 2


async def test_a_row_that_was_missed_or_is_none_is_mended() -> None:
    """A missing row comes in; a sub-total that was read as a row goes, and is listed."""
    right = bill(13.5, Tea=4.0, Rum=6.5, Gin=3.0)
    result, _ = await run(Bill, TEXT, told(bill(13.5, Tea=4.0, Rum=6.5), right))
    assert (result.status, len((result.data or {})["lines"])) == ("complete", 3)
    result, _ = await run(Bill, TEXT, told(bill(13.5, Tea=4.0, Rum=6.5, Sub_total=10.5, Gin=3.0), right))
    assert [line["what"] for line in (result.data or {})["lines"]] == ["Tea", "Rum", "Gin"]
    assert [(c.path, c.candidates[0].value["what"]) for c in result.conflicts] == [("/lines/-", "Sub-total")]


class Dear(BaseModel):
    """A line that costs a lot."""

    what: str
    amount: float = Field(gt=100)


class DearBill(BaseModel):
    """A bill of such lines."""

    lines: list[Dear]


@pytest.mark.parametrize(("names", "left"), [(("Tea", "Rum"), 2), (("Tea",), 1)])
async def test_a_reading_without_rows_drops_none(names: tuple[str, ...], left: int) -> None:
    """All rows fail a check, and the second reading tells none: they stay, with what is wrong, be it one or several."""
    prices = {"Tea": 4.0, "Rum": 6.5}
    rows = [{"what": name, "amount": prices[name]} for name in names]
    result, asked = await run(DearBill, TEXT, told({"lines": rows}, *[{"lines": []}] * 3))
    assert any(q.purpose == "repair" for q in asked)
    kept = result.values
    assert len((kept or {})["lines"]) == left
    assert result.status != "complete"


async def test_a_model_that_is_away_while_mending_is_told() -> None:
    """What there is is given, and that a question had no answer too: it is worth another try, and not silent."""
    wrong = bill(13.5, Tea=4.0, Rum=6.5)

    def say(question: Question) -> Any:
        if question.purpose == "repair":
            raise ModelProblem("model_unavailable", "429")
        return wrong

    result, _ = await run(Bill, TEXT, say)
    assert (result.status, result.values, result.unresolved) == ("partial", wrong, [])
    assert [p.code for p in result.problems] == ["model_unavailable"]
    assert transient_reason(result) is not None
    assert (await run(Bill, TEXT, told(wrong)))[0].problems == []


async def test_an_invented_repair_is_not_taken() -> None:
    """A total that makes the sum right and stands nowhere is refused: the values and errors stay."""
    wrong = bill(13.5, Tea=4.0, Rum=6.5)
    result, asked = await run(Bill, TEXT, told(wrong, {**wrong, "total": 10.51}, {**wrong, "total": 99.0}))
    assert (result.status, result.valid) == ("partial", False)
    assert result.values == wrong
    assert [e.path for e in result.errors] == [""]
    assert sum(q.purpose == "repair" for q in asked) == 2
    assert not result.conflicts


async def test_rounds_are_bounded_and_the_same_question_is_not_asked_twice() -> None:
    """A model that insists is asked once more, no oftener; with repairs=0 never."""
    wrong = bill(13.5, Tea=4.0, Rum=6.5)
    result, asked = await run(Bill, TEXT, told(wrong), repairs=5)
    assert result.values == wrong
    assert 1 <= sum(q.purpose == "repair" for q in asked) <= 2
    _, asked = await run(Bill, TEXT, told(wrong), repairs=0)
    assert not [q for q in asked if q.purpose == "repair"]


@pytest.mark.parametrize(
    ("model", "path", "message", "fields"),
    [
        (Terms, "/starts", "is no date", ("/starts",)),
        (Terms, "", "Value error, it is over before it began", ("/starts", "/ends")),
        (Terms, "", "Value error, no", ("/starts", "/ends")),
        (Bill, "/lines/4/amount", "is no number", ("/lines",)),
        (Bill, "", "Value error, due before issued", ("/issued", "/due", "/total", "/lines")),
    ],
)
def test_the_fields_that_an_error_speaks_of(model: Any, path: str, message: str, fields: tuple[str, ...]) -> None:
    """By its place, by the names in its message, by what the validator reads."""
    assert fields_of_error(load_target(model), FieldError(path=path, message=message)) == fields


def test_a_target_without_source_is_all_in_doubt() -> None:
    """A JSON Schema has no validators to look at: where the message names nothing, everything is meant."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    assert fields_of_error(load_target(schema), FieldError(path="", message="is wrong")) == ("/a", "/b")


TWO = "\n".join(
    ["The fee is 100.00 a year.", *["Words and more words that fill a page of this."] * 120, "A fee of 250.00."]
)


def fees(choice: Any) -> Callable[[Question], Any]:
    """Two Chunks that disagree on the fee, and a choice between them."""

    def say(question: Question) -> Any:
        if question.purpose == "decide":
            return choice
        shown = question.messages[-1].content
        return {"fee": 100.0 if "100.00" in shown else 250.0 if "250.00" in shown else None}

    return say


class Fee(BaseModel):
    """One fee."""

    fee: float | None = Field(None, description="Yearly fee")


async def test_the_model_decides_with_passages_and_its_reason_is_kept() -> None:
    """Each candidate is shown with the words round it; the choice takes the field and its evidence."""
    choice = {"choice": 2, "because": "the second passage is the newer one"}
    result, asked = await run(Fee, TWO, fees(choice), conflict="model", chunk_tokens=500)
    (question,) = [q for q in asked if q.purpose == "decide"]
    assert "Yearly fee" in question.messages[-1].content
    assert "VALUE 1: 100.0" in question.messages[-1].content
    assert "A fee of 250.00." in question.messages[-1].content
    assert result.data == {"fee": 250.0}
    assert [e.quote for e in result.evidence] == ["250.00"]
    (conflict,) = result.conflicts
    assert (conflict.rule, conflict.chosen, conflict.reason) == ("model", 250.0, "the second passage is the newer one")
    assert result.usage.answers == len(asked)


@pytest.mark.parametrize("choice", [{"choice": None, "because": ""}, {"choice": 7}, "no JSON", {"choice": True}])
async def test_what_the_model_leaves_open_stays_as_the_default_rule_chose(choice: Any) -> None:
    """No choice, or none that there is."""
    result, _ = await run(Fee, TWO, fees(choice), conflict="model", chunk_tokens=500)
    assert result.data == {"fee": 100.0}
    assert [c.rule for c in result.conflicts] == ["most_supported"]


async def test_error_leaves_the_field_empty_and_says_so() -> None:
    """The rule "error": null, a FieldError, and the Conflict with both candidates and their evidence."""
    result, asked = await run(Fee, TWO, fees(None), conflict="error", chunk_tokens=500)
    assert (result.status, result.values) == ("abstained", {"fee": None})
    assert [(r.code, r.path) for r in result.reasons] == [("conflict", "/fee")]
    (conflict,) = result.conflicts
    assert (conflict.rule, conflict.chosen) == ("error", None)
    assert [c.evidence.quote for c in conflict.candidates] == ["100.00", "250.00"]
    assert not [q for q in asked if q.purpose in {"decide", "repair"}]


async def test_a_rerun_mends_the_same_way() -> None:
    """Two runs of one script ask the same questions and give the same bytes."""
    script = [bill(10.5, Tea=4.0, Rum=6.5, Gin=3.0), bill(13.5, Tea=4.0, Rum=6.5, Gin=3.0)]
    runs = [await run(Bill, TEXT, told(*script)) for _ in range(2)]
    assert runs[0][0].model_dump_json() == runs[1][0].model_dump_json()
    assert [q.messages for q in runs[0][1]] == [q.messages for q in runs[1][1]]
    assert json.loads(runs[0][0].model_dump_json())["usage"]["answers"] == 2


class Row(BaseModel):
    """A row that must have its day."""

    what: str
    day: date


class Rows(BaseModel):
    """A list of rows."""

    rows: list[Row]


DAYS = "\n".join(f"{1 + i % 28:02}.03.2024 Item{i} and so on" for i in range(40))


async def test_a_broken_row_is_read_again_by_itself() -> None:
    """One row without its day: its own line is asked again, and no other row moves."""
    rows = [{"what": f"Item{i} and so on", "day": f"2024-03-{1 + i % 28:02}"} for i in range(40)]
    broken = [{**r, "day": None} if i == 7 else r for i, r in enumerate(rows)]
    result, asked = await run(Rows, DAYS, told({"rows": broken}, {"rows": [rows[7]]}))
    (repair,) = [q for q in asked if q.purpose == "repair"]
    assert "08.03.2024 Item7" in repair.messages[-1].content
    assert "Item6" not in repair.messages[-1].content
    assert "Item8" not in repair.messages[-1].content
    assert (result.status, result.data) == ("complete", {"rows": rows})


async def test_a_broken_row_is_read_again_with_what_a_page_edge_parts_from_it() -> None:
    """All up to the next row, however much the foot of one page and the head of another hold, and not half of a value."""
    rows = [{"what": f"Item{i} and so on", "day": f"2024-03-{1 + i % 28:02}"} for i in range(40)]
    broken = [{**r, "day": None} if i == 7 else r for i, r in enumerate(rows)]
    edge = "\n".join(f"Terms of the house, paragraph {'abcdefghijklmnopqr'[i]} of many" for i in range(18))
    text = DAYS.replace("Item7 and so on\n", f"Item7 and so on\n{edge}\nas agreed by letter\n")
    _, asked = await run(Rows, text, told({"rows": broken}, {"rows": [rows[7]]}))
    (repair,) = [q for q in asked if q.purpose == "repair"]
    assert "as agreed by letter" in repair.messages[-1].content
    assert "Item8" not in repair.messages[-1].content


async def test_a_systematic_failure_is_not_paid_for_again_and_again() -> None:
    """Where reading rows again mends none of them, there is one round, of a bounded number of rows."""
    rows = [{"what": f"Item{i} and so on", "day": None} for i in range(40)]
    result, asked = await run(Rows, DAYS, told({"rows": rows}), repairs=4)
    (repair,) = [q for q in asked if q.purpose == "repair"]
    assert repair.messages[-1].content.count("03.2024") == 20
    assert result.values == {"rows": rows}


async def test_precision_leaves_open_what_the_document_leaves_open() -> None:
    """Two fees and no word on which is right: balanced takes one, precision none; a correction settles it for both."""
    result, _ = await run(Fee, TWO, fees(None), stance="precision", chunk_tokens=500)
    assert result.values == {"fee": None}
    assert [(r.code, r.path) for r in result.reasons] == [("conflict", "/fee")]
    assert [(c.rule, len(c.candidates)) for c in result.conflicts] == [("error", 2)]
    settled = TWO.replace("A fee of 250.00.", "Correction: the fee is 250.00.")
    result, _ = await run(Fee, settled, fees(None), stance="precision", chunk_tokens=500)
    assert result.data == {"fee": 250.0}
    assert [c.rule for c in result.conflicts] == ["corrected"]
    result, _ = await run(Fee, TWO, fees(None), stance="precision", conflict="last", chunk_tokens=500)
    assert result.data == {"fee": 250.0}


class Place(BaseModel):
    """A place."""

    place: str | None = None


@pytest.mark.parametrize(("stance", "kept"), [("precision", False), ("balanced", True), ("recall", True)])
async def test_a_stance_moves_what_resembles_a_value(stance: str, kept: bool) -> None:  # noqa: FBT001 - a column
    """A passage with a word that differs is found by resemblance, unless precision is what counts."""
    text = "The goods are kept in the second warehouse beside the old harbour of the town of Exeter."
    said = "The goods are kept in the third warehouse beside the old harbour of the town of Exeter."
    result, _ = await run(Place, text, told({"place": said}), stance=stance, quotes=False, repairs=0)
    assert (result.values["place"] == said) is kept
    assert bool(result.unsupported) is not kept
    assert Policy(stance="recall").least_similarity == 80.0


async def test_what_stands_nowhere_is_kept_and_marked_where_the_policy_says_so() -> None:
    """ungrounded="keep": the value stays in the data, with an Evidence of match "none" and no place; "drop" lists it."""
    choices = {"quotes": False, "repairs": 0}
    result, _ = await run(Place, "Nothing of the kind.", told({"place": "Exeter"}), ungrounded="keep", **choices)
    assert result.data == {"place": "Exeter"}
    assert [(e.path, e.match, e.start, e.quote) for e in result.evidence] == [("/place", "none", None, "")]
    assert not result.unsupported
    result, _ = await run(Place, "Nothing of the kind.", told({"place": "Exeter"}), **choices)
    assert result.values == {"place": None}
    assert [(u.path, u.value) for u in result.unsupported] == [("/place", "Exeter")]


async def test_of_kept_values_one_that_has_a_place_wins() -> None:
    """A Conflict between a value that stands somewhere and one that stands nowhere is no contest."""

    def say(question: Question) -> Any:
        shown = question.messages[-1].content
        return {"fee": 100.0 if "100.00" in shown else 999.0}

    result, _ = await run(Fee, TWO, say, ungrounded="keep", chunk_tokens=500, quotes=False)
    assert result.data == {"fee": 100.0}
    assert [c.evidence.match for c in result.conflicts[0].candidates] == ["normalised", "none"]


async def test_only_failures_of_what_is_shown_are_told() -> None:
    """By the numbers of the rows that are shown, and of what was not found that it may be null."""
    rows = [{"what": f"Item{i} and so on", "day": f"2024-03-{1 + i % 28:02}"} for i in range(40)]
    broken = [{**r, "day": None} if i in {7, 8} else r for i, r in enumerate(rows)]
    _, asked = await run(Rows, DAYS, told({"rows": broken}, {"rows": rows[7:9]}))
    (repair,) = [q for q in asked if q.purpose == "repair"]
    errors = repair.messages[-1].content.partition("FIELDS IN DOUBT")[2]
    assert "/rows/0/day" in errors
    assert "/rows/1/day" in errors
    assert "/rows/7" not in errors
    assert "null, if the text does not state it" in errors


async def test_an_empty_repair_leaves_the_row_and_its_failure() -> None:
    """The Result does not become complete because a row was not said again."""
    rows = [{"what": f"Item{i} and so on", "day": f"2024-03-{1 + i % 28:02}"} for i in range(40)]
    broken = [{**r, "day": None} if i == 7 else r for i, r in enumerate(rows)]
    result, _ = await run(Rows, DAYS, told({"rows": broken}, {"rows": []}))
    kept = result.data
    assert (kept or {})["rows"] == broken
    assert result.status != "complete"
