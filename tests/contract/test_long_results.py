"""A long Result is read in another process, with the same outcome; what only needs its head does not read the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from thresher.schemas.errors import InputProblem
from thresher.schemas.extraction import Evidence
from thresher.schemas.numbers import Number
from thresher.schemas.result import AnyResult, Reason, Result, TargetFacts
from thresher.schemas.review import CorrectionRequest
from thresher.schemas.source import SourceFacts
from thresher.service.pages.page_pictures import PageViews
from thresher.service.readers.pool import ReaderPool
from thresher.service.reviews import stored_result
from thresher.service.reviews.base import ResultPlace
from thresher.service.reviews.document_view import document_view
from thresher.service.reviews.passages import quote_at
from thresher.service.reviews.review_service import _facts_of_whole, _judged
from thresher.service.reviews.stored_result import HEAD_CHARS, Reviewed, StoredResult, head_of
from thresher.service.targets.loading import load_target

ROW = {"type": "object", "properties": {"ref": {"type": "string"}, "amount": {"type": "number"}}}
TARGET = load_target({"title": "Rows", "type": "object", "properties": {"rows": {"type": "array", "items": ROW}}})
PLACE = ResultPlace(tenant="t", collection="c", key="0.0", number=0)


def result(rows: int, doubts: int = 1) -> Result[object]:
    """A Result with a list, and some doubts."""
    return AnyResult(
        source=SourceFacts(path="list é.csv", sha256="0" * 64, media_type="text/csv"),
        target=TargetFacts(name=TARGET.name, fingerprint=TARGET.fingerprint),
        status="partial",
        reasons=[Reason(code="absent", path=f"/rows/{n}/ref", message="é" * 200) for n in range(doubts)],
        values={"rows": [{"ref": f"R{n}", "amount": Number("42.00")} for n in range(rows)]},
        evidence=[Evidence(path=f"/rows/{n}/ref", quote=f"R{n}", start=9 * n, end=9 * n + 2) for n in range(rows)],
    )


@pytest.mark.parametrize("made", [result(3), result(5_000), result(3, doubts=2_000)])
def test_the_head_is_read_without_the_rest(made: Result[object]) -> None:
    """The head of a short Result, of one with long data, and one that is itself longer than the first part that is read."""
    body = made.model_dump_json()
    head = StoredResult(body).head()
    assert (head.source, head.status, head.reasons, head.target) == (
        made.source,
        made.status,
        made.reasons,
        made.target,
    )
    assert head_of(body).keys() & {"data", "evidence"} == set()
    if len(body) > HEAD_CHARS and len(made.reasons) == 1:
        assert head_of(f"{body[:HEAD_CHARS]} and no JSON")["status"] == "partial", "nothing behind it is looked at"


@pytest.mark.parametrize("body", ["[]", "7", '{"a": 1}', "{", ""])
def test_what_is_no_result_has_no_head(body: str) -> None:
    """A file of another kind is told as wrong."""
    with pytest.raises((ValueError, TypeError)):
        StoredResult(body).head()


async def test_a_long_result_gives_the_same_in_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """View, correction, decision and quote; a Problem crosses the line, and no copy of the Result stays behind."""
    one = Reviewed(StoredResult(result(40).model_dump_json()), [], TARGET)
    edit = CorrectionRequest(path="/rows/3/amount", action="edit", value="1.234,50", head="")
    works: list[tuple[Any, ...]] = [
        (document_view, PLACE, None, (0, 500)),
        (_judged, edit),
        (_facts_of_whole,),
        (quote_at, "", (27, 29)),
    ]
    async with ReaderPool(tmp_path / "spool", workers=1) as pool:
        views = PageViews(pool, tmp_path / "files")
        here = [await one.do(views, *work) for work in works]
        monkeypatch.setattr(stored_result, "LONG_RESULT_CHARS", 0)
        apart = [await one.do(views, *work) for work in works]
        assert apart == here
        assert apart[0].model_dump_json() == here[0].model_dump_json()
        assert json.loads(apart[0].model_dump_json())["fields"][3]["shown"] == "42.00"
        with pytest.raises(InputProblem) as problem:
            await one.do(views, _judged, edit.model_copy(update={"value": "much"}))
    assert problem.value.code == "value_not_understood"
    assert list((tmp_path / "files").iterdir()) == []
