"""Merging is by provenance: the same place once, equal looks at two places twice, disagreement as a Conflict."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas import json_pointer
from thresher.schemas.document import DocumentBuilder
from thresher.schemas.extraction import Evidence, Extraction, Unsupported
from thresher.schemas.source import Source
from thresher.schemas.target import Field, Target, Validation
from thresher.service.grounding.record_items import REPEATED
from thresher.service.merging.tree import merge


def target_of(*keys: str) -> Target:
    """A target of which only the declared keys matter here."""
    fields = tuple(Field(path=k, kind="text", schema={"key": True}) for k in keys)
    return Target(name="T", schema={}, validate=lambda data: Validation(data=data), fields=fields)


def extraction(chunk: int, data: dict[str, Any], starts: dict[str, int]) -> Extraction:
    """An Extraction whose leaves stand at the given offsets."""
    evidence = tuple(
        Evidence(path=path, quote=str(value), start=starts[path], end=starts[path] + 1, chunk=chunk)
        for path, value in json_pointer.leaves(data)
        if path in starts
    )
    return Extraction(chunk=chunk, data=data, evidence=evidence)


def test_agreeing_scalars_are_one_and_null_does_not_count() -> None:
    """Case and the way a number is written make no Conflict."""
    a = extraction(0, {"name": "Acme Ltd", "total": None}, {"/name": 1})
    b = extraction(1, {"name": "ACME  LTD", "total": 12.5}, {"/name": 50, "/total": 60})
    merged = merge([a, b], target_of())
    assert merged.data == {"name": "Acme Ltd", "total": 12.5}
    assert not merged.conflicts
    assert [e.start for e in merged.evidence] == [1, 60]


def test_disagreement_is_a_conflict_with_its_candidates() -> None:
    """The rule chooses, and what it did not choose is not lost."""
    parts = [extraction(i, {"total": v}, {"/total": 10 * i + 1}) for i, v in enumerate([5, 7, 7])]
    merged = merge(parts, target_of())
    assert merged.data == {"total": 7}
    (conflict,) = merged.conflicts
    assert [(c.value, c.support) for c in conflict.candidates] == [(5, 1), (7, 2)]
    assert merge(parts, target_of(), "first").data == {"total": 5}


def test_an_overlap_gives_a_row_once_and_twins_stay() -> None:
    """The row that two Chunks saw is one; two rows that look alike at two places are two."""
    row = {"what": "Tea", "amount": 2}
    a = extraction(
        0, {"lines": [row, row]}, {"/lines/0/what": 1, "/lines/0/amount": 5, "/lines/1/what": 11, "/lines/1/amount": 15}
    )
    b = extraction(
        1,
        {"lines": [row, row]},
        {"/lines/0/what": 11, "/lines/0/amount": 15, "/lines/1/what": 21, "/lines/1/amount": 25},
    )
    merged = merge([a, b], target_of())
    assert merged.data == {"lines": [row] * 3}
    assert [e.start for e in merged.evidence if e.path.endswith("what")] == [1, 11, 21]


def test_an_item_said_twice_is_no_loss_and_one_that_says_more_is() -> None:
    """Where all places of an item are taken and the whole has what it says, there is nothing to report."""
    row, more = {"what": "Tea", "amount": 2}, {"what": "Tea", "amount": 2, "note": "hot"}
    one = extraction(0, {"lines": [row, row, more]}, {"/lines/0/what": 1, "/lines/0/amount": 5})
    refused = [
        Unsupported(path=path, value=value, reason=REPEATED)
        for path, value in json_pointer.leaves(one.data)
        if not path.startswith("/lines/0/")
    ]
    merged = merge([one.model_copy(update={"unsupported": tuple(refused)})], target_of())
    assert merged.data == {"lines": [row]}
    assert [(u.path, u.value) for u in merged.unsupported] == [
        ("/lines/-/what", "Tea"), ("/lines/-/amount", 2), ("/lines/-/note", "hot")
    ]  # fmt: skip


def test_a_declared_key_unites_records_across_pages() -> None:
    """Two halves of one record, told by its key, become one record."""
    a = extraction(0, {"lines": [{"id": "7", "what": "Tea", "amount": None}]}, {"/lines/0/id": 1, "/lines/0/what": 3})
    b = extraction(1, {"lines": [{"id": "7", "what": None, "amount": 2}]}, {"/lines/0/id": 91, "/lines/0/amount": 95})
    assert merge([a, b], target_of("/lines/*/id")).data == {"lines": [{"id": "7", "what": "Tea", "amount": 2}]}


def test_what_was_unsupported_leaves_the_data_and_stays_listed() -> None:
    """A value without evidence is null, an item without any is gone, and both are named."""
    data = {"name": "Gin", "lines": [{"what": "Tea"}, {"what": "Rum"}]}
    one = extraction(0, data, {"/lines/0/what": 1}).model_copy(
        update={
            "unsupported": (
                Unsupported(path="/name", value="Gin", reason="no"),
                Unsupported(path="/lines/1/what", value="Rum", reason="no"),
            )
        }
    )
    merged = merge([one], target_of())
    assert merged.data == {"name": None, "lines": [{"what": "Tea"}]}
    assert [u.path for u in merged.unsupported] == ["/name", "/lines/-/what"]


ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 2)), max_size=12)


@given(rows=ROWS, cut=st.integers(0, 12), overlap=st.integers(0, 4))
def test_windows_do_not_change_the_list(rows: list[tuple[str, int]], cut: int, overlap: int) -> None:
    """However a list is cut into two windows, overlapping or not, the whole is the list; and merging is idempotent."""

    def window(n: int, start: int, end: int) -> Extraction:
        items = [{"what": w, "count": c} for w, c in rows[start:end]]
        starts = {
            f"/lines/{i}/{k}": 10 * (start + i) + j for i in range(len(items)) for j, k in enumerate(("what", "count"))
        }
        return extraction(n, {"lines": items}, starts)

    cut = min(cut, len(rows))
    parts = [window(0, 0, cut), window(1, max(0, cut - overlap), len(rows))]
    whole = [{"what": w, "count": c} for w, c in rows]
    assert merge(parts, target_of()).data.get("lines", []) == whole
    assert merge([*parts, parts[1]], target_of()).data.get("lines", []) == whole


def test_rows_below_one_date_are_not_one_row() -> None:
    """A place that rows share, a heading's date and currency, does not make them the same."""
    at = {"/lines/0/day": 1, "/lines/0/currency": 5}
    rows = [{"day": "2024-01-05", "currency": "EUR", "amount": a} for a in (2, 3)]
    a = extraction(0, {"lines": [rows[0]]}, at | {"/lines/0/amount": 50})
    b = extraction(1, {"lines": [rows[1]]}, at | {"/lines/0/amount": 80})
    assert merge([a, b], target_of()).data == {"lines": rows}


def test_a_row_cut_by_a_border_is_stitched() -> None:
    """The half that one window saw joins the whole that the other saw."""
    a = extraction(0, {"lines": [{"what": "Tea", "amount": None}]}, {"/lines/0/what": 40})
    b = extraction(1, {"lines": [{"what": "Tea", "amount": 2}]}, {"/lines/0/what": 40, "/lines/0/amount": 50})
    assert merge([a, b], target_of()).data == {"lines": [{"what": "Tea", "amount": 2}]}


def test_a_composite_key_needs_all_its_parts_and_place_helps_out() -> None:
    """Equal on every declared key: one; on one of two: two; a key that is missing: the place decides."""
    a = extraction(
        0, {"lines": [{"no": "1", "day": "5", "x": 1}]}, {"/lines/0/no": 1, "/lines/0/day": 2, "/lines/0/x": 3}
    )
    b = extraction(
        1, {"lines": [{"no": "1", "day": "6", "x": 2}]}, {"/lines/0/no": 11, "/lines/0/day": 12, "/lines/0/x": 13}
    )
    c = extraction(
        2, {"lines": [{"no": "1", "day": "5", "y": 9}]}, {"/lines/0/no": 21, "/lines/0/day": 22, "/lines/0/y": 23}
    )
    d = extraction(3, {"lines": [{"no": None, "day": "6", "x": 2}]}, {"/lines/0/day": 12, "/lines/0/x": 13})
    merged = merge([a, b, c, d], target_of("/lines/*/no", "/lines/*/day")).data["lines"]
    assert merged == [{"no": "1", "day": "5", "x": 1, "y": 9}, {"no": "1", "day": "6", "x": 2}]


def test_a_key_of_an_inner_list_is_no_key_of_the_outer_one() -> None:
    """Orders without keys are told by place, their lines by key."""

    def order(chunk: int, line: dict[str, Any], start: int) -> Extraction:
        starts = {"/orders/0/name": 1} | {f"/orders/0/lines/0/{k}": start + i for i, k in enumerate(line)}
        return extraction(chunk, {"orders": [{"name": "A", "lines": [line]}]}, starts)

    parts = [order(0, {"id": "7", "what": "Tea"}, 10), order(1, {"id": "7", "amount": 2}, 50)]
    merged = merge(parts, target_of("/orders/*/lines/*/id"))
    assert merged.data == {"orders": [{"name": "A", "lines": [{"id": "7", "what": "Tea", "amount": 2}]}]}
    assert {e.path for e in merged.evidence} >= {"/orders/0/lines/0/what", "/orders/0/lines/0/amount"}


def test_keys_with_leading_zeros_are_names() -> None:
    """Account 007 is not account 7."""
    a = extraction(0, {"lines": [{"id": "007"}]}, {"/lines/0/id": 1})
    b = extraction(1, {"lines": [{"id": "7"}]}, {"/lines/0/id": 9})
    assert len(merge([a, b], target_of("/lines/*/id")).data["lines"]) == 2


def test_what_is_of_another_kind_does_not_vanish() -> None:
    """A window that gave a text where others gave an object is listed."""
    a = extraction(0, {"party": {"name": "Acme"}}, {"/party/name": 1})
    b = extraction(1, {"party": "Acme Ltd"}, {"/party": 9})
    merged = merge([a, b], target_of())
    assert merged.data == {"party": {"name": "Acme"}}
    assert [(u.path, u.value) for u in merged.unsupported] == [("/party", "Acme Ltd")]


def test_numbers_in_lists_are_told_by_place_and_names_by_name() -> None:
    """Two windows: an equal amount elsewhere is another amount, an equal name is the same name."""
    a = extraction(0, {"amounts": [5, 7], "names": ["Acme"]}, {"/amounts/0": 1, "/amounts/1": 3, "/names/0": 8})
    b = extraction(1, {"amounts": [7, 5], "names": ["ACME"]}, {"/amounts/0": 3, "/amounts/1": 20, "/names/0": 30})
    assert merge([a, b], target_of()).data == {"amounts": [5, 7, 5], "names": ["Acme"]}


def test_a_row_asked_for_again_comes_where_it_stands() -> None:
    """A later question about earlier lines does not change the order of the list."""
    a = extraction(0, {"lines": [{"w": "a"}, {"w": "c"}]}, {"/lines/0/w": 1, "/lines/1/w": 30})
    b = extraction(0, {"lines": [{"w": "b"}]}, {"/lines/0/w": 20})
    merged = merge([a, b], target_of())
    assert [i["w"] for i in merged.data["lines"]] == ["a", "b", "c"]
    assert [(e.path, e.start) for e in merged.evidence] == [("/lines/0/w", 1), ("/lines/1/w", 20), ("/lines/2/w", 30)]


def test_the_last_to_stand_is_the_last() -> None:
    """A value that comes back at the end is the last one, whenever it first appeared."""
    parts = [extraction(i, {"total": v}, {"/total": 10 * i + 1}) for i, v in enumerate([5, 7, 5])]
    assert merge(parts, target_of(), "last").data == {"total": 5}
    assert merge(parts, target_of(), "first").data == {"total": 5}


def test_rule_error_decides_nothing() -> None:
    """Disagreement leaves null and a Conflict that says so."""
    parts = [extraction(i, {"total": v}, {"/total": 10 * i + 1}) for i, v in enumerate([5, 7])]
    merged = merge(parts, target_of(), "error")
    assert merged.data == {"total": None}
    assert [(c.rule, c.chosen, len(c.candidates)) for c in merged.conflicts] == [("error", None, 2)]
    assert not merged.evidence


def test_a_rule_that_waits_for_a_model_says_what_decided() -> None:
    """Until a model decides, the most supported value stands, and the Conflict names that rule."""
    parts = [extraction(i, {"total": v}, {"/total": 10 * i + 1}) for i, v in enumerate([5, 7, 7])]
    merged = merge(parts, target_of(), "model")
    assert merged.data == {"total": 7}
    assert merged.conflicts[0].rule == "most_supported"


def test_a_corrected_value_wins_with_the_passage_that_says_so() -> None:
    """The default rule heeds the text: the winner's evidence stands in the correction, and the Conflict quotes it."""
    text = "Holder: Ada Ito\nFrom: Eva Gallo\nCorrection to page 1: Holder is Eva Gallo, not Ada Ito.\nHolder: Ada Ito"
    builder = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="text")
    for line in text.split("\n"):
        builder.block(line)
    document = builder.build()

    def seen(chunk: int, value: str, start: int) -> Extraction:
        evidence = Evidence(path="/holder", quote=value, start=start, end=start + len(value), chunk=chunk)
        return Extraction(chunk=chunk, data={"holder": value}, evidence=(evidence,))

    parts = [seen(0, "Ada Ito", 8), seen(1, "Eva Gallo", text.index("Eva")), seen(2, "Ada Ito", text.rindex("Ada"))]
    merged = merge(parts, target_of(), documents=[document])
    assert merged.data == {"holder": "Eva Gallo"}
    (conflict,) = merged.conflicts
    assert (conflict.rule, conflict.reason) == ("corrected", "Correction to page 1: Holder is Eva Gallo, not Ada Ito.")
    assert [e.start for e in merged.evidence] == [text.index("is Eva") + 3]
    for rule, value in (("first", "Ada Ito"), ("most_supported", "Ada Ito")):
        known = [document] if rule == "first" else []
        assert merge(parts, target_of(), rule, known).data == {"holder": value}


def test_map_keys_that_are_figures_keep_their_names() -> None:
    """Only an index of a list that is not in the whole becomes a dash."""
    lost = Unsupported(path="/years/2024", value=9, reason="no")
    one = extraction(0, {"years": {"2024": 9, "2025": 3}}, {"/years/2025": 1}).model_copy(
        update={"unsupported": (lost,)}
    )
    merged = merge([one], target_of())
    assert merged.data == {"years": {"2024": None, "2025": 3}}
    assert [u.path for u in merged.unsupported] == ["/years/2024"]


def derived(
    data: dict[str, Any], wanted: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, tuple[str, ...]], list[str]]:
    """Merge one Extraction whose wanted values are unsupported: data, what was derived from what, what is left."""
    leaves = [path for path, _ in json_pointer.leaves(data)]
    one = extraction(0, data, {path: 10 * i for i, path in enumerate(leaves) if path not in wanted})
    lost = tuple(Unsupported(path=p, value=v, reason="no") for p, v in wanted.items())
    merged = merge([one.model_copy(update={"unsupported": lost})], target_of())
    found = {e.path: e.derived_from for e in merged.evidence if e.match == "derived"}
    return merged.data, found, [u.path for u in merged.unsupported]


def test_a_total_that_is_nowhere_printed_follows_from_its_lines() -> None:
    """A sum of a whole located column and a product of quantity and price are derived, and name their sources."""
    lines = [{"quantity": 3, "price": "1.50", "amount": "4.50"}, {"quantity": 1, "price": "2.25", "amount": "2.25"}]
    data = {"total": "6.75", "lines": lines}
    whole, found, left = derived(data, {"/total": "6.75"})
    assert (whole, left) == (data, [])
    assert found == {"/total": ("/lines/0/amount", "/lines/1/amount")}
    whole, found, left = derived(data, {"/lines/0/amount": "4.50"})
    assert (whole["lines"][0]["amount"], left) == ("4.50", [])
    assert found == {"/lines/0/amount": ("/lines/0/quantity", "/lines/0/price")}


def test_what_does_not_follow_exactly_stays_unsupported() -> None:
    """A wrong sum, a sum of something unlocated, a field whose name claims no sum."""
    lines = [{"amount": "4.50"}, {"amount": "2.25"}]
    assert derived({"total": "6.76", "lines": lines}, {"/total": "6.76"})[2] == ["/total"]
    assert derived({"total": "6.75", "lines": lines}, {"/total": "6.75", "/lines/0/amount": "4.50"})[1] == {}
    assert derived({"number": "6.75", "lines": lines}, {"/number": "6.75"})[2] == ["/number"]
