"""The Result's word on itself: data as far as it is established, valid, reasons and status."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel

from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.errors import note
from thresher.schemas.extraction import Evidence, Extraction, Unresolved, Unsupported
from thresher.schemas.result import Reason, Result
from thresher.schemas.source import Source
from thresher.schemas.target import Target
from thresher.service.merging.tree import Merged
from thresher.service.results.builder import ResultInput, build_result
from thresher.service.targets.loading import target_from_model, target_from_schema

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "due": {"type": "string"},
        "note": {"type": ["string", "null"]},
        "total": {"type": "number"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"what": {"type": "string"}, "code": {"type": "string"}},
                "required": ["what", "code"],
            },
        },
    },
    "required": ["number", "due", "note"],
}
TARGET = target_from_schema(SCHEMA, "Bill")


def document(text: str = "No. 7, total 42.00") -> Document:
    """A Document of one line."""
    builder = DocumentBuilder(
        Source(path="a.txt", blob="", sha256="", size=0, media_type="text/plain", name="a.txt"), kind="text"
    )
    if text:
        builder.block(text)
    return builder.build()


def made(data: dict[str, Any], target: Target = TARGET, text: str = "No. 7, total 42.00", **facts: Any) -> Result[Any]:
    """The Result of a whole whose values all stand in the text."""
    quotes = facts.pop("quotes", {})
    evidence = [
        Evidence(path=f"/{k}", quote=quotes.get(k, str(v)), start=0, end=1)
        for k, v in data.items()
        if v is not None and not isinstance(v, list)
    ]
    unsupported = facts.pop("unsupported", [])
    merged = Merged(data=data, evidence=evidence, unsupported=unsupported)
    given: dict[str, Any] = {"documents": [document(text)], "chunks": 1, "extractions": [Extraction(chunk=0)]}
    return build_result(ResultInput(**{"ledgers": {}, **given, **facts}), merged, target)


def found(result: Result[Any]) -> list[tuple[str, str]]:
    """Codes and paths of a Result's reasons."""
    return [(r.code, r.path) for r in result.reasons]


def test_complete_is_without_a_reason() -> None:
    """Everything is there: valid, no reason, complete; a null that may be is no reason."""
    result = made({"number": "7", "due": "May", "note": None})
    assert (result.status, result.valid, result.reasons, result.errors) == ("complete", True, [], [])


def test_an_absent_leaf_costs_itself_alone() -> None:
    """It is null, named as absent and a reason; all else stands, whether the answer said null or left it out."""
    for data in ({"number": "7", "due": None, "note": None}, {"number": "7", "note": None}):
        result = made(data)
        assert result.values == {"number": "7", "due": None, "note": None}
        assert (result.status, result.valid, found(result)) == ("partial", False, [("absent", "/due")])
        assert "/due" in result.coverage.absent


def test_an_absent_leaf_of_a_record_costs_that_leaf() -> None:
    """The record and the list stay, and the place is named by its index."""
    lines = [{"what": "Tea", "code": "T"}, {"what": "Rum", "code": None}]
    result = made({"number": "7", "due": "May", "note": None, "lines": lines})
    assert result.values["lines"] == lines
    assert found(result) == [("absent", "/lines/1/code")]
    assert "/lines/1/code" in result.coverage.absent


def test_asked_is_not_required() -> None:
    """Under `required = "asked"` absence is no reason, and the whole is judged without it."""
    result = made({"number": "7", "due": None, "note": None}, required="asked")
    assert (result.status, result.valid, result.reasons, result.errors) == ("complete", True, [], [])


def test_what_a_stage_took_away_is_told_once() -> None:
    """A required value that was unsupported has that reason, not also that it is absent."""
    gone = [Unsupported(path="/due", value="June", reason="the text does not hold this value")]
    result = made({"number": "7", "due": None, "note": None}, unsupported=gone)
    assert found(result) == [("unsupported", "/due")]


def test_a_stage_may_give_reasons() -> None:
    """A doubtful value is kept, and its reason makes the Result partial although it is valid."""
    unsure = Reason(code="unsure", path="/due", message="a guess")
    result = made({"number": "7", "due": "May", "note": None}, reasons=[unsure])
    assert (result.status, result.valid, result.reasons) == ("partial", True, [unsure])
    assert result.values["due"] == "May"


def test_what_was_not_read_or_answered_is_a_reason() -> None:
    """A page without text and a Chunk without an answer: unread and unresolved, of the whole."""
    torn = document()
    torn.notes.append(note("no_text", page=2))
    left = Unresolved(chunk=1, pages=(2, 2), reason="gone", attempts=1, code="model_unavailable")
    extractions = [Extraction(chunk=0), Extraction(chunk=1, unresolved=left)]
    data = {"number": "7", "due": "May", "note": None}
    result = made(data, documents=[torn], extractions=extractions, chunks=2)
    assert found(result) == [("unresolved", ""), ("unread", "")]


def test_nothing_to_give() -> None:
    """Nothing found is abstained, nothing to read is failed; either says why."""
    empty = made({"number": None, "due": None, "note": None})
    assert (empty.status, found(empty)) == ("abstained", [("absent", "")])
    blank = made({}, text="")
    assert (blank.status, found(blank)) == ("failed", [("unread", "")])


class Bill(BaseModel):
    """A target with defaults, a Decimal and a check."""

    number: str
    due: str
    kind: Literal["bill", "note"] = "bill"
    total: Decimal | None = None


def test_defaults_apply_beside_what_is_missing() -> None:
    """A class that can not be built still gives its defaults."""
    result = made({"number": "7", "due": None, "kind": None}, target_from_model(Bill))
    assert result.values == {"number": "7", "due": None, "kind": "bill"}
    assert found(result) == [("absent", "/due")]


def test_what_the_targets_check_says_stays_in_data() -> None:
    """A value that is there and does not fit is invalid, and is given."""
    result = made({"number": "7", "due": "May", "kind": "letter"}, target_from_model(Bill))
    assert (result.values["kind"], result.valid, found(result)) == ("letter", False, [("invalid", "/kind")])


def test_the_documents_digits() -> None:
    """42 that is printed as "42.00" is 42.00 in JSON, and text where the class wants a Decimal."""
    data = {"number": "7", "due": "May", "note": None, "total": 42.0}
    result = made(data, quotes={"total": "EUR 42,00"})
    assert '"total":42.00' in result.model_dump_json()
    assert result.values["total"] == 42
    classed = made({"number": "7", "due": "May", "total": 42}, target_from_model(Bill), quotes={"total": "42.00"})
    assert '"total":"42.00"' in classed.model_dump_json()
