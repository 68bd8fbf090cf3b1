"""Merging is by provenance: the same place once, equal looks at two places twice, disagreement as a Conflict."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.extraction import Evidence, Extraction, Unsupported
from schemas.target import Field, Target, Validation
from service import pointers
from service.merge.tree import merge


def target_of(*keys: str) -> Target:
    """A target of which only the declared keys matter here."""
    fields = tuple(Field(path=k, kind="text", schema={"key": True}) for k in keys)
    return Target(name="T", schema={}, validate=lambda data: Validation(data=data), fields=fields)


def extraction(chunk: int, data: dict[str, Any], starts: dict[str, int]) -> Extraction:
    """An Extraction whose leaves stand at the given offsets."""
    evidence = tuple(
        Evidence(path=path, quote=str(value), start=starts[path], end=starts[path] + 1, chunk=chunk)
        for path, value in pointers.leaves(data)
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


@settings(max_examples=30)
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
