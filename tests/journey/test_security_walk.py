"""Every route under keys that may not: made from the application's own table, so that a new route can not be forgotten."""

from __future__ import annotations

import ast
import inspect
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tests.journey.serving import TARGET, Served, make_key, order, served
from thresher.schemas.errors import InputProblem
from thresher.service.server.api.app import api
from thresher.service.server.api.app_state import AppState
from thresher.service.server.api.target_schema import MAX_VALUES, schema_target
from thresher.service.server.pages import page_routes
from thresher.service.targets.loading import load_target
from thresher.service.tenants import api_keys

PAGES = {route.path for route in page_routes.routes.routes if isinstance(route, APIRoute)}  # without any data
OPEN = {"/healthz", "/readyz", "/openapi.json", *PAGES}  # what anybody may ask
LOGIN = {("POST", "/v1/session"), ("DELETE", "/v1/session")}  # the key is in the body; leaving is free
OWN = {  # one's own, whoever asks: nothing of another is in it
    ("GET", "/v1/extractions"),
    ("POST", "/v1/extractions"),
    ("GET", "/v1/targets"),
    ("PUT", "/v1/targets/{name}"),
    ("GET", "/v1/webhooks/secret"),
    ("GET", "/v1/schemas/result"),
    ("GET", "/v1/budgets"),
    ("GET", "/v1/quota"),
    ("GET", "/v1/session"),
    ("GET", "/v1/matters"),
    ("POST", "/v1/matters"),
    *LOGIN,
}
METHODS = ["HEAD", "GET", "POST", "PUT", "DELETE"]  # in an order in which nothing is gone before it is asked for


def table(routes: list[BaseRoute]) -> list[tuple[str, str]]:
    """(method, path) of every route."""
    found: list[tuple[str, str]] = []
    for route in routes:
        inner = getattr(route, "original_router", route)  # FastAPI's included routers, and mounts
        found += table(getattr(inner, "routes", []))
        path = getattr(route, "path", None)
        found += [(method, path) for method in getattr(route, "methods", None) or () if path]
    return sorted(set(found), key=lambda r: (METHODS.index(r[0]), r[1]))


APPLICATION = api(cast("AppState", None))
ROUTES = table(APPLICATION.routes)
SHOWN = {(m.upper(), p) for p, methods in APPLICATION.openapi()["paths"].items() for m in methods}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str], str]]:
    """A service that needs a key, an owner's job and target in it, and keys of all kinds."""
    folder = tmp_path_factory.mktemp("walk")
    made = {name: make_key(folder / "data", name) for name in ("orchid", "bolt")}
    made["expired"] = make_key(folder / "data", "orchid", "--days", 0.00001)
    with served(folder, "--private-webhooks", "--host", "0.0.0.0") as running, running.client(made["orchid"]) as owner:
        sent = owner.post("/v1/extractions", files={"file": ("41.txt", order(41))}, data={"target": TARGET})
        job = sent.json()["id"]
        assert owner.get(f"/v1/extractions/{job}/result", params={"wait": 100}).status_code == 200
        owner.put("/v1/targets/secret-order", content=TARGET, headers={"content-type": "application/json"})
        made["matter"] = owner.post("/v1/matters", json={"name": "PO-41", "timezone": "UTC"}).json()["id"]
        yield running, made, job


def asked(job: str, path: str, matter: str) -> tuple[str, dict[str, str]]:
    """A route's address and query, with the owner's ids in them."""
    address = path.replace("{matter}", matter).replace("reports/{name}", "reports/reconciliation.json")
    address = address.replace("files/{name}", "files/overlay.dat")
    address = address.replace("{id}", job).replace("{name}", "secret-order").replace("{group}", "model")
    address = address.replace("{collection}", job).replace("{number}", "0").replace("{page}", "1")
    assert "{" not in address, f"{path}: a new kind of id; say here what the owner has of it"
    if path.endswith("/text"):
        return address, {"start": "0", "end": "1"}
    return address, {"extraction": job} if path.startswith("/v1/calls") else {}


BODIES: dict[str, dict[str, Any]] = {  # by a route's end
    "corrections": {"path": "/number", "action": "accept"},
    "decision": {"state": "accepted"},
    "imports": {"paths": ["/srv/mail"], "custodian": "A"},
    "exports": {"form": "csv"},
    "actions": {"action": "verify"},
    "extractions": {"targets": ["mail"]},
}


def test_the_table_holds_what_is_shown_and_more() -> None:
    """No route is left out of the walk."""
    assert set(ROUTES) >= SHOWN
    assert len(ROUTES) >= 16


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_tenant_finds_nothing(house: tuple[Served, dict[str, str], str], method: str, path: str) -> None:
    """With the owner's ids: 404, or one's own, in which nothing of the owner stands."""
    running, made, job = house
    address, query = asked(job, path, made["matter"])
    with running.client(made["bolt"]) as other, running.client(made["orchid"]) as owner:
        strange = other.request(method, address, params=query, json=BODIES.get(path.rsplit("/", 1)[-1]))
        assert "PO-41" not in strange.text
        assert "orchid" not in strange.text.lower()
        if path == "/metrics" or path.startswith("/v1/keys"):
            assert strange.status_code == 403, strange.text
        elif path not in OPEN and (method, path) not in OWN:
            assert strange.status_code == 404, strange.text
        assert job in f"{address}{query}" or job not in strange.text
        assert owner.get(f"/v1/extractions/{job}").json()["state"] == "finished"
        kept = owner.get("/v1/targets/secret-order").json()["json_schema"]
        assert kept["properties"] == json.loads(TARGET)["properties"]
        secrets = [c.get("/v1/webhooks/secret").json()["secret"] for c in (owner, other)]
        assert secrets[0] != secrets[1]


@pytest.mark.parametrize(("method", "path"), [r for r in ROUTES if r[1] not in OPEN and r not in LOGIN])
def test_a_key_that_is_none_opens_nothing(house: tuple[Served, dict[str, str], str], method: str, path: str) -> None:
    """None, expired, of another service, nearly right, in the wrong place: 401, and never a word on which of them."""
    running, made, job = house
    address, query = asked(job, path, made["matter"])
    key = made["orchid"]
    foreign = api_keys.new_key("orchid", 0.0)[0]
    wrong = ["", f"Bearer {made['expired']}", f"Bearer {foreign}", f"Bearer {key[:-2]}", f"Bearer {key.upper()}"]
    wrong += [f"Basic {key}", "Bearer", f"Bearer {key[:16]}_{foreign[17:]}", f"Bearer {key} {key}"]
    said = set()
    with running.client() as nobody:
        for header in wrong:
            headers = {"Authorization": header} if header else {}
            answer = nobody.request(method, address, params=query, headers=headers)
            assert answer.status_code == 401, (header[:12], answer.text)
            said.add(answer.text)
        answer = nobody.request(method, address, params={**query, "key": key, "api_key": key})
        assert answer.status_code == 401
    assert len(said) == 1


def test_keys_are_compared_in_constant_time() -> None:
    """Digests meet in hmac.compare_digest alone, also where there is no such key."""
    tree = ast.parse(inspect.getsource(api_keys.is_usable_key))
    compared = [n for n in ast.walk(tree) if isinstance(n, ast.Compare) and "digest" in ast.unparse(n)]
    called = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "hmac.compare_digest"]
    assert (compared, len(called)) == ([], 1)
    assert "DUMMY_DIGEST" in inspect.getsource(api_keys.is_usable_key)


def doubling(word: str, depth: int = 40) -> dict[str, Any]:
    """A schema of a few kilobytes that takes two to the power of `depth` steps."""
    inner = {f"d{i}": {word: [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(depth)}
    return {**INNER, "$ref": "#/$defs/d0", "$defs": {**inner, f"d{depth}": INNER}}


INNER: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
FIELDS = {
    f"d{i}": {"type": "object", "properties": {k: {"$ref": f"#/$defs/d{i + 1}"} for k in "lr"}} for i in range(40)
}
BOMBS: dict[str, Any] = {
    "allOf": doubling("allOf"),
    "anyOf": doubling("anyOf"),
    "oneOf": doubling("oneOf"),
    "if": {
        **INNER,
        "$ref": "#/$defs/d0",
        "$defs": {f"d{i}": {word: {"$ref": f"#/$defs/d{i + 1}"} for word in ("if", "then", "else")} for i in range(40)},
    },
    "fields": {**INNER, "properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": {**FIELDS, "d40": {"type": "string"}}},
    "allOf of itself": {"type": "object", "properties": {"a": {"allOf": [{"$ref": "#/properties/a"}]}}},
    "long chain": {
        **INNER,
        "properties": {"x": {"$ref": "#/$defs/d0"}},
        "$defs": {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(3000)},
    },
    "huge enum": {"type": "object", "properties": {"a": {"enum": list(range(MAX_VALUES + 1))}}},
    "pattern": {"type": "object", "properties": {"a": {"type": "string", "pattern": "((a{0,64}){0,64}){0,64}"}}},
    "pattern that looks back": {"type": "object", "properties": {"a": {"type": "string", "pattern": r"^(a|aa)\1$"}}},
    "pattern of a key": {**INNER, "patternProperties": {"^(?=x)$": {"type": "string"}}},
    "file": {"$ref": "file:///etc/passwd"},
    "address": {**INNER, "properties": {"a": {"$ref": "http://169.254.169.254/latest"}}},
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_schema_bomb_is_refused_at_once(name: str) -> None:
    """A clear problem within a second or two of CPU, whatever references, choices and patterns multiply to."""
    begun = time.process_time()
    with pytest.raises(InputProblem) as caught:
        schema_target(json.dumps(BOMBS[name]))
    assert caught.value.code == "target_invalid"
    assert time.process_time() - begun < 5


def test_a_judgement_comes_to_an_end() -> None:
    """A bomb in a target of the operator's own, which nobody bounds, does not stop the worker either."""
    target = load_target(doubling("allOf"))
    begun = time.process_time()
    judged = target.validate({"a": "x"})
    assert "too many steps" in judged.errors[0].message
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "spec", ["bench/mine.py:Model", "/etc/x.py:A", "os:environ", "schema.json", "targets.toml", "../a.py:B"]
)
def test_no_file_or_module_can_be_named(house: tuple[Served, dict[str, str], str], tmp_path: Path, spec: str) -> None:
    """What the command line would load is only an unknown name over HTTP."""
    running, made, _ = house
    (tmp_path / "ran").unlink(missing_ok=True)
    with running.client(made["orchid"]) as client:
        answer = client.post("/v1/extractions", files={"file": ("a.txt", b"x")}, data={"target": spec})
    assert (answer.status_code, answer.json()["code"]) == (422, "target_invalid")
