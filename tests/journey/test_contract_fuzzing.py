"""The whole OpenAPI under requests made from it, for a bounded time; `python -m bench.fuzz` goes on for longer."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings

from bench.fuzz import furnished, fuzz
from tests.journey.serving import make_key, served
from tests.simulation.fuzz_values import SCHEMAS
from thresher.schemas.errors import InputProblem
from thresher.service.server.api.target_schema import schema_target


@pytest.mark.slow
def test_no_request_of_the_openapi_gives_a_fault(tmp_path: Path) -> None:
    """Good requests and bad, on every operation, under four keys: no 5xx, no answer against its own schema, no leak."""
    keys = [make_key(tmp_path / "data", name) for name in ("owner", "other")]
    with served(tmp_path, "--private-webhooks", "--host", "0.0.0.0") as running:
        house = furnished(running.url, *keys)
        seen = fuzz(house, seconds=15.0)
        assert '"http.fault"' not in running.log.read_text()
    assert seen.faults == {}
    assert {label for label, _ in seen.statuses} == {
        f"{m.upper()} {p}" for p, ms in house.contract["paths"].items() for m in ms
    }
    assert seen.requests > 100


@given(SCHEMAS)
@settings(max_examples=100)
def test_what_is_almost_a_schema_is_a_target_or_a_problem(schema: object) -> None:
    """Nothing that is sent as a target makes a fault of ours."""
    with suppress(InputProblem):
        schema_target(json.dumps(schema))
