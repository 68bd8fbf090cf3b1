"""What holds of every merge: twice is once, the order of arrival is nothing, and what has evidence is not lost."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.target import Field, Target, Validation
from thresher.service.merging.tree import merge

Row = tuple[str, int]
NAMES = st.sampled_from(("ann", "ben"))
ROWS = st.lists(st.tuples(NAMES, st.integers(1, 2)), max_size=10)
NESTED = st.lists(st.tuples(NAMES, st.lists(st.integers(1, 3), max_size=4)), max_size=5)
STEP = 100  # code points between records


def target_of(*keys: str) -> Target:
    """A target of which only the declared keys matter here."""
    fields = tuple(Field(path=k, kind="text", schema={"key": True}) for k in keys)
    return Target(name="T", schema={}, validate=lambda data: Validation(data=data), fields=fields)


def extraction(chunk: int, data: dict[str, Any], starts: dict[str, int]) -> Extraction:
    """An Extraction whose leaves stand at the given offsets."""
    evidence = tuple(
        Evidence(path=path, quote=str(value), start=starts[path], end=starts[path] + 1, chunk=chunk)
        for path, value in json_pointer.leaves(data)
    )
    return Extraction(chunk=chunk, data=data, evidence=evidence)


def window(n: int, rows: list[Row], start: int, end: int) -> Extraction:
    """What a window of flat records gave, and a fact beside them."""
    items = [{"what": w, "count": c} for w, c in rows[start:end]]
    places = {f"/lines/{i}/{k}": STEP * (start + i) + j for i in range(len(items)) for j, k in enumerate(items[i])}
    return extraction(n, {"holder": "Acme", "lines": items}, {"/holder": 10**6, **places})


def windows(rows: list[Row], cuts: list[int], overlap: int) -> list[Extraction]:
    """Windows over all records, each with the last few of the one before."""
    edges = sorted({0, len(rows), *(min(c, len(rows)) for c in cuts)})
    return [window(n, rows, max(0, a - overlap), b) for n, (a, b) in enumerate(pairwise(edges))]


@given(rows=ROWS, cuts=st.lists(st.integers(0, 10), max_size=3), overlap=st.integers(0, 3), seed=st.integers(0, 99))
def test_twice_is_once_in_any_order_and_nothing_is_lost(
    rows: list[Row], cuts: list[int], overlap: int, seed: int
) -> None:
    """Answers given once more, or in another order, change nothing; equal-looking records at different places stay."""
    answers = windows(rows, cuts, overlap)
    whole = [{"what": w, "count": c} for w, c in rows]
    once = merge(answers, target_of())
    assert once.data.get("lines", []) == whole
    assert merge([*answers, *answers], target_of()).data == once.data
    mixed = Random(seed).sample([*answers, *answers[:1]], len(answers) + bool(answers))
    assert merge(mixed, target_of()).data == once.data
    assert once.unsupported == []
    shown = {(e.path, e.start) for e in once.evidence}
    assert all((f"/lines/{i}/{k}", STEP * i + j) in shown for i in range(len(rows)) for j, k in enumerate(whole[i]))


@given(rows=NESTED, cut=st.integers(0, 20), seed=st.integers(0, 99))
def test_an_order_cut_by_a_border_is_one_order(rows: list[tuple[str, list[int]]], cut: int, seed: int) -> None:
    """However the lines of two windows fall, each outer record keeps its own and their order."""
    flat = [(i, j) for i, (_, inner) in enumerate(rows) for j in range(-1, len(inner))]
    parts = [flat[:cut], flat[cut:]]
    answers = [nested(n, rows, part) for n, part in enumerate(parts) if part]
    whole = [{"who": who, "lines": [{"count": c} for c in inner]} for who, inner in rows]
    for order in (answers, [*answers, *answers], Random(seed).sample(answers, len(answers))):
        found = merge(sorted(order, key=lambda x: x.chunk), target_of()).data.get("orders", [])
        assert [{**o, "lines": o.get("lines") or []} for o in found] == whole


def nested(n: int, rows: list[tuple[str, list[int]]], part: list[tuple[int, int]]) -> Extraction:
    """What a window over heads (-1) and lines gave; lines above its first head are of an order that it can not name."""
    orders: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for i, j in part:
        if j < 0 or not orders:
            orders.append({"who": rows[i][0] if j < 0 else None, "lines": []})
        if j < 0:
            places[f"/orders/{len(orders) - 1}/who"] = STEP * STEP * i
        else:
            places[f"/orders/{len(orders) - 1}/lines/{len(orders[-1]['lines'])}/count"] = STEP * STEP * i + STEP * (
                j + 1
            )
            orders[-1]["lines"].append({"count": rows[i][1][j]})
    return extraction(n, {"orders": orders}, places)


@given(rows=st.lists(st.tuples(NAMES, st.integers(1, 3), st.integers(0, 9)), max_size=10), cut=st.integers(0, 10))
def test_composite_keys_unite_over_pages(rows: list[tuple[str, int, int]], cut: int) -> None:
    """Records with both keys alike are one, wherever they stand; no count of another pair is lost."""
    target = target_of("/lines/*/what", "/lines/*/number")

    def answer(n: int, start: int, end: int) -> Extraction:
        items = [{"what": w, "number": k, "count": c} for w, k, c in rows[start:end]]
        places = {f"/lines/{i}/{k}": STEP * (start + i) + j for i, x in enumerate(items) for j, k in enumerate(x)}
        return extraction(n, {"lines": items}, places)

    merged = merge([answer(0, 0, min(cut, len(rows))), answer(1, min(cut, len(rows)), len(rows))], target)
    found = [(x["what"], x["number"]) for x in merged.data.get("lines") or []]
    assert Counter(found) == Counter({(w, k): 1 for w, k, _ in rows})
    counts = {(w, k): {c for a, b, c in rows if (a, b) == (w, k)} for w, k, _ in rows}
    for item in merged.data.get("lines") or []:
        assert item["count"] in counts[(item["what"], item["number"])]
    assert {c.path for c in merged.conflicts} == {
        f"/lines/{i}/count" for i, pair in enumerate(found) if len(counts[pair]) > 1
    }
