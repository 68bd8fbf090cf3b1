"""Corrections applied to a Result: digits stay, paths follow, the machine's word stays the machine's."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence
from thresher.schemas.numbers import Number
from thresher.schemas.result import AnyResult, Candidate, Conflict, Reason, Result, TargetFacts
from thresher.schemas.review import ReviewEvent
from thresher.schemas.source import SourceFacts
from thresher.service.reviews.applying import apply_corrections, is_same, standing_events
from thresher.service.reviews.field_view import FieldsView


def result(values: dict[str, Any], **more: Any) -> Result[Any]:
    """A Result with these values, each read somewhere."""
    read = [Evidence(path=p, quote=str(v), start=0, end=1, page=1) for p, v in json_pointer.leaves(values)]
    facts = SourceFacts(path="a.pdf", sha256="ab", media_type="application/pdf")
    target = TargetFacts(name="t", fingerprint="f")
    return AnyResult(source=facts, target=target, status="partial", values=values, evidence=read, **more)


def event(path: str, action: Any, new: Any = None, seq: int = 1) -> ReviewEvent:
    """An event of a person."""
    return ReviewEvent(seq=seq, at="2026-01-01T00:00:00.000Z", by="Ada", path=path, action=action, new=new)


def test_without_events_the_result_is_the_same_object() -> None:
    """Nobody said anything: nothing is copied or changed."""
    machine = result({"a": 1})
    assert apply_corrections(machine, []) is machine


def test_a_corrected_number_keeps_its_digits_and_says_who_gave_it() -> None:
    """The value, its evidence as corrected, the review; status and reasons are still the machine's."""
    reasons = [Reason(code="unsure", path="/total", message="?")]
    machine = result({"total": Number("42.00"), "tax": Number("8.00")}, reasons=reasons)
    made = apply_corrections(machine, [event("/total", "edit", Number("43.10"))])
    written = json.loads(made.model_dump_json(), parse_float=str)
    assert written["data"] == {"total": "43.10", "tax": "8.00"}
    assert {e.path: e.method for e in made.evidence} == {"/total": "corrected", "/tax": "read"}
    assert (made.status, made.reasons) == ("partial", reasons)
    assert made.review is not None
    assert (made.review.state, made.review.by) == ("open", "Ada")
    assert machine.values["total"] == 42


def test_a_candidate_that_was_chosen_brings_its_place() -> None:
    """The corrected value rests on the place where the document says it."""
    there = Evidence(path="/total", quote="43.10", start=5, end=10, page=3, boxes=((1.0, 2.0, 3.0, 4.0),))
    rivals = (Candidate(value=Number("43.10"), support=1, evidence=there),)
    conflict = Conflict(path="/total", candidates=rivals, chosen=42, rule="most_supported")
    made = apply_corrections(result({"total": 42}, conflicts=[conflict]), [event("/total", "edit", Number("43.10"))])
    assert [(e.page, e.boxes, e.method) for e in made.evidence] == [(3, there.boxes, "corrected")]


def test_an_accepted_value_stays_against_a_rerun() -> None:
    """A later run that says otherwise does not overwrite what a person accepted."""
    accepted = event("/total", "accept", Number("42.00"))
    same = apply_corrections(result({"total": Number("42.00")}), [accepted])
    assert same.evidence[0].method == "read"
    rerun = apply_corrections(result({"total": 17}), [accepted])
    assert (str(rerun.values["total"]), rerun.evidence[0].method) == ("42.00", "corrected")


def test_what_is_absent_is_null_and_said_by_a_person() -> None:
    """A value that the document does not state is gone; so is one that was rejected."""
    made = apply_corrections(result({"a": 1, "b": 2}), [event("/a", "absent"), event("/b", "reject", seq=2)])
    assert made.values == {"a": None, "b": None}
    assert {e.method for e in made.evidence} == {"corrected"}


def test_a_removed_row_takes_its_places_along_and_the_rest_moves_up() -> None:
    """Paths of events are the machine's; in the Result they follow the rows."""
    machine = result(
        {"lines": [{"x": 1}, {"x": 2}, {"x": 3}]}, reasons=[Reason(code="unsure", path="/lines/2/x", message="?")]
    )
    made = apply_corrections(machine, [event("/lines/0", "absent"), event("/lines/2/x", "edit", 30, 2)])
    assert made.values == {"lines": [{"x": 2}, {"x": 30}]}
    assert {e.path: e.method for e in made.evidence} == {"/lines/0/x": "read", "/lines/1/x": "corrected"}
    assert [r.path for r in made.reasons] == ["/lines/1/x"]


def test_a_row_may_be_added_behind_the_last() -> None:
    """A record that the machine missed is typed in, field by field."""
    given_rows = [event("/lines/1/x", "edit", 7), event("/lines/1/y", "edit", 8, 2), event("/lines/9/x", "edit", 9, 3)]
    assert apply_corrections(result({"lines": [{"x": 1}]}), given_rows).values == {
        "lines": [{"x": 1}, {"x": 7, "y": 8}]
    }
    assert apply_corrections(result({}), [event("/lines/0/x", "edit", 7)]).values == {"lines": [{"x": 7}]}


def test_an_undone_event_does_not_stand() -> None:
    """Undo takes back the last one of its path, and no other."""
    events = [event("/a", "edit", 1), event("/b", "edit", 2, 2), event("/a", "edit", 3, 3), event("/a", "undo", 1, 4)]
    assert {p: e.new for p, e in standing_events(events).items()} == {"/a": 1, "/b": 2}
    assert set(standing_events([*events, event("/a", "undo", None, 5)])) == {"/b"}


def test_a_row_is_found_again_after_a_rerun() -> None:
    """The correction follows its row; a row that is gone is named, and nothing else is changed."""
    machine = result({"lines": [{"item": "oar", "n": 1, "x": 5}, {"item": "rope", "n": 2, "x": 6}]})
    facts = FieldsView(machine, []).machine_facts("/lines/1/x")
    said = event("/lines/1/x", "edit", 60).model_copy(update={"machine": facts})
    rerun = result({"lines": [{"item": "sail", "n": 9, "x": 1}, *machine.values["lines"]]})
    assert [row["x"] for row in apply_corrections(rerun, [said]).values["lines"]] == [1, 5, 60]
    other = apply_corrections(result({"lines": [{"item": "sail", "n": 9, "x": 1}]}), [said])
    assert other.values == {"lines": [{"item": "sail", "n": 9, "x": 1}]}
    assert [(n.code, n.message.split(":")[0]) for n in other.problems] == [
        ("correction_unplaced", "edit /lines/1/x by Ada")
    ]


LEAVES = st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab", max_size=3)
ROWS = st.lists(st.dictionaries(st.sampled_from("xyz"), LEAVES, min_size=1, max_size=3), max_size=5)


@given(rows=ROWS, gone=st.sets(st.integers(0, 4)), new=LEAVES)
def test_rows_that_stay_are_unchanged_whatever_is_removed(rows: list[dict[str, Any]], gone: set[int], new: Any) -> None:
    """All rows that nobody touched are there, in order; evidence points at the values that it was of."""
    del new
    events = [event(f"/lines/{i}", "reject", seq=n) for n, i in enumerate(sorted(gone), start=1)]
    made = apply_corrections(result({"lines": rows}), events)
    assert made.values["lines"] == [row for i, row in enumerate(rows) if i not in gone]
    assert all(str(json_pointer.get(made.values, e.path)) == e.quote for e in made.evidence if e.method == "read")


@given(values=st.dictionaries(st.sampled_from("abc"), LEAVES, min_size=1), new=LEAVES)
def test_an_edit_changes_its_field_alone(values: dict[str, Any], new: Any) -> None:
    """Every other field is as it was, and the edited one is what was typed."""
    key = min(values)
    made = apply_corrections(result(values), [event(f"/{key}", "edit", new)])
    assert is_same(made.values, {**values, key: new})
