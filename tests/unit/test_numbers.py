"""Numbers keep their digits from an answer to the JSON of the Result and back."""

from __future__ import annotations

import copy
import json
import pickle
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.extraction import Unsupported
from thresher.schemas.numbers import Number, number_of, read_json
from thresher.schemas.result import AnyResult, Result, TargetFacts
from thresher.schemas.source import SourceFacts
from thresher.service.results.printed_decimals import with_digits

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20)
TREES = st.recursive(
    st.none() | st.booleans() | st.text() | DECIMALS.map(number_of),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def result(values: Any) -> Result[Any]:
    """A Result that holds these values."""
    facts = SourceFacts(path="a", sha256="", media_type="text/plain")
    target = TargetFacts(name="t", fingerprint="")
    gone = [Unsupported(path="/a", value=values, reason="")]
    return AnyResult(source=facts, target=target, status="partial", values={"tree": values}, unsupported=gone)


def exact(text: str) -> Any:
    """A JSON text with every number as the Decimal it writes."""
    return json.loads(text, parse_float=Decimal)


@given(TREES)
def test_a_result_writes_and_reads_the_same_digits(tree: Any) -> None:
    """Whatever numbers and texts a tree holds, its JSON holds their digits, and reading it gives the same JSON."""
    text = result(tree).model_dump_json()
    assert AnyResult.model_validate_json(text).model_dump_json() == text
    told = exact(text)
    assert told["data"]["tree"] == told["unsupported"][0]["value"] == decimals(tree)


def decimals(tree: Any) -> Any:
    """The tree with Decimals for Numbers."""
    if isinstance(tree, dict):
        return {k: decimals(v) for k, v in tree.items()}
    if isinstance(tree, list):
        return [decimals(v) for v in tree]
    return tree.decimal if isinstance(tree, Number) else tree


@given(DECIMALS)
def test_a_number_is_its_digits(value: Decimal) -> None:
    """It crosses copies and pickles, and gives its exact value to whoever asks by Decimal(str())."""
    number = number_of(value)
    for same in (copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert (same.text, same) == (number.text, number)
    assert Decimal(str(number)) == value
    assert str(read_json(f"[{number.text}]")[0]) == number.text


def test_digits_only_where_the_value_is_the_same() -> None:
    """What a target changed stays changed."""
    had = {"a": Number("42.00"), "b": Number("1.50")}
    assert str(with_digits({"a": 42.0, "b": 2.0}, had)) == "{'a': 42.00, 'b': 2.0}"


def test_an_earlier_form_is_lifted() -> None:
    """A file of 0.1.0: its draft is data, its findings are reasons, its stages are the first."""
    old = {
        "thresher": "0.1.0",
        "source": {"path": "a", "sha256": "", "media_type": "text/plain"},
        "target": {"name": "t", "fingerprint": ""},
        "status": "partial",
        "data": None,
        "draft": {"total": 42.0, "due": None},
        "errors": [{"path": "/due", "message": "is missing"}],
        "evidence": [{"path": "/total", "quote": "42", "start": 0, "end": 2, "confidence": 0.5}],
        "unresolved": [{"chunk": 1, "reason": "model_unavailable: gone", "attempts": 1}],
    }
    lifted = AnyResult.model_validate_json(json.dumps(old))
    assert (lifted.values, lifted.valid, lifted.thresher) == ({"total": 42.0, "due": None}, False, "0.1.0")
    assert [(r.code, r.path) for r in lifted.reasons] == [("absent", "/due"), ("unresolved", "")]
    assert set(lifted.stages.values()) == {1}
    assert lifted.evidence[0].ocr_confidence == 0.5
    assert "draft" not in json.loads(lifted.model_dump_json())


def test_a_short_text_is_no_number_of_a_million_digits() -> None:
    """Written out, 1e-999999999 fills the memory; no float can hold it, and it is read as the float that it is."""
    for text in ("1e-999999999", "0e999999999", "0.1e-5000"):
        assert (type(read_json(text)), read_json(text)) == (float, 0.0)
    assert read_json("1.50e-12").text == "1.50e-12"
