"""Fields of a Result as they are shown: in the target's order, missing ones too, doubts where they belong."""

from __future__ import annotations

from typing import Any

from thresher.schemas.document import PageBoxes
from thresher.schemas.extraction import Evidence, Unsupported
from thresher.schemas.result import REASON_REMEDIES, AnyResult, Reason, ReasonCode, Result, TargetFacts
from thresher.schemas.review import ReviewEvent
from thresher.schemas.source import SourceFacts
from thresher.schemas.target import Target
from thresher.service.reviews.base import ResultPlace
from thresher.service.reviews.document_view import document_view
from thresher.service.reviews.field_view import FieldsView
from thresher.service.targets.loading import load_target

SCHEMA: dict[str, Any] = {
    "title": "Order",
    "type": "object",
    "properties": {
        "number": {"type": "string", "title": "Order number"},
        "due_date": {"type": ["string", "null"], "format": "date"},
        "seller": {"type": ["object", "null"], "properties": {"name": {"type": "string"}, "city": {"type": "string"}}},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"item": {"type": "string"}, "amount": {"type": "number"}}},
        },
    },
}
PLACE = ResultPlace(tenant="a", collection="job", key="0.0", number=0)


def order() -> Target:
    """The target."""
    return load_target(SCHEMA)


def result(**more: Any) -> Result[Any]:
    """An order with two lines, its data in another order than the target's."""
    values = {"lines": [{"amount": 1, "item": "a"}, {"amount": 2, "item": "b"}], "number": "7", "extra": "x"}
    return AnyResult(
        source=SourceFacts(
            path="a.pdf", sha256="ab", media_type="application/pdf", pages=2, page_sizes=[(595.0, 842.0)] * 2
        ),
        target=TargetFacts(name="Order", fingerprint="f"),
        status="partial",
        **{"values": values, **more},
    )


def test_fields_come_in_the_order_of_the_target_and_missing_ones_are_there() -> None:
    """What the document does not state is shown as missing, with its kind."""
    fields = FieldsView(result(), [], order()).page(0, 100)
    assert [f.path for f in fields] == [
        "/number", "/due_date", "/seller/name", "/seller/city", "/lines/0/item", "/lines/0/amount", "/lines/1/item",
        "/lines/1/amount", "/extra",
    ]  # fmt: skip
    assert [(f.name, f.kind, f.value) for f in fields[:3]] == [
        ("Order number", "text", "7"),
        ("Due date", "date", None),
        ("Name", "text", None),
    ]


def test_without_a_target_the_data_alone_is_shown() -> None:
    """The leaves in their own order, kinds by their values."""
    fields = FieldsView(result(), []).page(0, 2)
    assert [(f.path, f.kind) for f in fields] == [("/lines/0/amount", "number"), ("/lines/0/item", "text")]


def test_doubts_stand_at_their_field_or_at_the_first_below() -> None:
    """A reason of a row is told once; one of the whole at no field."""
    told: list[tuple[ReasonCode, str]] = [
        ("absent", "/due_date"), ("unsure", "/lines/1"), ("unread", ""), ("arithmetic", "/lines/*/amount"),
    ]  # fmt: skip
    reasons = [Reason(code=code, path=path, message="?") for code, path in told]
    view = FieldsView(result(reasons=reasons), [], order())
    assert {p: [d.code for d in ds] for p, ds in view.doubts.items()} == {
        "/due_date": ["absent"],
        "/lines/1/item": ["unsure"],
        "/lines/0/amount": ["arithmetic"],
        "/lines/1/amount": ["arithmetic"],
    }
    assert view.first_doubtful() == 1


def test_a_judged_field_is_not_the_first_doubtful_any_more() -> None:
    """Its correction is shown with who, when and what it was."""
    reasons = [Reason(code="unsure", path="/number", message="?")]
    said = ReviewEvent(seq=1, at="2026-01-01T00:00:00.000Z", by="Ada", path="/number", action="edit", old="7", new="8")
    view = FieldsView(result(reasons=reasons), [said], order())
    shown = view.of_path("/number")
    assert (shown.value, shown.method, view.first_doubtful()) == ("8", "corrected", None)
    assert shown.correction is not None
    assert (shown.correction.old, shown.correction.by, shown.correction.action) == ("7", "Ada", "edit")


def test_a_computed_value_shows_the_places_of_what_it_rests_on() -> None:
    """And a value that runs over a page break is shown on both pages."""
    box = (1.0, 2.0, 3.0, 4.0)
    later = PageBoxes(2, (box,))
    read = Evidence(path="/lines/0/amount", quote="1", start=0, end=1, page=1, boxes=(box,), continued=(later,))
    made = Evidence(path="/number", quote="", start=None, end=None, match="derived", derived_from=("/lines/0/amount",))
    view = FieldsView(result(evidence=[read, made]), [], order())
    assert [(p.page, p.boxes) for p in view.of_path("/number").evidence] == [(1, [box]), (2, [box])]


def test_a_value_that_was_taken_out_is_a_candidate() -> None:
    """A person may put it back."""
    view = FieldsView(
        result(unsupported=[Unsupported(path="/due_date", value="2026-01-01", reason="not found")]), [], order()
    )
    assert [(c.shown, c.why) for c in view.of_path("/due_date").candidates] == [("2026-01-01", "not found")]


def test_a_document_is_shown_a_page_of_fields_at_a_time() -> None:
    """With the pages' addresses, its lists with the target's columns, and remedies for each reason."""
    reasons = [Reason(code="unread", path="", message="page 2: no_text")]
    shown = document_view(FieldsView(result(reasons=reasons), [], order()), PLACE, None, (4, 2))
    assert [f.path for f in shown.fields] == ["/lines/0/item", "/lines/0/amount"]
    assert (shown.fields_total, shown.first_doubtful, shown.head) == (9, None, "")
    assert [p.picture for p in shown.pages] == [
        f"/v1/reviews/job/0/picture?source=&page={n}&version=ab" for n in (1, 2)
    ]
    assert [(li.path, li.columns, li.rows) for li in shown.lists] == [("/lines", ["item", "amount"], 2)]
    assert shown.reasons[0].remedy == REASON_REMEDIES["unread"]


def test_every_reason_has_a_remedy() -> None:
    """Whatever code a reason has, a person is told what to do."""
    assert set(REASON_REMEDIES) == set(ReasonCode.__args__)  # type: ignore[attr-defined]
