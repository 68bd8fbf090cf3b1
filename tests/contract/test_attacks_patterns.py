"""Attacks by schemas: patterns that backtrack, and schemas that are dear to judge. Each ends within seconds."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.errors import InputProblem
from thresher.service.server.api.target_schema import schema_target
from thresher.service.targets import validators
from thresher.service.targets.loading import target_from_model, target_from_schema

TEXT = "a" * 20_000 + "!"
SECONDS = 5.0  # of CPU, on a busy machine
BACKTRACKING = ["^(a|a){1,64}$", "^" + "a*" * 100 + "$", "^.*.*.*x$", "^(a+)+$", "^(a|aa)+$"]


def of(leaf: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A schema with one field."""
    return {"type": "object", "properties": {"a": leaf}, **more}


def spent(begun: float) -> float:
    """Seconds of CPU since."""
    return time.process_time() - begun


@pytest.mark.parametrize("pattern", BACKTRACKING)
def test_a_pattern_that_backtracks_is_judged_in_linear_time(pattern: str) -> None:
    """Taken by the service, and matched at once against a text on which backtracking would not end."""
    begun = time.process_time()
    target = target_from_schema(schema_target(json.dumps(of({"type": "string", "pattern": pattern}))).json_schema)
    assert target.validate({"a": TEXT}).errors[0].path == "/a"
    assert spent(begun) < SECONDS


@pytest.mark.parametrize("pattern", BACKTRACKING)
def test_patterns_of_keys_are_judged_in_linear_time(pattern: str) -> None:
    """Keys come from a model's answer, and so from the document: as patternProperties and beside additionalProperties."""
    begun = time.process_time()
    schema = of({"type": "string"}, patternProperties={pattern: {"type": "integer"}}, additionalProperties=False)
    target = target_from_schema(schema_target(json.dumps(schema)).json_schema)
    assert target.validate({"a": "x", TEXT: 1}).errors
    assert spent(begun) < SECONDS


@pytest.mark.parametrize("pattern", ["((a{0,64}){0,64}){0,64}", r"^(?!0)\d+$", r"(a)\1", "(", "a" * 600])
def test_a_pattern_that_is_not_taken_is_refused_by_name(pattern: str) -> None:
    """The message names the field and the pattern."""
    with pytest.raises(InputProblem) as refused:
        schema_target(json.dumps(of({"type": "string", "pattern": pattern})))
    assert refused.value.code == "target_invalid"
    assert "/properties/a" in refused.value.message
    assert pattern[:60] in refused.value.message.replace("\\\\", "\\")


def test_a_decimal_of_pydantic_is_taken() -> None:
    """Schemas that pydantic wrote before 2.14 look ahead in every Decimal."""
    decimal = r"^(?!^[-+.]*$)[+-]?0*(?:\d{0,8}|(?=[\d.]{1,11}0*$)\d{0,8}\.\d{0,2}0*$)"
    asked = schema_target(json.dumps(of({"anyOf": [{"type": "number"}, {"type": "string", "pattern": decimal}]})))
    assert not target_from_schema(asked.json_schema).validate({"a": "42.00"}).errors


@pytest.mark.parametrize(
    "leaf",
    [{"type": "array", "prefixItems": [{"type": "integer"}] * 5000}, {"type": "string", "enum": [str(n) for n in range(15_000)]}],
)  # fmt: skip
def test_a_wide_schema_is_cheap(leaf: dict[str, Any]) -> None:
    """Within a few seconds of CPU."""
    begun = time.process_time()
    schema_target(json.dumps(of(leaf)))
    assert spent(begun) < SECONDS


def test_four_thousand_fields_are_cheap() -> None:
    """Within a few seconds of CPU."""
    begun = time.process_time()
    fields = {f"f{n}": {"type": ["string", "null"]} for n in range(4000)}
    schema_target(json.dumps({"type": "object", "properties": fields}))
    assert spent(begun) < SECONDS


def test_unique_objects_are_judged_in_linear_time() -> None:
    """Twenty thousand objects are not compared two by two; true is not one, and 1 is 1.0."""
    target = target_from_schema(of({"type": "array", "items": {}, "uniqueItems": True}))
    begun = time.process_time()
    assert not target.validate({"a": [{"n": n} for n in range(20_000)]}).errors
    assert spent(begun) < SECONDS
    assert not target.validate({"a": [{"n": 1}, {"n": True}]}).errors
    assert target.validate({"a": [{"n": 1}, {"n": 1.0}]}).errors


class Own(BaseModel):
    """A user's own class, with Python's patterns."""

    model_config = ConfigDict(regex_engine="python-re")

    a: Annotated[str, Field(pattern=r"^(a|a)+$")]


def test_a_model_of_ones_own_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's patterns are kept; one that goes on for ever ends with a reason."""
    monkeypatch.setattr(validators, "VALIDATION_TIMEOUT_SECONDS", 0.5)
    target = target_from_model(Own)
    assert not target.validate({"a": "aaa"}).errors
    assert "longer than" in target.validate({"a": TEXT}).errors[0].message


def test_a_schema_of_ones_own_may_look_ahead() -> None:
    """Beyond the service a pattern that looks ahead is matched as before, for a second at most."""
    target = target_from_schema(of({"type": "string", "pattern": r"^(?!0)\w+$"}))
    assert not target.validate({"a": "Müller"}).errors
    assert target.validate({"a": "07"}).errors
    slow = target_from_schema(of({"type": "string", "pattern": r"(?=a)(a+)+\1$"}))
    assert "too long" in slow.validate({"a": TEXT}).errors[0].message
