"""The OpenAPI: every route has examples, and every example is what it stands for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from threading import get_ident
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient
from jsonschema import Draft202012Validator

from thresher.schemas.errors import CODES
from thresher.service.server.api.app import api
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.openapi import TypedApi

CONTRACT: dict[str, Any] = api(cast("AppState", None)).openapi()
ROUTES = [(path, method) for path, methods in CONTRACT["paths"].items() for method in methods]


def operation(path: str, method: str) -> dict[str, Any]:
    """An operation of the contract."""
    return cast("dict[str, Any]", CONTRACT["paths"][path][method])


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, by its reference where it is one."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return cast("dict[str, Any]", CONTRACT["components"]["schemas"][name]) if name else schema


def examples(held: dict[str, Any]) -> list[Any]:
    """Examples of a parameter, a body or an answer: its own, else those of its schema."""
    schema = resolved(held.get("schema", {}))
    own = [held["example"]] if "example" in held else list(held.get("examples", ()))
    return own or list(schema.get("examples", ())) or [x for x in (schema.get("default"),) if x is not None]


def places(path: str, method: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything of an operation that has a schema: parameters, bodies, answers that are no error."""
    asked = operation(path, method)
    for parameter in asked.get("parameters", ()):
        if parameter.get("required"):
            yield parameter["name"], parameter
    yield from asked.get("requestBody", {}).get("content", {}).items()
    for status, answer in asked["responses"].items():
        for kind, held in answer.get("content", {}).items():
            yield f"{status} {kind}", held


@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_every_route_has_examples_that_validate(path: str, method: str) -> None:
    """Whatever a route takes and gives has an example, which its own schema allows."""
    for name, held in places(path, method):
        found = examples(held)
        assert found, f"{name} has no example"
        schema = {"$ref": "#/$defs/it", "$defs": {"it": held.get("schema", {})}, "components": CONTRACT["components"]}
        for example in found:
            faults = [error.message for error in Draft202012Validator(schema).iter_errors(example)]
            assert faults == [], f"{name}: {faults}"


@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_every_problem_is_told_as_one(path: str, method: str) -> None:
    """A client made from the contract looks for the media type that Problems have."""
    answers = operation(path, method)["responses"]
    kinds = {status: set(answers[status]["content"]) for status in answers if status.endswith("XX")}
    assert all(found == {"application/problem+json"} for found in kinds.values()), kinds


def test_every_operation_has_a_name_of_its_own() -> None:
    """A generated client calls its functions by these names, so no path and no method is in them."""
    names = [operation(path, method)["operationId"] for path, method in ROUTES]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name) or "_v1" in name] == []


def test_results_and_problems_are_typed() -> None:
    """A Result has its plain name, and the code of a Problem and of a Note is one of the known ones, or a newer one."""
    schemas = CONTRACT["components"]["schemas"]
    assert schemas["ExtractionResult"]["properties"]["results"]["items"] == {"$ref": "#/components/schemas/Result"}
    assert set(schemas["ProblemCode"]["enum"]) == set(CODES)
    for name in ("ProblemBody", "Note"):
        assert {"$ref": "#/components/schemas/ProblemCode"} in schemas[name]["properties"]["code"]["anyOf"]
    assert [name for name in schemas if not name.isidentifier() or name.endswith("_")] == []


async def test_the_document_is_made_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first who asks makes nobody wait for it: it takes half a second. Two who ask at once have it made once."""
    threads = list[int]()

    def made(_: TypedApi) -> dict[str, Any]:
        threads.append(get_ident())
        return CONTRACT

    monkeypatch.setattr(TypedApi, "openapi", made)
    transport = ASGITransport(api(cast("AppState", None)))
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        answers = await asyncio.gather(*(client.get("/openapi.json") for _ in range(2)))
    assert [answer.json() == CONTRACT for answer in answers] == [True, True]
    assert len(threads) == 1
    assert threads != [get_ident()]
